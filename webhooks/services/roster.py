"""Keep who is to be told what, as the deliverer needs it."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from yarl import URL

from accounts.crypto import Undecryptable
from webhooks.models import DATA_KINDS, Endpoint
from webhooks.services import sealing
from webhooks.targets import Target

_LOG = logging.getLogger(__name__)
Includes = Callable[[str], bool]
_COLUMNS = (
    *("id", "url", "format", "kinds", "vins", "verify_tls", "max_rate"),
    *("batch_ms", "batch_max", "paused_at", "disabled_at", "secret_sealed"),
    *("old_secret_sealed", "old_secret_until", "authorization_sealed"),
    *("headers_sealed", "user_id"),
)


class Roster:
    """Hold all endpoints, reading again what changed; secrets are opened once.

    `entitlement` says what a person may be told: anything at all, asked with "", and
    about which car. People who are leaving or suspended are told nothing.
    """

    def __init__(self, entitlement: Callable[[UUID], Includes]) -> None:
        self._entitlement = entitlement
        self._includes: dict[UUID, Includes] = {}
        # None stands for one that nothing can be sent to.
        self._known: dict[UUID, tuple[tuple[Any, ...], Target | None]] = {}
        self.by_id: dict[UUID, Target] = {}
        self.failing: frozenset[UUID] = frozenset()
        self._by_user: dict[UUID, tuple[Target, ...]] = {}
        # What was asked since the endpoints were read, and its answer.
        self._wanting: dict[tuple[UUID, str, str], tuple[Target, ...]] = {}

    def refresh(self) -> None:
        """Read the endpoints again; two queries and what the entitlements cost."""
        known: dict[UUID, tuple[tuple[Any, ...], Target | None]] = {}
        includes: dict[UUID, Includes] = {}
        rows = Endpoint.objects.filter(user__is_active=True).order_by("created_at")
        failing = set()
        for row in rows.only(*_COLUMNS, "first_failure_at"):
            user_id = row.user_id
            if user_id not in includes:
                includes[user_id] = self._entitlement(user_id)
            if not includes[user_id](""):
                continue
            if row.first_failure_at is not None:
                failing.add(row.pk)
            facts = tuple(str(getattr(row, name)) for name in _COLUMNS)
            before = self._known.get(row.pk)
            if before is not None and before[0] == facts:
                known[row.pk] = before
            else:
                known[row.pk] = (facts, _target_or_none(row))
        self._known, self._includes = known, includes
        self.by_id = {key: target for key, (_, target) in known.items() if target}
        self.failing = frozenset(failing)
        self._by_user = _by_user(self.by_id.values())
        self._wanting = {}

    def wanting(self, user_id: UUID, kind: str, product: str) -> tuple[Target, ...]:
        """Return who is told of this kind of news about this product.

        Who sends nothing now still gets events, which wait for it, but no data.
        """
        known, asked = self._wanting, (user_id, kind, product)
        found = known.get(asked)
        if found is None:
            found = known[asked] = self._find(user_id, kind, product)
        return found

    def _find(self, user_id: UUID, kind: str, product: str) -> tuple[Target, ...]:
        includes = self._includes.get(user_id)
        if includes is None or not includes(product):
            return ()
        return tuple(
            target
            for target in self._by_user.get(user_id, ())
            if target.wants(kind, product)
            and (target.is_sending or kind not in DATA_KINDS)
        )


def target_of(endpoint: Endpoint) -> Target:
    """Return an endpoint ready to send; one whose secrets do not open has no keys."""
    try:
        keys = _keys(endpoint)
        headers = tuple(sealing.headers(endpoint).items())
        authorization = sealing.authorization(endpoint)
    except Undecryptable:
        keys, headers, authorization = (), (), ""
    if authorization:
        headers = (*headers, ("Authorization", authorization))
    return Target(
        endpoint_id=endpoint.pk,
        user_id=endpoint.user_id,
        address=URL(endpoint.url),
        format=endpoint.format,
        kinds=frozenset(endpoint.kinds),
        vins=frozenset(endpoint.vins),
        verify_tls=endpoint.verify_tls,
        max_rate=endpoint.max_rate,
        batch_s=endpoint.batch_ms / 1000,
        batch_max=endpoint.batch_max,
        is_sending=endpoint.is_sending,
        _keys=keys,
        _headers=headers,
    )


def _target_or_none(endpoint: Endpoint) -> Target | None:
    """Return an endpoint ready to send; one that cannot be read keeps nobody waiting."""
    try:
        return target_of(endpoint)
    except ValueError as error:
        # The error's text may hold the address, which may hold a secret.
        _LOG.error(
            "Webhook %s cannot be read (%s) and is told nothing",
            endpoint.pk,
            type(error).__name__,
        )
        return None


def _keys(endpoint: Endpoint) -> tuple[tuple[bytes, datetime | None], ...]:
    newest = sealing.key_of(endpoint, "secret_sealed")
    if not endpoint.old_secret_sealed or endpoint.old_secret_until is None:
        return ((newest, None),)
    old = sealing.key_of(endpoint, "old_secret_sealed")
    return ((newest, None), (old, endpoint.old_secret_until))


def _by_user(targets: Iterable[Target]) -> dict[UUID, tuple[Target, ...]]:
    found: dict[UUID, tuple[Target, ...]] = {}
    for target in targets:
        found[target.user_id] = (*found.get(target.user_id, ()), target)
    return found
