"""Read charging and the battery."""

from simulator.streaming.readings.kinds import (
    INVALID,
    Reader,
    Reading,
    Source,
    choice,
    flag,
    number,
    whole,
)

_BRICKS = 96
_PHASES = ("Disconnected", "NoPower", "Starting", "Charging", "Complete", "Stopped")
_CHARGING = {name: number for number, name in enumerate(_PHASES, start=1)}
_FAST = {"<invalid>": 8, "Combo": 5, "ACSingleWireCAN": 4}
_CABLES = {"<invalid>": 5, "IEC": 1, "SAE": 2}
_MODES = {"Off": 1, "StartAt": 2, "DepartBy": 3}


def _level(source: Source) -> Reading:
    return "double_value", round(source.moment.level * 100.0, 3)


def _is_fast(source: Source) -> bool:
    plug = source.moment.leg.plug
    return plug is not None and plug.is_fast


def _energy(*, fast: bool) -> Reader:
    def read(source: Source) -> Reading:
        added = source.charge["charge_energy_added"]
        return "double_value", added if _is_fast(source) is fast else 0.0

    return read


def _power(*, fast: bool) -> Reader:
    def read(source: Source) -> Reading:
        power_kw = round(source.moment.wall_kw, 2)
        return "double_value", power_kw if _is_fast(source) is fast else 0.0

    return read


def _hours_left(source: Source) -> Reading:
    if not source.moment.is_charging:
        return INVALID
    return "double_value", source.charge["time_to_full_charge"]


def _brick_v(source: Source) -> float:
    return 3.35 + 0.8 * source.moment.level


def _brick(offset_v: float) -> Reader:
    return lambda source: ("double_value", round(_brick_v(source) + offset_v, 3))


def _pack_voltage(source: Source) -> Reading:
    return "double_value", round(_BRICKS * _brick_v(source), 1)


def _pack_current(source: Source) -> Reading:
    moment = source.moment
    out_kw = moment.motion.power_kw if moment.motion.is_driving else -moment.pack_kw
    amps = -1000.0 * out_kw / (_BRICKS * _brick_v(source))
    return "double_value", round(amps, 1)


def _bms_state(source: Source) -> Reading:
    moment = source.moment
    if moment.motion.is_driving:
        return "bms_state_value", 2
    return "bms_state_value", 4 if moment.is_charging else 3


def _start_time(source: Source) -> Reading:
    if source.charge["scheduled_charging_mode"] != "StartAt":
        return INVALID
    return "long_value", source.charge["scheduled_charging_start_time"]


def _departure_time(source: Source) -> Reading:
    return "long_value", source.charge["scheduled_departure_time"]


def _is_full(source: Source) -> Reading:
    return "boolean_value", source.moment.level >= 0.995


def _capacity(source: Source) -> Reading:
    return "double_value", source.moment.spec.model.pack_kwh


READERS: dict[str, Reader] = {
    "ACChargingEnergyIn": _energy(fast=False),
    "ACChargingPower": _power(fast=False),
    "BMSState": _bms_state,
    "BatteryHeaterOn": flag("charge", "battery_heater_on"),
    "BatteryLevel": _level,
    "BmsFullchargecomplete": _is_full,
    "BrickVoltageMax": _brick(0.004),
    "BrickVoltageMin": _brick(-0.004),
    "ChargeAmps": number("charge", "charger_actual_current"),
    "ChargeCurrentRequest": whole("charge", "charge_current_request"),
    "ChargeCurrentRequestMax": whole("charge", "charge_current_request_max"),
    "ChargeEnableRequest": flag("charge", "charge_enable_request"),
    "ChargeLimitSoc": whole("charge", "charge_limit_soc"),
    "ChargePort": choice(
        "charge_port_value", "built", "charge_port_type", {"US": 1, "CCS": 4}
    ),
    "ChargePortColdWeatherMode": flag("charge", "charge_port_cold_weather_mode"),
    "ChargePortDoorOpen": flag("charge", "charge_port_door_open"),
    "ChargePortLatch": choice(
        "charge_port_latch_value",
        "charge",
        "charge_port_latch",
        {"Disengaged": 2, "Engaged": 3},
    ),
    "ChargeRateMilePerHour": number("charge", "charge_rate"),
    "ChargeState": choice("charging_value", "charge", "charging_state", _CHARGING),
    "ChargerPhases": whole("charge", "charger_phases"),
    "ChargerVoltage": number("charge", "charger_voltage"),
    "ChargingCableType": choice(
        "cable_type_value", "charge", "conn_charge_cable", _CABLES
    ),
    "DCChargingEnergyIn": _energy(fast=True),
    "DCChargingPower": _power(fast=True),
    "DetailedChargeState": choice(
        "detailed_charge_state_value", "charge", "charging_state", _CHARGING
    ),
    "EnergyRemaining": number("charge", "energy_remaining"),
    "EstBatteryRange": number("charge", "est_battery_range"),
    "EstimatedHoursToChargeTermination": _hours_left,
    "FastChargerPresent": flag("charge", "fast_charger_present"),
    "FastChargerType": choice(
        "fast_charger_value", "charge", "fast_charger_type", _FAST
    ),
    "IdealBatteryRange": number("charge", "ideal_battery_range"),
    "LifetimeEnergyUsed": number("charge", "lifetime_energy_used"),
    "ModuleTempMax": number("charge", "module_temp_max"),
    "ModuleTempMin": number("charge", "module_temp_min"),
    "NominalFullPackEnergyKwh": _capacity,
    "NotEnoughPowerToHeat": flag("charge", "not_enough_power_to_heat"),
    "PackCurrent": _pack_current,
    "PackVoltage": _pack_voltage,
    "PreconditioningEnabled": flag("charge", "preconditioning_enabled"),
    "RatedRange": number("charge", "battery_range"),
    "ScheduledChargingMode": choice(
        "scheduled_charging_mode_value", "charge", "scheduled_charging_mode", _MODES
    ),
    "ScheduledChargingPending": flag("charge", "scheduled_charging_pending"),
    "ScheduledChargingStartTime": _start_time,
    "ScheduledDepartureTime": _departure_time,
    "Soc": _level,
    "SuperchargerSessionTripPlanner": flag(
        "charge", "supercharger_session_trip_planner"
    ),
    "TimeToFullCharge": number("charge", "time_to_full_charge"),
}
