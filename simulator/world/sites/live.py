"""Build `live_status`."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.world.cars.car import Car
from simulator.world.cars.moment import Moment
from simulator.world.sites.days import BUCKET_S
from simulator.world.sites.flow import Flow, Need, flow
from simulator.world.sites.identity import Identity
from simulator.world.sites.needs import local_hour
from simulator.world.sites.outages import outages
from simulator.world.sites.power import house_w, solar_w
from simulator.world.sites.rules import Rules
from simulator.world.sites.spec import SiteSpec

_IN_USE, _IDLE, _PLUGGED_IN = 1, 2, 4
_NO_FAULT = 2


@dataclass(frozen=True, slots=True)
class Now:
    """Hold a site's present moment; `guests` are the cars plugged in here."""

    at_s: float
    rules: Rules
    charge_wh: float
    guests: dict[int, Moment]

    @property
    def charging_w(self) -> float:
        """Return what the plugged-in cars draw."""
        return sum(guest.wall_kw for guest in self.guests.values()) * 1000.0


def guests(site: str, cars: list[Car]) -> dict[int, Moment]:
    """Return the cars plugged in at a site, by Wall Connector."""
    moments = (car.moment() for car in cars)
    return {
        moment.leg.plug.connector: moment
        for moment in moments
        if moment.leg.plug and moment.leg.plug.site == site
    }


def live_status(identity: Identity, now: Now) -> dict[str, Any]:
    """Return the readings in W and Wh; load = solar + battery + grid + generator.

    Without a battery the grid's status is unknown to Tesla.
    """
    spec = identity.spec
    flows = _rounded(_flows(spec, now))
    status: dict[str, Any] = {
        "solar_power": flows.solar_w,
        "energy_left": now.charge_wh if spec.packs else 0,
        "total_pack_energy": spec.energy_wh if spec.packs else 1,
        "percentage_charged": (
            100.0 * now.charge_wh / spec.energy_wh if spec.packs else 0
        ),
        "backup_capable": spec.packs > 0,
        "battery_power": flows.battery_w,
        "load_power": flows.load_w,
        "grid_status": _grid_status(spec, now),
        "grid_services_active": False,
        "grid_power": flows.grid_w,
        "grid_services_power": 0,
        "generator_power": 0,
        "island_status": _island_status(spec, now),
        "storm_mode_active": False,
        "timestamp": datetime.fromtimestamp(int(now.at_s), UTC).isoformat(),
        "wall_connectors": _wall_connectors(identity, now),
    }
    return status


def _flows(spec: SiteSpec, now: Now) -> Flow:
    hour = local_hour(ZoneInfo(spec.time_zone), now.at_s)
    load_w = house_w(spec, now.at_s, hour) + now.charging_w
    need = Need(solar_w(spec, now.at_s), load_w, hour, not _is_cut_off(spec, now))
    return flow(spec, now.rules, need, now.charge_wh, BUCKET_S / 3600.0)


def _rounded(flows: Flow) -> Flow:
    """Return whole watts that still add up: the grid takes what rounding leaves."""
    solar, load = round(flows.solar_w), round(flows.load_w)
    battery = round(flows.battery_w)
    if flows.grid_w == 0.0:
        return Flow(solar, solar + battery, battery, 0)
    return Flow(solar, load, battery, load - solar - battery)


def _is_cut_off(spec: SiteSpec, now: Now) -> bool:
    return bool(outages(spec, now.at_s, now.at_s + 0.001))


def _grid_status(spec: SiteSpec, now: Now) -> str:
    if not spec.packs:
        return "Unknown"
    return "Inactive" if _is_cut_off(spec, now) else "Active"


def _island_status(spec: SiteSpec, now: Now) -> str:
    if not spec.packs:
        return "island_status_unknown"
    return "off_grid_unintentional" if _is_cut_off(spec, now) else "on_grid"


def _wall_connectors(identity: Identity, now: Now) -> list[dict[str, Any]] | None:
    found = []
    for number, part in enumerate(identity.connectors):
        guest = now.guests.get(number)
        entry: dict[str, Any] = {"din": part.din}
        if guest:
            entry["vin"] = guest.vin
        entry |= {
            "wall_connector_state": _state(guest),
            "wall_connector_fault_state": _NO_FAULT,
            "wall_connector_power": round(guest.wall_kw * 1000.0) if guest else 0,
            "ocpp_status": 0,
            "powershare_session_state": 1,
        }
        found.append(entry)
    return found or None


def _state(guest: Moment | None) -> int:
    if guest is None:
        return _IDLE
    return _IN_USE if guest.is_charging else _PLUGGED_IN
