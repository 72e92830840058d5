"""Read energy sites: what they consist of, how they are set, what flows now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleet.shapes import reading


@dataclass(frozen=True, slots=True)
class EnergyProduct:
    """Hold one energy site of the products, and which parts it has."""

    site_id: int
    name: str
    has_grid: bool
    has_battery: bool
    has_solar: bool
    wall_connectors: int

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "EnergyProduct | None":
        """Return the site in an answer, None for one without an id or any part."""
        site_id = reading.whole(document, "energy_site_id")
        parts = reading.section(document, "components")
        has_battery = reading.flag(parts, "battery") or False
        has_solar = reading.flag(parts, "solar") or False
        wall_connectors = len(reading.items(parts, "wall_connectors"))
        if site_id is None or not (has_battery or has_solar or wall_connectors):
            return None
        return cls(
            site_id=site_id,
            name=reading.text(document, "site_name"),
            has_grid=reading.flag(parts, "grid") or False,
            has_battery=has_battery,
            has_solar=has_solar,
            wall_connectors=wall_connectors,
        )


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """Hold how a site is set; None or "" is what Tesla leaves out.

    `operation_mode` is autonomous, self_consumption or backup. `export_rule`
    is pv_only, battery_ok, never or "".
    """

    name: str
    operation_mode: str
    backup_reserve_percent: float | None
    storm_mode_enabled: bool | None
    export_rule: str
    charges_from_grid: bool
    battery_count: int | None
    nameplate_power_w: float | None
    nameplate_energy_wh: float | None
    time_zone: str
    version: str

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "SiteInfo":
        """Return the settings in an answer of site_info."""
        parts = reading.section(document, "components")
        settings = reading.section(document, "user_settings")
        barred = "disallow_charge_from_grid_with_solar_installed"
        return cls(
            name=reading.text(document, "site_name"),
            operation_mode=reading.text(document, "default_real_mode"),
            backup_reserve_percent=reading.number(document, "backup_reserve_percent"),
            storm_mode_enabled=reading.flag(settings, "storm_mode_enabled"),
            export_rule=reading.text(parts, "customer_preferred_export_rule"),
            charges_from_grid=not reading.flag(parts, barred),
            battery_count=reading.whole(document, "battery_count"),
            nameplate_power_w=reading.number(document, "nameplate_power"),
            nameplate_energy_wh=reading.number(document, "nameplate_energy"),
            time_zone=reading.text(document, "installation_time_zone"),
            version=reading.text(document, "version"),
        )


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """Hold what flows at a site now; None is what Tesla leaves out.

    Battery: + discharges, - charges. Grid: + imports, - exports.
    `grid_status` is Active, Inactive or another word of Tesla's.
    """

    solar_w: float | None
    battery_w: float | None
    home_w: float | None
    grid_w: float | None
    generator_w: float | None
    charge_percent: float | None
    energy_left_wh: float | None
    energy_total_wh: float | None
    grid_status: str
    island_status: str
    storm_mode_active: bool | None
    wall_connectors_w: tuple[float, ...]
    measured_at: str

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "LiveStatus":
        """Return the flows in an answer of live_status; the time is RFC 3339."""
        connectors = reading.items(document, "wall_connectors")
        return cls(
            solar_w=reading.number(document, "solar_power"),
            battery_w=reading.number(document, "battery_power"),
            home_w=reading.number(document, "load_power"),
            grid_w=reading.number(document, "grid_power"),
            generator_w=reading.number(document, "generator_power"),
            charge_percent=reading.number(document, "percentage_charged"),
            energy_left_wh=reading.number(document, "energy_left"),
            energy_total_wh=reading.number(document, "total_pack_energy"),
            grid_status=reading.text(document, "grid_status"),
            island_status=reading.text(document, "island_status"),
            storm_mode_active=reading.flag(document, "storm_mode_active"),
            wall_connectors_w=tuple(
                reading.number(connector, "wall_connector_power") or 0.0
                for connector in connectors
            ),
            measured_at=reading.text(document, "timestamp"),
        )
