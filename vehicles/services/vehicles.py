"""Cars: list them, note what Tesla says of them, choose who asks, forget the gone."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

import fleet
from accounts.models import User
from fleet.shapes import FleetStatus, VehicleRecord
from tokens.models import Inquiry, TeslaGrant
from tokens.readings import one_line
from tokens.services import inquiries, lists
from vehicles.models import Vehicle, VehicleAccess
from vehicles.places import sees_location
from vehicles.services import announcing, keys, losses

_LOG = logging.getLogger(__name__)
FLEET_STATUS_EVERY = timedelta(hours=1)
_RANKS = {
    VehicleAccess.AccessType.OWNER: 0,
    VehicleAccess.AccessType.DRIVER: 1,
    VehicleAccess.AccessType.GUEST: 2,
}
_MOST_KEYS = 1000


def sync(grant: TeslaGrant, client: fleet.Client) -> None:
    """List the grant's cars anew, and ask about keys and firmware where that is old.

    A car that Tesla does not list any more is marked as gone, and what was told of it
    forgotten, as is its place once that is hidden. No car is woken, and what fails for
    one car's key leaves the others alone. Raises `FleetError` when the list itself fails;
    nothing has changed then.
    """
    records = (VehicleRecord.read(product) for product in client.products())
    found = sorted((record for record in records if record), key=lambda one: one.vin)
    now = timezone.now()
    with transaction.atomic():
        accesses = [_store(grant, record, now) for record in found]
        states = {record.vin: one_line(record.state)[:16] for record in found}
        announcing.tell_states(_note_states(states, now), now)
        VehicleAccess.objects.filter(grant=grant, gone_at=None).exclude(
            pk__in=[access.pk for access in accesses]
        ).update(gone_at=now)
        transaction.on_commit(lambda: losses.forget_lost(grant), robust=True)
    _ask_fleet_status(accesses, client, now)
    lists.note_read(grant, lists.Of.VEHICLES, timezone.now())


def note_answer(access: VehicleAccess, inquiry: Inquiry) -> None:
    """Keep what an answer says about the car; an older answer changes nothing."""
    at, answer = inquiry.answered_at, inquiry.answer
    if inquiry.state != Inquiry.State.ANSWERED or at is None:
        return
    if not isinstance(answer, dict):
        return
    if inquiry.endpoint == "vehicle_data":
        if note_reading(access, answer, at):
            announcing.tell_reading(
                access.grant.user_id,
                access.vehicle.vin,
                answer,
                at,
                sees_location=sees_location(access),
            )
    elif inquiry.endpoint == "fleet_status":
        note_fleet_status(access.vehicle, answer, at)
    else:
        note_record(access, answer, at)


def note_reading(
    access: VehicleAccess, reading: Mapping[str, Any], at: datetime
) -> bool:
    """Keep a car's values, as they were read at a moment, unless newer ones are here.

    Return whether they were kept.
    """
    kept = (
        VehicleAccess.objects.filter(pk=access.pk)
        .filter(Q(vehicle_data_at=None) | Q(vehicle_data_at__lt=at))
        .update(vehicle_data=dict(reading), vehicle_data_at=at)
    )
    note_record(access, {**reading, "state": "online"}, at)
    return bool(kept)


def note_record(
    access: VehicleAccess, document: Mapping[str, Any], at: datetime
) -> None:
    """Keep a car's state, as its record says it at a moment, and tell a new one."""
    record = VehicleRecord.read(document)
    if record is None or not record.state:
        return
    state = one_line(record.state)[:16]
    row = Vehicle.objects.filter(pk=access.vehicle_id)
    if _note_state(row, state, at, in_service=record.in_service):
        announcing.tell_states({access.vehicle.vin: state}, at)


def note_seen(seen: Mapping[str, tuple[str, datetime]]) -> None:
    """Keep and tell the states that programs' calls showed: state and when, by VIN."""
    for vin, (state, at) in seen.items():
        announcing.tell_states(_note_states({vin: state}, at), at)


def _note_states(states: Mapping[str, str], at: datetime) -> dict[str, str]:
    """Keep the states of cars, by VIN; return those of which no newer one is here."""
    return {
        vin: state
        for vin, state in states.items()
        if state and _note_state(Vehicle.objects.filter(vin=vin), state, at)
    }


def _note_state(
    row: QuerySet[Vehicle], state: str, at: datetime, **columns: object
) -> bool:
    """Keep the state of one car; return False where a newer one is here."""
    older = row.filter(Q(state_at=None) | Q(state_at__lte=at))
    return bool(older.update(state=state, state_at=at, **columns))


def note_fleet_status(
    vehicle: Vehicle, document: Mapping[str, Any], at: datetime
) -> None:
    """Keep what fleet status says of one car; the row passed in is brought up to date.

    Raises `fleet.Unreadable` for an answer without any of its parts.
    """
    if not {"key_paired_vins", "unpaired_vins", "vehicle_info"} & document.keys():
        raise fleet.Unreadable("Tesla's fleet status has another shape than expected")
    status = FleetStatus.read(document, vehicle.vin)
    total = status.total_number_of_keys
    columns: dict[str, Any] = {
        "key_paired": status.key_paired,
        "protocol_required": status.command_protocol_required,
        "firmware": one_line(status.firmware_version)[:64],
        "fleet_telemetry_version": one_line(status.fleet_telemetry_version)[:32],
        "total_number_of_keys": total if 0 <= (total or 0) <= _MOST_KEYS else None,
        "discounted": status.discounted_device_data,
        "safety_screen_streaming_toggle": status.streaming_toggle_enabled,
        "fleet_status_at": at,
    }
    Vehicle.objects.filter(pk=vehicle.pk).update(**columns)
    for column, value in columns.items():
        setattr(vehicle, column, value)


def check_key(access: VehicleAccess, client: fleet.Client) -> None:
    """Ask fleet status about this one car and keep it; the row is brought up to date."""
    vehicle = access.vehicle
    answer = client.fleet_status([vehicle.vin])
    note_fleet_status(vehicle, answer, timezone.now())


def note_failed_check(access: VehicleAccess, error: fleet.FleetError) -> None:
    """Keep in words why a key could not be checked, for the page that waits."""
    user = access.grant.user
    asked = inquiries.ask(user, access.grant, "fleet_status", access.vehicle.vin)
    claimed = inquiries.claim(asked.pk)
    if claimed is not None:
        inquiries.fail(claimed, error)


def failed_checks(user: User) -> dict[str, tuple[str, str, datetime]]:
    """Return title, words and time of the last failed key check, by VIN; one query."""
    failed = Inquiry.objects.filter(
        user=user,
        endpoint="fleet_status",
        state=Inquiry.State.FAILED,
        answered_at__gt=timezone.now() - keys.WATCHED_FOR,
    ).order_by("answered_at")
    return {
        inquiry.subject: (inquiry.error_title, inquiry.error_words, inquiry.answered_at)
        for inquiry in failed
        if inquiry.answered_at
    }


def preference(access: VehicleAccess) -> tuple[bool, bool, int, int, datetime, int]:
    """Return what to sort accesses by, so that the one to ask with comes first.

    Cars still listed, grants that work, owners, more scopes, older grants.
    """
    grant = access.grant
    return (
        access.gone_at is not None,
        grant.state != TeslaGrant.State.ACTIVE,
        _RANKS[VehicleAccess.AccessType(access.access_type)],
        -len(grant.scopes),
        grant.linked_at,
        access.pk,
    )


def best_of(accesses: Iterable[VehicleAccess]) -> list[VehicleAccess]:
    """Return for each car the access to ask with, by the cars' names and VINs."""
    best: dict[str, VehicleAccess] = {}
    for access in sorted(accesses, key=preference):
        best.setdefault(access.vehicle.vin, access)
    return sorted(
        best.values(), key=lambda one: (one.vehicle.name.casefold(), one.vehicle.vin)
    )


def best_access(user: User, vin: str) -> VehicleAccess | None:
    """Return the user's access to ask about a car with, None for a stranger's car."""
    accesses = VehicleAccess.objects.of(user).filter(vehicle__vin=vin)
    return min(accesses, key=preference, default=None)


def needs_key(vehicle: Vehicle) -> bool:
    """Tell whether the car wants the virtual key and does not have it."""
    return keys.key_state(vehicle) is keys.KeyState.MISSING


def _store(grant: TeslaGrant, record: VehicleRecord, now: datetime) -> VehicleAccess:
    columns: dict[str, Any] = {
        "name": one_line(record.name),
        "in_service": record.in_service,
    }
    if record.command_signing in Vehicle.CommandSigning.values:
        columns["command_signing"] = record.command_signing
    vehicle, _ = Vehicle.objects.update_or_create(vin=record.vin, defaults=columns)
    known = record.access_type in VehicleAccess.AccessType.values
    access, _ = VehicleAccess.objects.update_or_create(
        vehicle=vehicle,
        grant=grant,
        defaults={
            # What is unsaid or unknown opens least.
            "access_type": record.access_type
            if known
            else VehicleAccess.AccessType.GUEST,
            "tesla_id": one_line(record.id_s)[:24],
            "hide_private": record.hide_private,
            "seen_at": now,
            "gone_at": None,
        },
    )
    return access


def _ask_fleet_status(
    accesses: Iterable[VehicleAccess], client: fleet.Client, now: datetime
) -> None:
    """Ask for one car at a time, as Tesla recommends; stop when Tesla does not answer."""
    for access in accesses:
        vehicle = access.vehicle
        at = vehicle.fleet_status_at
        is_fresh = at is not None and now - at < FLEET_STATUS_EVERY
        if is_fresh or not keys.may_see(access):
            continue
        try:
            note_fleet_status(
                vehicle, client.fleet_status([vehicle.vin]), timezone.now()
            )
        except fleet.Unreachable:
            _LOG.warning("Tesla does not answer: the rest of fleet status waits.")
            return
        except fleet.FleetError as error:
            _LOG.warning("No fleet status of one car: %s", type(error).__name__)
