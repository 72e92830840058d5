"""Read doors, windows, tires, locks and software."""

from simulator.streaming.readings.kinds import (
    INVALID,
    Reader,
    Reading,
    Source,
    choice,
    flag,
    number,
    text,
    whole,
)

_DOORS = {
    "df": "DriverFront",
    "dr": "DriverRear",
    "pf": "PassengerFront",
    "pr": "PassengerRear",
    "ft": "TrunkFront",
    "rt": "TrunkRear",
}
_WHEELS = {
    "fl": "front_left",
    "fr": "front_right",
    "rl": "rear_left",
    "rr": "rear_right",
}
_WINDOWS = {0: 1, 1: 2, 2: 3}
_DISPLAYS = {0: 1, 2: 5, 3: 6, 7: 8}
_SENTRY_OFF, _SENTRY_IDLE, _SENTRY_ARMED = 1, 2, 3


def _doors(source: Source) -> Reading:
    body = source.body
    return "door_value", {name: bool(body[key]) for key, name in _DOORS.items()}


def _warnings(kind: str) -> Reader:
    def read(source: Source) -> Reading:
        body = source.body
        found = {
            name: bool(body[f"tpms_{kind}_warning_{key}"])
            for key, name in _WHEELS.items()
        }
        return "tire_location_value", found

    return read


def _seen(wheel: str) -> Reader:
    def read(source: Source) -> Reading:
        return "long_value", source.body[f"tpms_last_seen_pressure_time_{wheel}"]

    return read


def _sentry(source: Source) -> Reading:
    if not source.body["sentry_mode"]:
        return "sentry_mode_state_value", _SENTRY_OFF
    is_driving = source.moment.motion.is_driving
    return "sentry_mode_state_value", _SENTRY_IDLE if is_driving else _SENTRY_ARMED


def _speed_limit(source: Source) -> Reading:
    return "boolean_value", bool(source.body["speed_limit_mode"]["active"])


def _limit_mph(source: Source) -> Reading:
    return "double_value", float(source.body["speed_limit_mode"]["current_limit_mph"])


def _pin_to_drive(source: Source) -> Reading:
    return "boolean_value", source.moment.state.body.pin_to_drive


def _phone_keys(source: Source) -> Reading:
    moment = source.moment
    return "int_value", moment.spec.phone_keys + moment.state.more_keys


def _update(key: str) -> Reader:
    def read(source: Source) -> Reading:
        update = source.body["software_update"]
        return ("int_value", update[key]) if update["status"] else INVALID

    return read


def _update_minutes(source: Source) -> Reading:
    update = source.body["software_update"]
    if not update["status"]:
        return INVALID
    return "int_value", update["expected_duration_sec"] // 60


def _update_version(source: Source) -> Reading:
    return "string_value", source.body["software_update"]["version"].strip()


def _update_start(source: Source) -> Reading:
    if source.body["software_update"]["status"] != "scheduled":
        return INVALID
    return "long_value", int(source.moment.state.software.install_s)


def _update_is(*phases: str) -> Reader:
    return lambda source: (
        "boolean_value",
        source.body["software_update"]["status"] in phases,
    )


READERS: dict[str, Reader] = {
    "CenterDisplay": choice(
        "display_state_value", "body", "center_display_state", _DISPLAYS
    ),
    "CurrentLimitMph": _limit_mph,
    "DoorState": _doors,
    "FdWindow": choice("window_state_value", "body", "fd_window", _WINDOWS),
    "FpWindow": choice("window_state_value", "body", "fp_window", _WINDOWS),
    "GuestModeEnabled": flag("body", "guest_mode"),
    "HomelinkDeviceCount": whole("body", "homelink_device_count"),
    "HomelinkNearby": flag("body", "homelink_nearby"),
    "Locked": flag("body", "locked"),
    "PairedPhoneKeyAndKeyFobQty": _phone_keys,
    "PinToDriveEnabled": _pin_to_drive,
    "RdWindow": choice("window_state_value", "body", "rd_window", _WINDOWS),
    "RpWindow": choice("window_state_value", "body", "rp_window", _WINDOWS),
    "SentryMode": _sentry,
    "ServiceMode": flag("body", "service_mode"),
    "SoftwareUpdateAvailable": _update_is("available"),
    "SoftwareUpdateDownloadPercentComplete": _update("download_perc"),
    "SoftwareUpdateExpectedDurationMinutes": _update_minutes,
    "SoftwareUpdateInProgress": _update_is("installing"),
    "SoftwareUpdateInstallationPercentComplete": _update("install_perc"),
    "SoftwareUpdateScheduledStartTime": _update_start,
    "SoftwareUpdateVersion": _update_version,
    "SpeedLimitMode": _speed_limit,
    "TpmsHardWarnings": _warnings("hard"),
    "TpmsLastSeenPressureTimeFl": _seen("fl"),
    "TpmsLastSeenPressureTimeFr": _seen("fr"),
    "TpmsLastSeenPressureTimeRl": _seen("rl"),
    "TpmsLastSeenPressureTimeRr": _seen("rr"),
    "TpmsPressureFl": number("body", "tpms_pressure_fl"),
    "TpmsPressureFr": number("body", "tpms_pressure_fr"),
    "TpmsPressureRl": number("body", "tpms_pressure_rl"),
    "TpmsPressureRr": number("body", "tpms_pressure_rr"),
    "TpmsSoftWarnings": _warnings("soft"),
    "ValetModeEnabled": flag("body", "valet_mode"),
    "VehicleName": text("body", "vehicle_name"),
    "Version": text("body", "car_version"),
}
