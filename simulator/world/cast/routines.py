"""Say how the cars of the cast spend their days.

Routines begin with the world, not with the sun, so that a demo and a test find every
car in the same condition at whatever hour they start. Each one charges as much as it
drives, so the rounds repeat.
"""

from simulator.world.cars.routine import Leg, Place, Plug, Routine
from simulator.world.cast.places import (
    BERLIN,
    GARAGE_PLUG,
    HOME_LEFT,
    HOME_RIGHT,
    LEIPZIG,
    PALO_ALTO,
    POTSDAM,
    ROADSIDE,
    SAN_JOSE,
    SPANDAU,
)

_HOUR_S = 3600.0


def _park(hours: float, place: Place, plug: Plug | None = None) -> Leg:
    return Leg(hours * _HOUR_S, place, plug=plug)


def _drive(minutes: float, start: Place, place: Place, miles: float) -> Leg:
    return Leg(minutes * 60.0, place, miles=miles, start=start)


COMMUTER = Routine(
    (
        _park(6.0, PALO_ALTO),
        _drive(40.0, PALO_ALTO, SAN_JOSE, 18.6),
        _park(8.0, SAN_JOSE),
        _drive(50.0, SAN_JOSE, PALO_ALTO, 19.1),
        _park(8.5, PALO_ALTO, HOME_LEFT),
    )
)
"""Red: at home without a cable for six hours, then to work and back to its cable."""

WEEKEND = Routine(
    (
        _park(20.0, PALO_ALTO, HOME_RIGHT),
        _drive(75.0, PALO_ALTO, SAN_JOSE, 21.4),
        _park(1.25, SAN_JOSE),
        _drive(90.0, SAN_JOSE, PALO_ALTO, 20.2),
    )
)
"""Luna: on the cable and full for twenty hours, then one outing."""

SHOPPING = Routine(
    (
        _park(10.0, PALO_ALTO),
        _drive(35.0, PALO_ALTO, SAN_JOSE, 17.9),
        _park(0.25, SAN_JOSE, ROADSIDE),
        _drive(35.0, SAN_JOSE, PALO_ALTO, 17.9),
        _park(12.0 + 35.0 / 60.0, PALO_ALTO),
    )
)
"""Granny: mostly parked on the street, charged in town."""

TAXI = Routine(
    (
        _drive(24.0, BERLIN, SPANDAU, 11.2),
        _drive(25.0, SPANDAU, BERLIN, 11.7),
        _park(11.0 / 60.0, BERLIN, ROADSIDE),
    )
)
"""Blitz: to Spandau and back every hour, with a fast charge in between."""

ERRANDS = Routine(
    (
        _park(19.0, BERLIN, GARAGE_PLUG),
        _drive(100.0, BERLIN, POTSDAM, 48.0),
        _park(1.5, POTSDAM),
        _drive(110.0, POTSDAM, BERLIN, 47.0),
    )
)
"""Charger: on the cable of the garage for the time the charge takes, and longer."""

RESTING = Routine((_park(24.0, LEIPZIG),))
"""Nimbus: in an underground car park, out of reach."""
