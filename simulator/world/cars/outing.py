"""Send a parked car on its next drive at once."""

from simulator.world.cars.car import Car


class NowhereToGo(Exception):
    """Say in words why a car does not set out."""


def drive_now(car: Car) -> None:
    """Leave out the rest of the stay, so that the routine goes on with its next drive.

    Raises NowhereToGo for a car that is on the road or never drives.
    """
    routine = car.spec.routine
    if routine.miles == 0:
        raise NowhereToGo(f"{car.name} has nowhere to go")
    leg, elapsed_s = routine.leg_at(car.origin_s, car.now_s)
    if leg.is_drive:
        raise NowhereToGo(f"{car.name} is on the road already")
    car.settle()
    waits_s, legs = leg.duration_s - elapsed_s, routine.legs
    following = legs.index(leg) + 1
    for place in range(following, following + len(legs)):
        ahead = legs[place % len(legs)]
        if ahead.is_drive:
            break
        waits_s += ahead.duration_s
    car.condition.skipped_s += waits_s
    wake = car.condition.wake
    wake.active_s, wake.online_s = car.now_s, min(wake.online_s, car.now_s)
