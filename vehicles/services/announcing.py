"""Tell who sees a car of its state, and who read it of the reading.

A state is told to every account that sees the car and was told another one last, or
none: a car that streams says itself that it is online. A reading stays with the account
that made it, without the car's place where the owner hides it, and without the record's
own secrets.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from events import shapes
from events.event import Entry
from tokens.services import news
from vehicles import places
from vehicles.services import viewers

STATES = frozenset({"online", "asleep", "offline"})
_SECRET = frozenset({"tokens", "backseat_token", "cached_data"})


def tell_states(states: Mapping[str, str], at: datetime) -> None:
    """Tell the states of cars, by VIN, once the transaction is through.

    Who sees the cars is asked then, since it may have changed just before.
    """
    known = {vin: state for vin, state in states.items() if state in STATES}
    if known:
        transaction.on_commit(lambda: _publish_states(known, at), robust=True)


def tell_reading(
    account_id: UUID,
    vin: str,
    reading: Mapping[str, Any],
    at: datetime,
    *,
    sees_location: bool,
) -> None:
    """Tell an account a whole reading that it made of a car."""
    shown = {name: part for name, part in reading.items() if name not in _SECRET}
    shown = places.reading(shown, sees_location=sees_location)
    event = shapes.vehicle_data(vin, shown, _ms(at))
    news.tell([Entry(account_id, event)])


def _publish_states(states: Mapping[str, str], at: datetime) -> None:
    who = viewers.of(states)
    entries = (
        Entry(viewer.account_id, shapes.state(vin, state, _ms(at)))
        for vin, state in states.items()
        for viewer in who.get(vin, ())
    )
    news.tell_changed(entries, newer=True)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
