"""Add, change, pause and remove endpoints, and renew their secrets."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.crypto import Undecryptable
from accounts.models import User
from webhooks import addresses, ids, samples, signing
from webhooks.errors import TooManyEndpoints, Unusable
from webhooks.models import MOST_ENDPOINTS, Delivery, Endpoint, Kind, Message
from webhooks.networks import policy
from webhooks.services import locks, sealing, standing

OVERLAP = timedelta(hours=24)
# Deliverers read each second what changed: nothing more goes the old way after this.
KNOWN_WITHIN = timedelta(seconds=2)
MOST_RATE = 50
LONGEST_BATCH_MS = 10_000
MOST_IN_BATCH = 100
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_MOST_VINS = 1000


class Wishes(TypedDict, total=False):
    """What somebody can say about an endpoint; what is left out stays as it is.

    `kinds` are values of `Kind`; no `vins` means all cars. An empty `authorization`
    or `headers` removes them. Rates are deliveries a second.
    """

    name: str
    format: str
    kinds: Iterable[str]
    vins: Iterable[str]
    authorization: str
    headers: Mapping[str, str]
    verify_tls: bool
    max_rate: int
    batch_ms: int
    batch_max: int


class Changes(Wishes, total=False):
    """The same, and another address."""

    url: str


def add(user: User, url: str, **wishes: Unpack[Wishes]) -> tuple[Endpoint, str]:
    """Make an endpoint; return the row and its secret, which is shown once.

    Without `kinds` it is told everything. Parallel calls queue at the user's row, so
    that nobody passes the limit. Raises `Unusable` and `TooManyEndpoints`.
    """
    endpoint, secret = Endpoint(user=user), signing.new_secret()
    _apply(endpoint, {"kinds": list(Kind.values), "url": url, **wishes})
    sealing.put(endpoint, "secret_sealed", secret)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if Endpoint.objects.filter(user=user).count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints
        endpoint.save(force_insert=True)
    audit.record(user, "webhook.added", subject=str(endpoint.pk))
    return endpoint, secret


def change(endpoint: Endpoint, **wishes: Unpack[Changes]) -> Endpoint:
    """Change what is said; what waits goes to the new address. Raises `Unusable`.

    It goes without waiting for its next try once the way there is another one.
    """
    now, before = timezone.now(), _way(endpoint)
    columns = _apply(endpoint, wishes)
    with transaction.atomic():
        locks.locked([endpoint.pk])
        if _way(endpoint) != before:
            standing.hasten(endpoint, now, from_at=now + KNOWN_WITHIN)
            columns.append("closed_until")
        endpoint.save(update_fields=columns)
    audit.record(endpoint.user, "webhook.changed", subject=str(endpoint.pk))
    return endpoint


def remove(endpoint: Endpoint) -> None:
    """Delete an endpoint with its deliveries; nothing more is sent to it."""
    key = str(endpoint.pk)
    user = endpoint.user
    locks.delete(endpoint.pk)
    audit.record(user, "webhook.removed", subject=key)


def pause(endpoint: Endpoint) -> None:
    """Send nothing until it is resumed; events wait for it, data is left out."""
    endpoint.paused_at = timezone.now()
    endpoint.save(update_fields=["paused_at"])


def resume(endpoint: Endpoint) -> None:
    """Send again, to a paused endpoint or a disabled one, and count failures anew.

    What waits goes at once, whenever its next try would have been.
    """
    fresh: dict[str, Any] = {
        "paused_at": None,
        "disabled_at": None,
        "disabled_reason": Endpoint.Disabled.NOT,
        "first_failure_at": None,
        "consecutive_failures": 0,
        "failed_hours": 0,
        "outage_s": 0,
        "outage_at": None,
        "notices": 0,
    }
    for column, value in fresh.items():
        setattr(endpoint, column, value)
    with transaction.atomic():
        locks.locked([endpoint.pk])
        standing.hasten(endpoint, timezone.now())
        endpoint.save(update_fields=[*fresh, "closed_until"])
    audit.record(endpoint.user, "webhook.resumed", subject=str(endpoint.pk))


def roll_secret(endpoint: Endpoint) -> str:
    """Make a new secret and return it; the old one signs beside it for 24 hours.

    One that no key opens any more signs no more, and what it held up is sent at once.
    """
    secret, now = signing.new_secret(), timezone.now()
    columns = ["secret_sealed", "old_secret_sealed", "old_secret_until"]
    try:
        old, until = sealing.take(endpoint, "secret_sealed"), now + OVERLAP
    except Undecryptable:
        old, until = "", now
    sealing.put(endpoint, "old_secret_sealed", old)
    sealing.put(endpoint, "secret_sealed", secret)
    endpoint.old_secret_until = until
    with transaction.atomic():
        locks.locked([endpoint.pk])
        if not old:
            standing.hasten(endpoint, now, from_at=now + KNOWN_WITHIN)
            columns.append("closed_until")
        endpoint.save(update_fields=columns)
    audit.record(endpoint.user, "webhook.secret_rolled", subject=str(endpoint.pk))
    return secret


def test(endpoint: Endpoint, kind: str) -> Delivery:
    """Have a test of one kind sent at once, paused or not; it counts for nothing.

    Raises `Unusable` for a kind that is not known, and `Endpoint.DoesNotExist` where it
    was removed meanwhile.
    """
    if kind not in Kind.values:
        raise Unusable("kinds", "There is no such kind of news.")
    now = timezone.now()
    vin = endpoint.vins[0] if endpoint.vins else samples.VIN
    at_ms = int(now.timestamp() * 1000)
    with transaction.atomic():
        if not locks.locked([endpoint.pk]):
            raise Endpoint.DoesNotExist
        message = Message.objects.create(
            id=ids.new(at_ms),
            user_id=endpoint.user_id,
            topic=kind,
            product="" if kind == Kind.CREDITS else vin,
            body=samples.body(kind, vin, at_ms),
            occurred_at=now,
        )
        return Delivery.objects.create(
            message=message, endpoint=endpoint, purpose=Delivery.Purpose.TEST
        )


def _apply(endpoint: Endpoint, wishes: Mapping[str, Any]) -> list[str]:
    """Check what is said and put it into the row; return the columns that changed."""
    columns = []
    for name, value in wishes.items():
        checked = _CHECKS[name](value)
        if name in {"authorization", "headers"}:
            sealing.put(endpoint, f"{name}_sealed", checked)
            columns.append(f"{name}_sealed")
        else:
            setattr(endpoint, name, checked)
            columns.append(name)
    return columns


def _way(endpoint: Endpoint) -> tuple[Any, ...]:
    """Return what decides whether a request gets through, None for what does not open."""
    opened: list[str | None] = []
    for column in ("authorization_sealed", "headers_sealed"):
        try:
            opened.append(sealing.take(endpoint, column))
        except Undecryptable:
            opened.append(None)
    return (endpoint.url, endpoint.verify_tls, *opened)


def _headers(value: Any) -> str:
    checked = addresses.check_headers(value)
    return json.dumps(checked) if checked else ""


def _kinds(value: Any) -> list[str]:
    chosen = set(value)
    if not chosen or not chosen <= set(Kind.values):
        raise Unusable("kinds", "Choose at least one of the kinds.")
    return [kind for kind in Kind.values if kind in chosen]


def _vins(value: Any) -> list[str]:
    chosen = sorted({str(vin).strip().upper() for vin in value})
    if len(chosen) > _MOST_VINS or not all(_VIN.fullmatch(vin) for vin in chosen):
        raise Unusable("vins", "A VIN has 17 letters and digits.")
    return chosen


def _format(value: Any) -> str:
    if value not in Endpoint.Format.values:
        raise Unusable("format", "There is no such format.")
    return str(value)


def _whole(field: str, least: int, most: int) -> Any:
    def check(value: Any) -> int:
        if not isinstance(value, int) or not least <= value <= most:
            raise Unusable(field, f"It must be between {least} and {most}.")
        return value

    return check


def _name(value: Any) -> str:
    text = "".join(sign for sign in str(value).strip() if sign.isprintable())
    if len(text) > 80:
        raise Unusable("name", "It may have 80 characters at most.")
    return text


_CHECKS: dict[str, Any] = {
    "url": lambda value: addresses.check_url(
        value, policy(settings.WEBHOOKS_PRIVATE_NETWORKS)
    ),
    "name": _name,
    "format": _format,
    "kinds": _kinds,
    "vins": _vins,
    "authorization": lambda value: addresses.check_value("authorization", value),
    "headers": _headers,
    "verify_tls": bool,
    "max_rate": _whole("max_rate", 1, MOST_RATE),
    "batch_ms": _whole("batch_ms", 0, LONGEST_BATCH_MS),
    "batch_max": _whole("batch_max", 1, MOST_IN_BATCH),
}
