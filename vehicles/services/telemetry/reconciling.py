"""Bring to Tesla what a car is wanted to stream, and see whether the car took it."""

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

import fleet
from accounts import crypto
from fleet.endpoints import BY_NAME
from tokens.services import grants
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import asker, claims, queue, telling
from vehicles.services.telemetry.destination import Destination
from vehicles.services.telemetry.looking import look
from vehicles.services.telemetry.refusals import (
    FULL,
    SKIPPED,
    Code,
    code_of,
    details_of,
)
from vehicles.services.telemetry.stopping import delete_at_tesla

_LOG = logging.getLogger(__name__)
_SOON = timedelta(seconds=20)
_HOUR = timedelta(hours=1)
_SLOWLY = timedelta(hours=6)
_FULL_AGAIN = timedelta(minutes=2), timedelta(minutes=30)
_FAULT_AGAIN = timedelta(seconds=30), _HOUR
_REFUSED_AGAIN = timedelta(minutes=5), _SLOWLY
_WELL: dict[str, Any] = {
    "refusal": "",
    "refusal_details": "",
    "refused_at": None,
    "attempts": 0,
}


@dataclass(slots=True)
class Outcome:
    """What came of a try: columns to store, when to go on, whether Tesla answered."""

    pause: timedelta
    columns: dict[str, Any] = field(default_factory=dict)
    is_answered: bool = True


def reconcile(vin: str, there: Destination) -> bool:
    """Bring a car's wish to Tesla, or look how it stands; return whether to go on now.

    Does nothing unless it is the car's turn. Faults of Tesla's are noted and tried
    again later. Who sees the car is told how it stands then.
    """
    row = queue.claim(vin)
    if row is None:
        return False
    access = asker.choose(row)
    try:
        outcome = (
            _refused(row, access)
            if isinstance(access, Code)
            else _asked(row, access, there)
            if row.fields
            else _taken_away(row, access)
        )
    except fleet.FleetError as error:
        if isinstance(access, VehicleAccess):
            asker.renew_soon(access, error)
        outcome = _failed(row, error)
    except crypto.Undecryptable:
        _LOG.exception("A car's streaming settings cannot be signed.")
        outcome = _refused(row, Code.NO_KEY)
    outcome.columns["destination_digest"] = there.digest
    goes_on = queue.finish(
        row, outcome.columns, outcome.pause, is_answered=outcome.is_answered
    )
    telling.tell_configs([vin])
    return goes_on


def _taken_away(row: TelemetryConfig, access: VehicleAccess) -> Outcome:
    """Delete the car's configuration at Tesla, then the row, unless it is wanted anew."""
    with suppress(fleet.NotFound):
        delete_at_tesla(row.vehicle.vin, grants.client_for(access.grant))
    mine = TelemetryConfig.objects.filter(pk=row.pk)
    mine.filter(generation=row.generation).delete()
    return Outcome(_SOON, _forgotten())


def _forgotten() -> dict[str, Any]:
    return {
        "confirmed": None,
        "confirmed_digest": "",
        "confirmed_at": None,
        "expires_at": None,
        "synced_at": None,
    }


def _asked(row: TelemetryConfig, access: VehicleAccess, there: Destination) -> Outcome:
    """Send the wish where Tesla has another or none, then look how it stands."""
    client, now = grants.client_for(access.grant), timezone.now()
    config = claims.config_of(row, there)
    was_full = row.refusal in FULL
    is_to_send = was_full or _is_other(row, config, now)
    seen = look(client, row) if was_full or not is_to_send else None
    if was_full and seen is not None and seen.has_no_place:
        return _refused(row, Code(row.refusal))
    if seen is None or is_to_send or not claims.agree(seen.config, config):
        skipped = _push(client, row, config, now)
        if skipped is not None:
            return _refused(row, *skipped)
        seen = look(client, row)
    columns = _WELL | seen.columns(row, now)
    if seen.has_no_place:
        return _refused(row, Code.LIMIT_REACHED, columns=columns)
    if seen.config is None:
        return _refused(row, Code.NOT_KEPT, columns=columns)
    if not claims.agree(seen.config, config):
        # Sent just now, and Tesla shows another: an old one still, its own way to
        # write it, or what somebody else sends. No refusal, but never in a hurry.
        pause = queue.backed_off(row.attempts, *_REFUSED_AGAIN)
        return Outcome(pause, columns | {"attempts": row.attempts})
    return Outcome(_next_look(row, columns, now), columns)


def _is_other(row: TelemetryConfig, config: dict[str, Any], now: datetime) -> bool:
    """Tell whether what Tesla has is not what is wanted, or ends before long."""
    return (
        row.confirmed_digest != claims.digest_of(config)
        or row.expires_at is None
        or row.expires_at - now <= claims.RENEWED_BEFORE
    )


def _push(
    client: fleet.Client, row: TelemetryConfig, config: dict[str, Any], now: datetime
) -> tuple[Code, str] | None:
    """Send the configuration, signed; return why Tesla skipped the car, None if not.

    That Tesla took it is stored at once, whatever happens after, and no refusal of
    before with it: programs that wait read both.
    """
    vin = row.vehicle.vin
    expiring, expires_at = claims.expiring(config, now)
    body = {"vins": [vin], "token": claims.signed(expiring)}
    answer = client.call(BY_NAME["fleet_telemetry_config_jws"], body=body)
    if not isinstance(answer, dict):
        raise fleet.Unreadable("Tesla's answer has another shape than expected")
    skipped = answer.get("skipped_vehicles")
    for code in SKIPPED:
        if isinstance(skipped, dict) and vin in (skipped.get(code) or ()):
            return code, ""
    if answer.get("updated_vehicles") != 1:
        return Code.REFUSED, str(answer)[:500]
    row.confirmed_at, row.synced_at, row.refusal = now, None, ""
    kept = TelemetryConfig.objects.filter(pk=row.pk).update(
        confirmed=expiring,
        confirmed_digest=claims.digest_of(config),
        confirmed_at=now,
        expires_at=expires_at,
        synced_at=None,
        car_error="",
        car_error_at=None,
        refusal="",
        refusal_details="",
        refused_at=None,
        answered_generation=row.generation,
    )
    if not kept:
        # The car's people have left meanwhile, and its row with them.
        delete_at_tesla(vin, client)
    return None


def _next_look(
    row: TelemetryConfig, columns: dict[str, Any], now: datetime
) -> timedelta:
    synced_at = columns["synced_at"]
    if synced_at is not None:
        return queue.pause_since(synced_at, now, timedelta(minutes=1), _SLOWLY)
    return queue.pause_since(row.confirmed_at or now, now, _SOON, _HOUR)


def _refused(
    row: TelemetryConfig,
    code: Code,
    details: str = "",
    *,
    columns: dict[str, Any] | None = None,
) -> Outcome:
    """Return a reason to store; it is tried again later, a full car sooner."""
    least, most = _FULL_AGAIN if code in FULL else _REFUSED_AGAIN
    found = {
        **(columns or {}),
        "attempts": row.attempts,
        "refusal": code.value,
        "refusal_details": details,
        "refused_at": timezone.now(),
        "limit_reached": code in FULL,
    }
    return Outcome(queue.backed_off(row.attempts, least, most), found)


def _failed(row: TelemetryConfig, error: fleet.FleetError) -> Outcome:
    """Return a fault to store: what heals with time is tried again before long."""
    code = code_of(error)
    outcome = _refused(row, code, details_of(error))
    if code is not Code.NO_ANSWER:
        return outcome
    _LOG.warning("A car's streaming was not set: %s", type(error).__name__)
    outcome.is_answered = False
    del outcome.columns["limit_reached"]
    if row.refusal in FULL:
        # That no place was free is still to be looked at first.
        del outcome.columns["refusal"]
    pause = queue.backed_off(row.attempts, *_FAULT_AGAIN)
    outcome.pause = max(pause, timedelta(seconds=error.retry_after_s or 0))
    return outcome
