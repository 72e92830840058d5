"""Hold the delays of the simulated world, so that a test can shorten them."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tempo:
    """Say how long things take, in seconds.

    `wake_delay_s` of None draws 10 to 60 s for each wake-up; `sleep_after_s` of None
    gives each car its own patience of 10 to 15 minutes. For `busy_after_wake_s` a car
    that was woken up answers commands with being busy. New streaming settings reach
    a car that is online after `config_lag_s`.
    """

    wake_delay_s: float | None = None
    sleep_after_s: float | None = None
    report_lag_s: float = 3.0
    pairing_lag_s: float = 15.0
    write_lag_s: float = 3.0
    busy_after_wake_s: float = 2.0
    config_lag_s: float = 0.0
