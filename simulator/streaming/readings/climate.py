"""Read the cabin's climate."""

from simulator.streaming.readings.kinds import (
    Reader,
    Reading,
    Source,
    choice,
    flag,
    number,
    whole,
)


def _power(source: Source) -> Reading:
    if source.climate["is_preconditioning"]:
        return "hvac_power_value", 3
    return "hvac_power_value", 2 if source.climate["is_climate_on"] else 1


def _defrosts_ahead(source: Source) -> Reading:
    climate = source.climate
    return "boolean_value", climate["is_preconditioning"] and climate[
        "defrost_mode"
    ] > 0


def _vents(source: Source) -> Reading | None:
    if not source.moment.spec.has("has_seat_cooling"):
        return None
    return "boolean_value", any(source.moment.state.climate.coolers.values())


READERS: dict[str, Reader] = {
    "AutoSeatClimateLeft": flag("climate", "auto_seat_climate_left"),
    "AutoSeatClimateRight": flag("climate", "auto_seat_climate_right"),
    "CabinOverheatProtectionMode": choice(
        "cabin_overheat_protection_mode_value",
        "climate",
        "cabin_overheat_protection",
        {"Off": 1, "On": 2, "FanOnly": 3},
    ),
    "CabinOverheatProtectionTemperatureLimit": choice(
        "cabin_overheat_protection_temperature_limit_value",
        "climate",
        "cop_activation_temperature",
        {"High": 1, "Medium": 2, "Low": 3},
    ),
    "ClimateKeeperMode": choice(
        "climate_keeper_mode_value",
        "climate",
        "climate_keeper_mode",
        {"off": 1, "on": 2, "keep": 2, "dog": 3, "camp": 4},
    ),
    "ClimateSeatCoolingFrontLeft": whole("climate", "seat_fan_front_left"),
    "ClimateSeatCoolingFrontRight": whole("climate", "seat_fan_front_right"),
    "DefrostForPreconditioning": _defrosts_ahead,
    "DefrostMode": choice(
        "defrost_mode_value", "climate", "defrost_mode", {0: 1, 1: 2, 2: 3}
    ),
    "HvacACEnabled": flag("climate", "is_climate_on"),
    "HvacAutoMode": choice(
        "hvac_auto_mode_value", "climate", "hvac_auto_request", {"On": 1}
    ),
    "HvacFanSpeed": whole("climate", "fan_status"),
    "HvacFanStatus": whole("climate", "fan_status"),
    "HvacLeftTemperatureRequest": number("climate", "driver_temp_setting"),
    "HvacPower": _power,
    "HvacRightTemperatureRequest": number("climate", "passenger_temp_setting"),
    "HvacSteeringWheelHeatAuto": flag("climate", "auto_steering_wheel_heat"),
    "HvacSteeringWheelHeatLevel": whole("climate", "steering_wheel_heat_level"),
    "InsideTemp": number("climate", "inside_temp"),
    "OutsideTemp": number("climate", "outside_temp"),
    "RearDefrostEnabled": flag("climate", "is_rear_defroster_on"),
    "SeatHeaterLeft": whole("climate", "seat_heater_left"),
    "SeatHeaterRearCenter": whole("climate", "seat_heater_rear_center"),
    "SeatHeaterRearLeft": whole("climate", "seat_heater_rear_left"),
    "SeatHeaterRearRight": whole("climate", "seat_heater_rear_right"),
    "SeatHeaterRight": whole("climate", "seat_heater_right"),
    "SeatVentEnabled": _vents,
    "WiperHeatEnabled": flag("climate", "wiper_blade_heater"),
}
