"""Simulate one energy site."""

from datetime import datetime
from typing import Any

from simulator.world.cars.car import Car
from simulator.world.sites import history, info, live
from simulator.world.sites.days import Days
from simulator.world.sites.gateway import Gateway
from simulator.world.sites.identity import Identity
from simulator.world.sites.rules import EXPORT_RULES, MODES, Timeline
from simulator.world.sites.sessions import Session, sessions
from simulator.world.sites.spec import SiteSpec
from simulator.world.stage import Stage

_LONG = frozenset({"year", "lifetime"})
_COARSE_S = 3600
"""Years are worked out by the hour, which takes a tenth of the time."""


class Site:
    """Answer for one energy site at the clock's present moment.

    What an owner sets holds a few seconds later, as at Tesla.
    """

    def __init__(self, spec: SiteSpec, stage: Stage, cars: list[Car]) -> None:
        self.spec = spec
        self.identity = Identity(stage.seed, spec)
        self.id = self.identity.site_id
        self.gateway = Gateway(self.identity)
        self._stage = stage
        self._cars = [car for car in cars if self._is_home_of(car)]
        self._timeline = Timeline()
        self._days = Days(spec, self._timeline, self._sessions)
        self._coarse_days = Days(spec, self._timeline, self._sessions, _COARSE_S)

    def _is_home_of(self, car: Car) -> bool:
        legs = car.spec.routine.legs
        return any(leg.plug and leg.plug.site == self.spec.key for leg in legs)

    def _sessions(self, from_s: float, to_s: float) -> list[Session]:
        return sessions(self.spec.key, self._cars, from_s, to_s)

    @property
    def name(self) -> str:
        """Return the site's name."""
        return self.spec.name

    @property
    def owner_email(self) -> str:
        """Return whose site it is."""
        return self.spec.owner

    def product(self) -> dict[str, Any]:
        """Return the site's entry in `products`."""
        now = self._now()
        entry = info.product(self.identity, now.rules, now.charge_wh)
        if self.spec.resource_type:
            status = live.live_status(self.identity, now)
            entry["battery_power"] = status["battery_power"]
            if self.spec.resource_type == "solar":
                entry["solar_power"] = status["solar_power"]
        return entry

    def site_info(self) -> dict[str, Any]:
        """Return the site's settings and parts."""
        rules = self._timeline.at(self._stage.now_s())
        return info.site_info(self.identity, rules)

    def live_status(self) -> dict[str, Any]:
        """Return the power readings of now, in watts and watt hours."""
        return live.live_status(self.identity, self._now())

    def _now(self) -> live.Now:
        now_s = self._stage.now_s()
        return live.Now(
            at_s=now_s,
            rules=self._timeline.at(now_s),
            charge_wh=self._days.charge_wh(now_s),
            guests=live.guests(self.spec.key, self._cars),
        )

    def calendar_history(
        self,
        kind: str,
        period: str,
        start: datetime | None = None,
        end: datetime | None = None,
        tz: str | None = None,
    ) -> dict[str, Any]:
        """Return energy per bucket (kind "energy") or outages (kind "backup").

        Raises ValueError for an unknown kind, period or time zone.
        """
        span = self._span(period, start, end, tz)
        if kind == "backup":
            return history.backup_history(self._days, span)
        if kind != "energy":
            raise ValueError("kind must be energy or backup")
        gateway = self.identity.gateway
        days = self._coarse_days if period in _LONG else self._days
        return history.energy_history(days, span, gateway.serial_number)

    def telemetry_history(
        self,
        kind: str,
        start: datetime | None = None,
        end: datetime | None = None,
        tz: str | None = None,
    ) -> dict[str, Any]:
        """Return finished charges at the Wall Connectors, of the last month if unasked.

        Raises ValueError for an unknown kind or time zone.
        """
        if kind != "charge":
            raise ValueError("kind must be charge")
        span = self._span("month", start, end or self._stage.clock.now(), tz)
        found = self._sessions(span.start.timestamp(), span.end.timestamp())
        return history.charge_history(found, self._stage.now_s())

    def _span(
        self,
        period: str,
        start: datetime | None,
        end: datetime | None,
        tz: str | None,
    ) -> history.Span:
        zone = history.find_zone(tz or self.spec.time_zone)
        now = self._stage.clock.now()
        bounds = history.default_bounds(self.spec.installation_date, now)
        return history.make_span(period, zone, start, end, bounds)

    def _change(self, **changes: Any) -> None:
        lag_s = self._stage.tempo.write_lag_s
        self._timeline.change(self._stage.now_s() + lag_s, **changes)
        self._forget()

    def _forget(self) -> None:
        self._days.forget()
        self._coarse_days.forget()

    def set_backup_reserve(self, percent: int) -> None:
        """Set the backup reserve, 0 to 100 %; raises ValueError outside."""
        self._change(backup_reserve_percent=_percent(percent))

    def set_operation(self, mode: str) -> None:
        """Set autonomous, self_consumption or backup; raises ValueError else."""
        self._change(mode=_one_of(MODES, mode))

    def set_storm_mode(self, *, enabled: bool) -> None:
        """Turn Storm Watch on or off."""
        self._change(storm_mode_enabled=enabled)

    def set_off_grid_vehicle_charging_reserve(self, percent: int) -> None:
        """Set the reserve kept from cars off grid, 0 to 100 %."""
        self._change(off_grid_vehicle_charging_reserve_percent=_percent(percent))

    def set_grid_import_export(
        self,
        *,
        disallow_charge_from_grid: bool | None = None,
        export_rule: str | None = None,
    ) -> None:
        """Set what may cross the meter; None leaves a rule as it is."""
        changes: dict[str, Any] = {}
        if disallow_charge_from_grid is not None:
            changes["disallow_charge_from_grid"] = disallow_charge_from_grid
        if export_rule is not None:
            changes["export_rule"] = _one_of(EXPORT_RULES, export_rule)
        self._change(**changes)

    def set_time_of_use(self, tariff: dict[str, Any]) -> None:
        """Store a tariff as sent in `tou_settings`."""
        self._change(tariff=tariff)

    def dump(self) -> dict[str, Any]:
        """Return what a restart must keep of the site, ready for JSON."""
        return {"rules": self._timeline.dump(), "clients": self.gateway.clients}

    def load(self, saved: dict[str, Any]) -> None:
        """Take up what an earlier `dump` returned."""
        self._timeline.load(saved["rules"])
        self.gateway.clients = list(saved.get("clients", []))
        self._forget()


def _percent(percent: int) -> int:
    if not 0 <= percent <= 100:
        raise ValueError("a percentage must be between 0 and 100")
    return percent


def _one_of(allowed: tuple[str, ...], value: str) -> str:
    if value not in allowed:
        raise ValueError(f"must be one of {', '.join(allowed)}")
    return value
