"""Build the groups that hold charging and preconditioning schedules."""

from typing import Any

from simulator.world.cars.moment import Moment

_MOST = 100


def charge_schedule_data(moment: Moment) -> dict[str, Any]:
    """Return the charging schedules; start and end in minutes of the day."""
    return {
        "charge_buffer": 6,
        "charge_schedules": list(moment.state.charging.charge_schedules),
        "max_num_charge_schedules": _MOST,
        "next_schedule": False,
        "show_schedule_complete_state": True,
        "timestamp": _stamp(moment),
    }


def preconditioning_schedule_data(moment: Moment) -> dict[str, Any]:
    """Return the preconditioning schedules; times in minutes of the day."""
    return {
        "max_num_precondition_schedules": _MOST,
        "next_schedule": False,
        "precondition_schedules": list(moment.state.charging.precondition_schedules),
        "preconditioning_schedule_window": None,
        "timestamp": _stamp(moment),
    }


def _stamp(moment: Moment) -> dict[str, int]:
    seconds, thousandths = divmod(moment.timestamp_ms, 1000)
    return {"seconds": seconds, "nanos": thousandths * 1_000_000}
