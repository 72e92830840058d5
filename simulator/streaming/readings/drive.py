"""Read where the car is and how it moves."""

from simulator.streaming.readings.kinds import INVALID, Reader, Reading, Source, flag

_MPH_S_TO_M_S2 = 0.44704
_BRAKES_MPH_S = -0.5
_GEAR_P, _GEAR_D = 2, 5
_UNLATCHED, _LATCHED = 1, 2


def _gear(source: Source) -> Reading:
    is_driving = source.moment.motion.is_driving
    return "shift_state_value", _GEAR_D if is_driving else _GEAR_P


def _speed(source: Source) -> Reading:
    return "double_value", float(source.moment.motion.speed_mph or 0)


def _odometer(source: Source) -> Reading:
    return "double_value", round(source.moment.odometer_mi, 6)


def _acceleration_mph_s(source: Source) -> float:
    moment = source.moment
    if not moment.motion.is_driving:
        return 0.0
    return moment.leg.acceleration_mph_s(moment.elapsed_s)


def _acceleration(source: Source) -> Reading:
    return "double_value", round(_acceleration_mph_s(source) * _MPH_S_TO_M_S2, 3)


def _brakes(source: Source) -> Reading:
    return "boolean_value", _acceleration_mph_s(source) < _BRAKES_MPH_S


def _route(key: str, kind: str) -> Reader:
    def read(source: Source) -> Reading:
        value = source.drive.get(f"active_route_{key}")
        if value is None:
            return INVALID
        if kind == "int_value":
            return kind, round(value)
        return kind, str(value) if kind == "string_value" else float(value)

    return read


def _destination(source: Source) -> Reading:
    drive = source.drive
    latitude = drive.get("active_route_latitude")
    longitude = drive.get("active_route_longitude")
    if latitude is None or longitude is None:
        return INVALID
    return "location_value", (float(latitude), float(longitude))


def _origin(source: Source) -> Reading:
    start = source.moment.leg.start
    if start is None:
        return INVALID
    return "location_value", (start.latitude, start.longitude)


def _here(source: Source) -> Reading:
    here = source.moment.motion
    return "location_value", (here.latitude, here.longitude)


def _heading(source: Source) -> Reading:
    return "double_value", float(source.moment.motion.heading)


def _has_fix(source: Source) -> Reading:
    return "boolean_value", True


def _parked_at(source: Source) -> str:
    moment = source.moment
    if moment.motion.is_driving:
        return ""
    return "home" if moment.leg.place == moment.spec.home else "work"


def _located_at(name: str) -> Reader:
    return lambda source: ("boolean_value", _parked_at(source) == name)


def _belt(source: Source) -> Reading:
    is_driving = source.moment.motion.is_driving
    return "buckle_status_value", _LATCHED if is_driving else _UNLATCHED


def _drives(source: Source) -> Reading:
    return "boolean_value", source.moment.motion.is_driving


def _is_powered(source: Source) -> Reading:
    return "boolean_value", True


def _inverter(source: Source) -> Reading:
    return "drive_inverter_state_value", 5 if source.moment.motion.is_driving else 2


READERS: dict[str, Reader] = {
    "BrakePedal": _brakes,
    "DCDCEnable": _is_powered,
    "DestinationLocation": _destination,
    "DestinationName": _route("destination", "string_value"),
    "DiStateR": _inverter,
    "DriveRail": _drives,
    "DriverSeatBelt": _belt,
    "DriverSeatOccupied": flag("body", "is_user_present"),
    "ExpectedEnergyPercentAtTripArrival": _route("energy_at_arrival", "int_value"),
    "Gear": _gear,
    "GpsHeading": _heading,
    "GpsState": _has_fix,
    "LocatedAtFavorite": _located_at("favorite"),
    "LocatedAtHome": _located_at("home"),
    "LocatedAtWork": _located_at("work"),
    "Location": _here,
    "LongitudinalAcceleration": _acceleration,
    "MilesToArrival": _route("miles_to_arrival", "double_value"),
    "MinutesToArrival": _route("minutes_to_arrival", "double_value"),
    "Odometer": _odometer,
    "OriginLocation": _origin,
    "RemoteStartActive": flag("body", "remote_start"),
    "RemoteStartEnabled": flag("body", "remote_start_enabled"),
    "RouteTrafficMinutesDelay": _route("traffic_minutes_delay", "int_value"),
    "VehicleSpeed": _speed,
}
