"""Renew a grant's pair of tokens, so that Tesla is asked once however many need it.

The order of steps is the whole point (docs/decisions/0006):
1. claim the lease by a conditional update, by the database's clock;
2. call Tesla, outside any transaction;
3. put the new pair into the spool, on disk;
4. store it where the lease is still ours, in a second transaction;
5. only now is it used.
A failure that time can heal makes everybody wait until `next_refresh_at`; a grant that
only its person can heal is not tried again.
"""

import logging
import time
import uuid
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

import fleet
from accounts import crypto
from fleet import errors as fleet_errors, oauth
from tokens.models import TeslaGrant
from tokens.services import fleet_app, scope_trail, sealing, spool

_LOG = logging.getLogger(__name__)
# Longer than two calls to Tesla and storing can take.
LEASE = timedelta(seconds=60)
WAIT_S = 20.0
_ENDED = "Tesla has ended this link, as it does after a new password"
_UNDECRYPTABLE = "What Keyfob keeps of it cannot be decrypted"
_FIRST_PAUSE_S = 0.03
_LONGEST_PAUSE_S = 0.25
_SHORTEST_BACKOFF = timedelta(seconds=15)
_LONGEST_BACKOFF = timedelta(hours=1)
STORE_AGAIN_AFTER_S = (0.1, 0.5, 1.0, 2.0, 4.0)


class NeedsRelink(fleet.LoginRequired):
    """Only the person can help: the Tesla account must be linked again."""


class TeslaBusy(fleet.Unreachable):
    """Tesla does not renew tokens just now; `retry_after_s` says when to try again."""


def renew(grant: TeslaGrant) -> None:
    """Renew the pair, unless somebody has since this row was read; update the row.

    Waits up to 20 s while another process renews. Raises `NeedsRelink` and
    `TeslaBusy`; must not be called inside a transaction.
    """
    known = grant.generation
    deadline = time.monotonic() + WAIT_S
    pause_s = _FIRST_PAUSE_S
    while True:
        reload(grant)
        if grant.generation > known:
            return
        _heed_backoff(grant)
        lease_id = claim(grant)
        if lease_id is not None:
            _keep(grant, lease_id)
            return
        if time.monotonic() > deadline:
            raise TeslaBusy("Another process is renewing and does not finish.")
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


def reload(grant: TeslaGrant) -> None:
    """Read the row again. Raises `NeedsRelink` when it is gone or cannot be renewed."""
    try:
        grant.refresh_from_db()
    except TeslaGrant.DoesNotExist:
        raise NeedsRelink("The Tesla account is not linked any more.") from None
    if grant.state != TeslaGrant.State.ACTIVE:
        raise NeedsRelink(grant.last_error)


def flag_undecryptable(grant: TeslaGrant) -> None:
    """Note that the sealed columns do not open, so that the person links again."""
    _LOG.error("Grant %s cannot be decrypted.", grant.pk)
    _give_up(TeslaGrant.objects.filter(pk=grant.pk), _UNDECRYPTABLE)


def claim(grant: TeslaGrant) -> uuid.UUID | None:
    """Take the lease of this very generation; None when somebody else has it."""
    lease_id = uuid.uuid4()
    with transaction.atomic(durable=True):
        claimed = (
            TeslaGrant.objects.filter(
                pk=grant.pk,
                generation=grant.generation,
                state=TeslaGrant.State.ACTIVE,
            )
            .filter(Q(lease_until=None) | Q(lease_until__lte=Now()))
            .update(lease_id=lease_id, lease_until=Now() + LEASE)
        )
    return lease_id if claimed else None


def _keep(grant: TeslaGrant, lease_id: uuid.UUID) -> None:
    """Get a new pair, from the spool or from Tesla, and store it."""
    try:
        used = sealing.unsealed(grant, "refresh_token_sealed")
        pair = spool.newest(grant) or ask_or_find(grant, used)
    except crypto.Undecryptable as error:
        flag_undecryptable(grant)
        raise NeedsRelink from error
    except fleet.FleetError as error:
        note_failure(grant, lease_id, error)
        return
    store(grant, lease_id, pair, used=used)


def ask_or_find(grant: TeslaGrant, refresh_token: str) -> spool.Pair:
    """Ask Tesla for the next pair; when it refuses, look into the spool once more."""
    try:
        return ask(grant, refresh_token)
    except fleet.LoginRequired:
        # A keeper who was thought dead may have got a pair a moment ago.
        late = spool.newest(grant)
        if late is None:
            raise
        return late


def ask(grant: TeslaGrant, refresh_token: str) -> spool.Pair:
    """Ask Tesla for the next pair, and put it on disk before anything else.

    When Tesla refuses the current refresh token, the one before is tried once: an
    answer that never reached us may have left it the valid one.
    """
    if not refresh_token:
        raise fleet.LoginRequired("The grant has no refresh token.")
    try:
        answer = oauth.refresh(
            fleet_app.hosts(), fleet_app.application(), refresh_token
        )
    except fleet.Refused as error:
        previous = sealing.unsealed(grant, "previous_refresh_token_sealed")
        if not _is_gone(error) or not previous:
            raise
        answer = oauth.refresh(fleet_app.hosts(), fleet_app.application(), previous)
    pair = spool.Pair(
        access_token=answer.access_token,
        refresh_token=answer.refresh_token or refresh_token,
        expires_at=answer.expires_at,
    )
    spool.put(grant, pair)
    return pair


def store(
    grant: TeslaGrant, lease_id: uuid.UUID, pair: spool.Pair, *, used: str
) -> None:
    """Store a pair where the lease is still ours; try again while the database is away.

    The pair stays in the spool when the database does not take it in time.
    """
    columns = sealing.pair_columns(grant, pair, previous_refresh_token=used)
    stored = 0
    for pause_s in (*STORE_AGAIN_AFTER_S, None):
        try:
            with transaction.atomic(durable=True):
                stored = TeslaGrant.objects.filter(
                    pk=grant.pk, lease_id=lease_id
                ).update(**columns)
                if stored:
                    scope_trail.note(grant, after=sealing.scopes_of(grant, pair))
            break
        except OperationalError:
            if pause_s is None:
                raise
            connection.close_if_unusable_or_obsolete()
            time.sleep(pause_s)
    if stored:
        spool.clear(grant.pk)
    reload(grant)


def note_failure(
    grant: TeslaGrant, lease_id: uuid.UUID, error: fleet.FleetError
) -> None:
    """Give the lease back and write down why; raise what the caller must know.

    Nothing is written, and nothing raised, when the person has linked the account
    again in the meantime.
    """
    ours = TeslaGrant.objects.filter(pk=grant.pk, lease_id=lease_id)
    if _is_gone(error):
        if not _give_up(ours, _ENDED):
            reload(grant)
            return
        _LOG.warning("Grant %s must be linked again.", grant.pk)
        raise NeedsRelink(
            _ENDED, status=error.status, code=error.code, txid=error.txid
        ) from error
    words = fleet_errors.explain(error).title
    pause = backoff(grant.failures, error.retry_after_s)
    ours.update(
        lease_id=None,
        lease_until=None,
        failures=F("failures") + 1,
        last_error=words,
        next_refresh_at=timezone.now() + pause,
    )
    raise TeslaBusy(words, retry_after_s=pause.total_seconds()) from error


def _give_up(grants: QuerySet[TeslaGrant], words: str) -> int:
    return grants.update(
        state=TeslaGrant.State.NEEDS_RELINK,
        lease_id=None,
        lease_until=None,
        next_refresh_at=None,
        last_error=words,
    )


def _is_gone(error: fleet.FleetError) -> bool:
    return isinstance(error, fleet.LoginRequired)


def backoff(failures: int, retry_after_s: float | None) -> timedelta:
    """Return how long nobody asks Tesla: doubled each time, at most an hour."""
    pause = min(_SHORTEST_BACKOFF * (1 << min(failures, 10)), _LONGEST_BACKOFF)
    return max(pause, timedelta(seconds=min(retry_after_s or 0, 3600)))


def _heed_backoff(grant: TeslaGrant) -> None:
    """Raise `TeslaBusy` while a failure is so recent that nobody may ask again."""
    if not grant.failures or grant.next_refresh_at is None:
        return
    left_s = (grant.next_refresh_at - timezone.now()).total_seconds()
    if left_s > 0:
        raise TeslaBusy(grant.last_error, retry_after_s=left_s)
