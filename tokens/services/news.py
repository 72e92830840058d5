"""Tell accounts what happened, on the streams of `events`, once a change is kept.

Redis holds nothing that is the truth: while it is away nothing is told, which is logged
and hurts nobody who waits.
"""

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

import redis
from django.db import transaction

from events import channel, forgetting, latest
from events.errors import Unavailable
from events.event import Entry
from tokens import shared
from tokens.services.last_answers import StillKept

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
# Stream clients read a line of at most 128 KiB; the rest is for the frame around it.
_MOST_BODY_BYTES = 120 * 1024
_MOMENT = "createdAt"


def tell(entries: Iterable[Entry]) -> None:
    """Publish once the transaction is through, or at once where there is none."""
    kept = tuple(entry for entry in entries if _fits(entry))
    if kept:
        transaction.on_commit(lambda: publish(kept))


def tell_changed(entries: Iterable[Entry], *, newer: bool = False) -> None:
    """Publish those that say something else than what their account was told last.

    When it was said does not count; with `newer` only what is no older than that.
    """
    tell(entry for entry in entries if _differs(entry, newer=newer))


def was_told(entry: Entry) -> bool:
    """Tell whether an account was told anything of an entry's kind and product."""
    event = entry.event
    return event.topic in newest(entry.account_id, event.product).others


def publish(entries: Iterable[Entry]) -> bool:
    """Publish at once; return whether Redis has taken them."""
    told = tuple(entries)

    def write(client: redis.Redis) -> bool:
        channel.publish(client, told)
        return True

    return ask(write) is True


def newest(account_id: UUID, product: str) -> latest.Snapshot:
    """Return what an account was told last of a car or a site, "" for its credits.

    Empty while Redis is away.
    """
    found = ask(lambda client: latest.snapshot(client, account_id, product))
    return found or latest.Snapshot(product)


def known(account_id: UUID) -> list[latest.Snapshot]:
    """Return all that an account was told last, by product.

    Raises `last_answers.StillKept` while Redis is away.
    """

    def read(client: redis.Redis) -> list[latest.Snapshot]:
        names = latest.products(client, account_id)
        return [latest.snapshot(client, account_id, name) for name in names]

    found = ask(read)
    if found is None:
        raise StillKept
    return found


def forget(
    account_id: UUID, is_lost: Callable[[str], bool] = lambda _product: True
) -> None:
    """Forget what an account was told of the products that it has lost.

    The newest values go, and what the streams still hold, told or not. Raises
    `last_answers.StillKept` while Redis is away; safe to repeat.
    """

    def delete(client: redis.Redis) -> bool:
        forgetting.forget(client, account_id, is_lost)
        names = latest.products(client, account_id)
        latest.forget(client, account_id, [one for one in names if is_lost(one)])
        return True

    if not ask(delete):
        raise StillKept


def forget_old() -> None:
    """Drop from the streams what is too old; while Redis is away, the next time."""

    def trim(client: redis.Redis) -> bool:
        forgetting.forget_old(client)
        return True

    ask(trim)


def ask(question: Callable[[redis.Redis], _T]) -> _T | None:
    """Return what `events` answers, None while Redis is away; see `tokens.shared`."""

    def plainly(client: redis.Redis) -> _T:
        try:
            return question(client)
        except Unavailable as error:
            raise redis.ConnectionError(str(error)) from error

    return shared.ask(plainly)


def _fits(entry: Entry) -> bool:
    if len(entry.event.body) <= _MOST_BODY_BYTES:
        return True
    _LOG.warning("An event %s is too long to be told.", entry.event.topic.value)
    return False


def _differs(entry: Entry, *, newer: bool) -> bool:
    event = entry.event
    told = newest(entry.account_id, event.product).others.get(event.topic)
    if told is None:
        return True
    is_late = newer and told.at_ms > event.at_ms
    return not is_late and _content(told.body) != _content(event.body)


def _content(body: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(body)
    content.pop(_MOMENT, None)
    return content
