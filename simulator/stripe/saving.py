"""Keep the pretend Stripe's entities in a file, so that a second start finds them."""

from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from simulator.saving import read_saved, write_saved
from simulator.stripe.desk import Desk
from simulator.stripe.entities import Customer, Invoice, Session, Subscription

_NAME = "stripe.json"
_Entity = TypeVar("_Entity", Customer, Invoice, Session, Subscription)


def save(desk: Desk, folder: Path) -> None:
    """Write all entities and the time of the pretend Stripe to a folder."""
    machine = desk.machine
    saved = {
        "ahead_s": desk.clock.ahead_s,
        "customers": [asdict(one) for one in machine.customers.values()],
        "invoices": [asdict(one) for one in machine.invoices.values()],
        "sessions": [asdict(one) for one in machine.sessions.values()],
        "subscriptions": [asdict(one) for one in machine.subscriptions.values()],
    }
    write_saved(folder, saved, _NAME)


def take_up(desk: Desk, folder: Path) -> None:
    """Read what was saved before, if anything was. Raises ValueError for a bad file."""
    saved = read_saved(folder, _NAME)
    if saved is None:
        return
    machine = desk.machine
    desk.clock.advance(saved["ahead_s"])
    machine.customers = _all(Customer, saved["customers"])
    machine.invoices = _all(Invoice, saved["invoices"])
    machine.sessions = _all(Session, saved["sessions"])
    machine.subscriptions = _all(Subscription, saved["subscriptions"])


def _all(kind: type[_Entity], rows: list[dict[str, Any]]) -> dict[str, _Entity]:
    moments = {one.name for one in fields(kind) if "datetime" in str(one.type)}
    found: dict[str, _Entity] = {}
    for row in rows:
        for name in moments:
            row[name] = datetime.fromisoformat(row[name]) if row[name] else None
        if "items" in row:
            row["items"] = [(price, quantity) for price, quantity in row["items"]]
        found[row["id"]] = kind(**row)
    return found
