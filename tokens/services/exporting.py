"""What an export holds of Tesla accounts, access tokens and questions."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from accounts.services.exporting import CHUNK, Sheet, sheet
from events.latest import Snapshot
from tokens.models import (
    AccessToken,
    ConnectCode,
    HourlyToken,
    Inquiry,
    TeslaGrant,
    Usage,
)
from tokens.services import news

# What Tesla puts into a car's record that opens something.
_SECRET = frozenset({"tokens", "backseat_token", "cached_data"})


def exports(user: User) -> Iterator[Sheet]:
    """Yield what this app keeps of a user; no token, and no hash of one."""
    yield sheet(
        "tesla_accounts",
        "the Tesla accounts that you linked, and what you granted",
        TeslaGrant.objects.of(user).order_by("linked_at", "pk"),
        {
            "tesla_sub": "tesla_sub",
            "email": "tesla_email",
            "name": "tesla_name",
            "region": "region",
            "scopes": "scopes",
            "scopes_read_at": "scopes_at",
            "state": "state",
            "linked_at": "linked_at",
            "refreshed_at": "refreshed_at",
        },
    )
    yield sheet(
        "access_tokens",
        "the access tokens that you made; their texts are kept nowhere",
        AccessToken.objects.filter(user=user).order_by("created_at", "pk"),
        {
            "name": "name",
            "begins_with": "hint",
            "connected_program": "client_id",
            "created_at": "created_at",
            "last_used_at": "last_used_at",
            "last_used_by": "last_used_by",
        },
    )
    yield sheet(
        "hourly_tokens",
        "until when your connected programs may call before they fetch a new token",
        HourlyToken.objects.filter(access_token__user=user).order_by("pk"),
        {"connection": "access_token__name", "expires_at": "expires_at"},
    )
    yield sheet(
        "programs_allowed",
        "the programs that you allowed to connect within the last minutes",
        ConnectCode.objects.filter(user=user).order_by("pk"),
        {
            "name": "name",
            "program": "client_id",
            "sent_back_to": "redirect_uri",
            "expires_at": "expires_at",
            "used_at": "used_at",
        },
    )
    yield sheet(
        "counts_of_calls",
        "how often your programs called, by day, car or site, and price class",
        Usage.objects.filter(user=user).order_by("day_date", "pk"),
        {
            "day": "day_date",
            "access_token": "program",
            "client": "client",
            "about": "subject",
            "price_class": "price_class",
            "calls": "calls",
            "asked_of_tesla": "asked",
            "billed_by_tesla": "billed",
            "saved": "saved",
            "refused": "refused",
            "failed": "failed",
            "duration_ms": "duration_ms",
            "longest_ms": "longest_ms",
        },
    )
    yield Sheet(
        "questions_to_tesla",
        "what pages asked Tesla for you, and the answers",
        ("asked_at", "about", "endpoint", "state", "answered_at", "error", "answer"),
        _questions(user),
    )
    yield Sheet(
        "credits_last_told",
        "what your programs were told last of your credits",
        ("product", "name", "value", "told_at"),
        _credits(user),
    )


def told(known: Snapshot) -> Iterator[tuple[str, str, Any, datetime]]:
    """Yield product, name, value and moment of each newest value that was told."""
    found = [
        (name, json.loads(one.value), one.at_ms) for name, one in known.signals.items()
    ]
    for topic, event in known.others.items():
        content = without_secrets(json.loads(event.body))
        found.append((topic.value, content, event.at_ms))
    for name, value, at_ms in sorted(found, key=lambda one: one[0]):
        yield known.product, name, value, datetime.fromtimestamp(at_ms / 1000, UTC)


def without_secrets(answer: Any) -> Any:
    """Return an answer of Tesla's without what opens something, at any depth."""
    if isinstance(answer, dict):
        return {
            key: without_secrets(value)
            for key, value in answer.items()
            if key not in _SECRET
        }
    if isinstance(answer, list):
        return [without_secrets(value) for value in answer]
    return answer


def _credits(user: User) -> Iterator[tuple[Any, ...]]:
    """Yield what was told. Raises `StillKept` while Redis is away."""
    for known in news.known(user.pk):
        if not known.product:
            yield from told(known)


def _questions(user: User) -> Iterator[tuple[Any, ...]]:
    asked = (
        Inquiry.objects.filter(user=user)
        .order_by("asked_at", "pk")
        .values_list(
            "asked_at",
            "subject",
            "endpoint",
            "state",
            "answered_at",
            "error_title",
            "answer",
        )
    )
    for *facts, answer in asked.iterator(chunk_size=CHUNK):
        yield *facts, without_secrets(answer)
