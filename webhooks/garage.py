"""The cars a person may choose for a webhook, as the floors above know them.

Webhooks stand below cars: who knows cars says at start how to list them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Car:
    """One car that a person sees: its VIN and what it is called."""

    vin: str
    name: str


Lister = Callable[[User], Sequence[Car]]
_listers: list[Lister] = []


def use(lister: Lister) -> None:
    """Take the one way to list a person's cars; a later one replaces it."""
    _listers[:] = [lister]


def cars_of(user: User) -> tuple[Car, ...]:
    """Return the cars that a person sees, in the order of the pages."""
    return tuple(car for lister in _listers for car in lister(user))
