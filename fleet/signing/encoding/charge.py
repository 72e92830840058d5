"""Make the commands on charging, schedules and power."""

from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from tesla_protocol.command.car_server_pb2 import SetRateTariffRequest

from fleet.signing.encoding.fields import HIGHEST_UINT64, Body, invalid

_LAST_MINUTE = 24 * 60
_OUTLETS = {
    "0": "OUTLET_REQUEST_OFF",
    "1": "OUTLET_REQUEST_CABIN_AND_BED",
    "2": "OUTLET_REQUEST_CABIN",
}
_FEEDS = {
    "0": "POWER_FEED_REQUEST_OFF",
    "1": "POWER_FEED_REQUEST_FEED_1",
    "2": "POWER_FEED_REQUEST_FEED_2",
    "3": "POWER_FEED_REQUEST_FEED_1_AND_FEED_2",
}


def place(body: Body) -> dict[str, float]:
    """Return `latitude` and `longitude`, in degrees, of a body's `lat` and `lon`."""
    return {
        "latitude": body.number("lat", -90, 90),
        "longitude": body.number("lon", -180, 180),
    }


def _minute(body: Body, name: str, default: int | None = None) -> int:
    return body.whole(name, 0, _LAST_MINUTE, default)


def _schedule(body: Body) -> dict[str, Any]:
    """Return what schedules of both kinds have; a new one is named by the time."""
    return {
        "id": body.whole("id", 0, HIGHEST_UINT64, 0) or int(body.now),
        "name": body.text("name", ""),
        "days_of_week": body.days("days_of_week"),
        "enabled": body.flag("enabled"),
        "one_time": body.flag("one_time", default=False),
        **place(body),
    }


def _charge_schedule(body: Body) -> dict[str, Any]:
    times = {
        "start_enabled": body.flag("start_enabled"),
        "start_time": _minute(body, "start_time", 0),
        "end_enabled": body.flag("end_enabled"),
        "end_time": _minute(body, "end_time", 0),
    }
    return {"addChargeScheduleAction": _schedule(body) | times}


def _precondition_schedule(body: Body) -> dict[str, Any]:
    time = {"precondition_time": _minute(body, "precondition_time")}
    return {"addPreconditionScheduleAction": _schedule(body) | time}


def _removal(action: str) -> Any:
    return lambda body: {action: {"id": body.whole("id", 0, HIGHEST_UINT64)}}


def _batch_removal(action: str) -> Any:
    places = ("home", "work", "other")
    return lambda body: {
        action: {place: body.flag(place, default=False) for place in places}
    }


def _policy(body: Body, prefix: str) -> dict[str, Any]:
    """Return when a part of a departure holds: never, on weekdays, on all days."""
    if body.flag(f"{prefix}_weekdays_only", default=False):
        return {"weekdays": {}}
    return {"all_week": {}}


def _departure(body: Body) -> dict[str, Any]:
    departure: dict[str, Any] = {
        "enabled": body.flag("enable"),
        "departure_time": _minute(body, "departure_time", 0),
        "off_peak_hours_end_time": _minute(body, "end_off_peak_time", 0),
    }
    for prefix, name in (
        ("preconditioning", "preconditioning_times"),
        ("off_peak_charging", "off_peak_charging_times"),
    ):
        weekdays_only = body.flag(f"{prefix}_weekdays_only", default=False)
        if body.flag(f"{prefix}_enabled", default=weekdays_only):
            departure[name] = _policy(body, prefix)
    return {"scheduledDepartureAction": departure}


def _solar(body: Body) -> dict[str, Any]:
    solar: dict[str, Any] = {"enabled": body.flag("enabled", default=True)}
    for name, told in (
        ("lower_charge_limit", "lowerChargeLimit"),
        ("upper_charge_limit", "upperChargeLimit"),
    ):
        if body.has(told):
            solar[name] = body.number(told, 0, 100)
    return {"updateChargeOnSolarFeatureRequest": {"charge_on_solar": solar}}


def _tariff(body: Body) -> dict[str, Any]:
    try:
        tariff = ParseDict(dict(body.values), SetRateTariffRequest())
    except ParseError:
        raise invalid("tariff", "is not the protocol's") from None
    return {"setRateTariffRequest": tariff}


def _percent(action: str, name: str, told: str = "percent") -> Any:
    return lambda body: {action: {name: body.whole(told, 0, 100)}}


def _on_off(action: str, name: str, words: str) -> Any:
    """Return the maker of a command whose protocol has words for on and off."""
    return lambda body: {
        action: {name: f"{words}_ON" if body.flag("on") else f"{words}_OFF"}
    }


FIXED: dict[str, dict[str, Any]] = {
    "charge_port_door_open": {"chargePortDoorOpen": {}},
    "charge_port_door_close": {"chargePortDoorClose": {}},
    "charge_start": {"chargingStartStopAction": {"start": {}}},
    "charge_stop": {"chargingStartStopAction": {"stop": {}}},
    "charge_standard": {"chargingStartStopAction": {"start_standard": {}}},
    "charge_max_range": {"chargingStartStopAction": {"start_max_range": {}}},
    "get_charge_on_solar": {"getChargeOnSolarFeatureRequest": {}},
    "get_rate_tariff": {"getRateTariffRequest": {}},
    "cancel_soh_test": {"cancelSohTestAction": {}},
}
BUILDERS = {
    "set_charge_limit": _percent("chargingSetLimitAction", "percent"),
    "set_charging_amps": lambda body: {
        "setChargingAmpsAction": {"charging_amps": body.whole("charging_amps", 0, 1000)}
    },
    "add_charge_schedule": _charge_schedule,
    "add_precondition_schedule": _precondition_schedule,
    "remove_charge_schedule": _removal("removeChargeScheduleAction"),
    "remove_precondition_schedule": _removal("removePreconditionScheduleAction"),
    "batch_remove_charge_schedules": _batch_removal("batchRemoveChargeSchedulesAction"),
    "batch_remove_precondition_schedules": _batch_removal(
        "batchRemovePreconditionSchedulesAction"
    ),
    "set_scheduled_charging": lambda body: {
        "scheduledChargingAction": {
            "enabled": body.flag("enable"),
            "charging_time": _minute(body, "time", 0),
        }
    },
    "set_scheduled_departure": _departure,
    "charge_on_solar": _solar,
    "set_rate_tariff": _tariff,
    "set_outlets": lambda body: {
        "setOutletsOnOffAction": {"outlet_request": body.choice("request", _OUTLETS)}
    },
    "set_outlet_soc_limit": _percent("setOutletSocLimitAction", "percent"),
    "set_power_feed": lambda body: {
        "setPowerFeedOnOffAction": {
            "power_feed_request": body.choice("request", _FEEDS)
        }
    },
    "set_power_feed_soc_limit": _percent("setPowerFeedSocLimitAction", "percent"),
    "set_powershare_feature": _on_off(
        "setPowershareFeatureAction",
        "powershare_feature_request",
        "POWERSHARE_FEATURE_REQUEST",
    ),
    "set_powershare_request": _on_off(
        "setPowershareRequestAction", "powershare_request", "POWERSHARE_REQUEST"
    ),
    "set_powershare_discharge_limit": _percent(
        "setPowershareDischargeLimitAction", "powershare_discharge_limit"
    ),
}
