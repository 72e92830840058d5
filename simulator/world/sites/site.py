"""Simulate one energy site."""

from datetime import datetime
from typing import Any


class Site:
    """Answer for one energy site at the clock's present moment."""

    id: int  # Tesla's energy_site_id
    name: str
    owner_email: str

    def product(self) -> dict[str, Any]:
        """Return the site's entry in `products`."""
        raise NotImplementedError

    def site_info(self) -> dict[str, Any]:
        """Return the site's settings and parts."""
        raise NotImplementedError

    def live_status(self) -> dict[str, Any]:
        """Return the power readings of now, in watts and watt hours."""
        raise NotImplementedError

    def calendar_history(
        self,
        kind: str,
        period: str,
        start: datetime | None = None,
        end: datetime | None = None,
        tz: str | None = None,
    ) -> dict[str, Any]:
        """Return energy per bucket (kind "energy") or outages (kind "backup")."""
        raise NotImplementedError

    def telemetry_history(
        self,
        kind: str,
        start: datetime | None = None,
        end: datetime | None = None,
        tz: str | None = None,
    ) -> dict[str, Any]:
        """Return the charging sessions at the site's Wall Connectors."""
        raise NotImplementedError

    def set_backup_reserve(self, percent: int) -> None:
        """Set the backup reserve, 0 to 100 %; raises ValueError outside."""
        raise NotImplementedError

    def set_operation(self, mode: str) -> None:
        """Set autonomous, self_consumption or backup; raises ValueError else."""
        raise NotImplementedError

    def set_storm_mode(self, *, enabled: bool) -> None:
        """Turn Storm Watch on or off."""
        raise NotImplementedError

    def set_off_grid_vehicle_charging_reserve(self, percent: int) -> None:
        """Set the reserve kept from cars off grid, 0 to 100 %."""
        raise NotImplementedError

    def set_grid_import_export(
        self,
        *,
        disallow_charge_from_grid: bool | None = None,
        export_rule: str | None = None,
    ) -> None:
        """Set what may cross the meter; None leaves a rule as it is."""
        raise NotImplementedError

    def set_time_of_use(self, tariff: dict[str, Any]) -> None:
        """Store a tariff as sent in `tou_settings`."""
        raise NotImplementedError
