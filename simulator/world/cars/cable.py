"""Put a cable into a standing car, or take it out, whatever its routine says."""

from dataclasses import replace

from simulator.world.cars.car import Car
from simulator.world.cars.routine import Plug, Routine

_HOME = Plug(240, 1, 48)
_HOME_METRIC = Plug(230, 3, 16)


def plug_in(car: Car) -> None:
    """Connect a charger for this stay and for each that repeats it; charging begins."""
    _change(car, _HOME_METRIC if car.spec.metric else _HOME)
    car.condition.charging.enabled = True


def unplug(car: Car) -> None:
    """Disconnect the charger for this stay and for each that repeats it."""
    _change(car, None)


def _change(car: Car, plug: Plug | None) -> None:
    car.settle()
    here = car.moment().leg
    legs = (
        replace(leg, plug=plug) if leg is here else leg for leg in car.spec.routine.legs
    )
    car.spec = replace(car.spec, routine=Routine(tuple(legs)))
    car.stir()
