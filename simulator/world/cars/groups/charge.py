"""Build `charge_state`."""

from datetime import timedelta
from typing import Any

from simulator.world.cars.moment import Moment
from simulator.world.cars.routine import Plug

_NONE = "<invalid>"


def charge_state(moment: Moment) -> dict[str, Any]:
    """Return the group: levels %, ranges miles, energies kWh, charge rate mph."""
    return {
        **_levels(moment),
        **_charger(moment, moment.leg.plug),
        **_cable(moment, moment.leg.plug),
        **_plans(moment),
        "timestamp": moment.timestamp_ms,
    }


def _levels(moment: Moment) -> dict[str, Any]:
    charging, spec, added_kwh = (
        moment.state.charging,
        moment.spec,
        moment.anchor.added_kwh,
    )
    rated = round(moment.level * spec.model.rated_miles, 2)
    added_miles = round(added_kwh / spec.model.kwh_per_mile, 1)
    cell_c = (moment.anchor.inside_c + 14.0) / 2.0 + 1.2 * moment.pack_kw**0.5
    used_kwh = moment.odometer_mi * spec.model.kwh_per_mile
    return {
        "battery_heater_on": False,
        "battery_level": round(moment.level * 100),
        "battery_range": rated,
        "charge_energy_added": round(added_kwh, 2),
        "charge_limit_soc": charging.limit_percent,
        "charge_limit_soc_max": 100,
        "charge_limit_soc_min": 50,
        "charge_limit_soc_std": 80,
        "charge_miles_added_ideal": added_miles,
        "charge_miles_added_rated": added_miles,
        "energy_remaining": round(moment.anchor.energy_kwh, 2),
        "est_battery_range": round(rated * 0.91, 2),
        "ideal_battery_range": rated,
        "lifetime_energy_used": round(used_kwh, 3),
        "max_range_charge_counter": 0,
        "module_temp_max": round(cell_c + 1.0, 1),
        "module_temp_min": round(cell_c, 1),
        "usable_battery_level": round(moment.level * 100),
    }


def _charger(moment: Moment, plug: Plug | None) -> dict[str, Any]:
    charging = moment.state.charging
    most_amps = plug.max_amps if plug else (16 if moment.spec.metric else 48)
    amps = min(charging.amps, most_amps)
    volts = plug.voltage if plug and moment.is_charging else 2
    phases = plug.phases if plug and moment.is_charging else None
    actual_amps = moment.wall_kw * 1000.0 / volts / (phases or 1)
    minutes = moment.minutes_to_full
    is_busy = moment.charging_state in {"Starting", "Charging"}
    return {
        "charge_amps": amps,
        "charge_current_request": amps,
        "charge_current_request_max": most_amps,
        "charge_enable_request": moment.may_charge,
        "charge_rate": round(moment.pack_kw / moment.spec.model.kwh_per_mile, 1),
        "charger_actual_current": round(actual_amps),
        "charger_phases": phases,
        "charger_pilot_current": most_amps,
        "charger_power": round(moment.wall_kw),
        "charger_voltage": volts,
        "charging_state": moment.charging_state,
        "minutes_to_full_charge": minutes,
        "not_enough_power_to_heat": False if is_busy else None,
        "time_to_full_charge": round(minutes / 60.0, 2),
        "user_charge_enable_request": None if moment.may_charge else False,
    }


def _cable(moment: Moment, plug: Plug | None) -> dict[str, Any]:
    is_fast = bool(plug and plug.is_fast)
    cable = "IEC" if moment.spec.metric else "SAE"
    return {
        "charge_port_cold_weather_mode": False,
        "charge_port_color": "FlashingGreen" if moment.is_charging else _NONE,
        "charge_port_door_open": bool(plug) or moment.state.charging.port_open,
        "charge_port_latch": "Engaged" if plug else "Disengaged",
        "conn_charge_cable": cable if plug else _NONE,
        "fast_charger_brand": "Tesla" if is_fast else _NONE,
        "fast_charger_present": is_fast,
        "fast_charger_type": _fast_type(plug),
    }


def _fast_type(plug: Plug | None) -> str:
    if plug is None:
        return _NONE
    return "Combo" if plug.is_fast else "ACSingleWireCAN"


def _plans(moment: Moment) -> dict[str, Any]:
    charging = moment.state.charging
    has_start = charging.scheduled_mode == "StartAt"
    return {
        "charging_schedule_override": False,
        "off_peak_charging_enabled": charging.off_peak,
        "off_peak_charging_times": charging.off_peak_times,
        "off_peak_hours_end_time": charging.off_peak_end_minutes,
        "preconditioning_enabled": charging.preconditioning,
        "preconditioning_times": charging.preconditioning_times,
        "scheduled_charging_mode": charging.scheduled_mode,
        "scheduled_charging_pending": has_start and bool(moment.leg.plug),
        "scheduled_charging_start_time": (
            _next_s(moment, charging.scheduled_start_minutes) if has_start else None
        ),
        "scheduled_charging_start_time_app": charging.scheduled_start_minutes,
        "scheduled_departure_time": _next_s(moment, charging.departure_minutes),
        "scheduled_departure_time_minutes": charging.departure_minutes,
        "supercharger_session_trip_planner": False,
        "trip_charging": False,
    }


def _next_s(moment: Moment, minutes: int) -> int:
    midnight = moment.local.replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = midnight + timedelta(minutes=minutes)
    if wanted <= moment.local:
        wanted += timedelta(days=1)
    return int(moment.at_s + (wanted - moment.local).total_seconds())
