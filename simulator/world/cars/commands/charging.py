"""Start, stop and limit charging, and move the charge port's door."""

from typing import Any

from simulator.world.cars.commands.order import ALREADY_SET, CannotDo, Row, Work

_STANDARD_PERCENT = 80
_REASONS = {
    "Disconnected": "disconnected",
    "NoPower": "no_power",
    "Complete": "complete",
    "Charging": "is_charging",
    "Starting": "requested",
}


def _start(work: Work) -> None:
    reason = _REASONS.get(work.moment.charging_state)
    if reason:
        raise CannotDo(reason)
    work.state.charging.enabled = True


def _stop(work: Work) -> None:
    if work.moment.charging_state not in {"Charging", "Starting"}:
        raise CannotDo("not_charging")
    work.state.charging.enabled = False
    work.state.charging.stopped_s = work.moment.at_s


def _limit(work: Work) -> None:
    percent = work.whole("percent", -1000, 1000)
    if work.state.charging.limit_percent == percent:
        raise CannotDo(ALREADY_SET)
    if 50 <= percent <= 100:  # The car answers others with success, and ignores them.
        work.state.charging.limit_percent = percent


def _standard(work: Work) -> None:
    _go_to(work, _STANDARD_PERCENT, "already_standard")


def _max_range(work: Work) -> None:
    _go_to(work, 100, "already_max_range")


def _go_to(work: Work, percent: int, already: str) -> None:
    if work.state.charging.limit_percent == percent:
        raise CannotDo(already)
    work.state.charging.limit_percent = percent


def _amps(work: Work) -> None:
    work.state.charging.amps = work.whole("charging_amps", 0, 80)


def _open_port(work: Work) -> None:
    if work.moment.leg.plug:
        return  # It unlocks the cable, which stays where it is.
    if work.state.charging.port_open:
        raise CannotDo("already open")
    work.state.charging.port_open = True


def _close_port(work: Work) -> None:
    if work.moment.leg.plug:
        raise CannotDo("cable connected")
    if not work.state.charging.port_open:
        raise CannotDo("already closed")
    work.state.charging.port_open = False


def _nothing(work: Work) -> None:
    """Take note, as a car does of what a manager of chargers tells."""


def _solar(work: Work) -> None:
    work.state.extras["charge_on_solar"] = {
        "enabled": work.flag("enabled", default=True),
        "lower_charge_limit": work.number("lower_charge_limit", 0, 100),
        "upper_charge_limit": work.number("upper_charge_limit", 0, 100),
    }


def _get_solar(work: Work) -> Any:
    return work.state.extras.get("charge_on_solar", {"enabled": False})


CHARGING = {
    "charge_start": Row(_start, charging=True),
    "charge_stop": Row(_stop, charging=True),
    "set_charge_limit": Row(_limit, charging=True),
    "charge_standard": Row(_standard, charging=True),
    "charge_max_range": Row(_max_range, charging=True),
    "set_charging_amps": Row(_amps, charging=True),
    "charge_port_door_open": Row(_open_port, charging=True),
    "charge_port_door_close": Row(_close_port, charging=True),
    "set_managed_charge_current_request": Row(_nothing, unsigned=True),
    "set_managed_charger_location": Row(_nothing, unsigned=True),
    "set_managed_scheduled_charging_time": Row(_nothing, unsigned=True),
    "charge_on_solar": Row(_solar, charging=True, custom=True),
    "get_charge_on_solar": Row(_get_solar, charging=True, custom=True),
}
