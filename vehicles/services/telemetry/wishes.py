"""What a car is wanted to stream: read it, change it, tell the viewers of it.

A wish is stored at once and brought to Tesla by a worker, for which the caller rings.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from fleet.scopes import Scope
from vehicles.models import TelemetryConfig, Vehicle, VehicleAccess
from vehicles.services.telemetry import asker, fields, telling
from vehicles.services.telemetry.fields import Checked, Fields

RECONCILE = "telemetry.tasks.reconcile"
"""The task that brings a wish to Tesla, by name: it stands on a higher floor."""
_WHOLE = (
    "The car's owner uses this Keyfob, too. Only they can take away all that the car"
    " streams; you can change single fields."
)
_PLACED = (
    "The car streams its place for its owner, and your Tesla account did not grant"
    " vehicle_location: Tesla would refuse the whole change."
)


class NotYours(Exception):
    """Only the car's owner, who is here, may do so; the text is for people."""


@dataclass(frozen=True, slots=True)
class Options:
    """What else a wish may say; None leaves it as it is."""

    prefer_typed: bool | None = None
    delivery_policy: str | None = None


@dataclass(frozen=True, slots=True)
class Wished:
    """What came of a wish: its generation, and the retired fields that were left out."""

    generation: int
    ignored: list[str] = field(default_factory=list)


def find(vin: str) -> TelemetryConfig | None:
    """Return what a car is wanted to stream, None where that is nothing."""
    row = TelemetryConfig.objects.filter(vehicle__vin=vin).first()
    return row if row is not None and row.fields else None


def merge(
    access: VehicleAccess, sent: Mapping[str, Any], options: Options | None = None
) -> Wished:
    """Add fields to what a car streams.

    Raises `Invalid` and `NotYours`; then nothing has changed.
    """

    def merged(row: TelemetryConfig) -> Checked:
        checked = fields.check(sent, row.fields)
        return Checked({**row.fields, **checked.fields}, checked.ignored)

    return _wish(access, merged, options or Options())


def replace(
    access: VehicleAccess, sent: Mapping[str, Any], options: Options | None = None
) -> Wished:
    """Have a car stream these fields alone. Raises `Invalid` as `merge` does.

    Raises `NotYours` where none of the fields of before would be left, as `remove` does.
    Where only retired fields were sent, everything stays.
    """

    def replaced(row: TelemetryConfig) -> Checked:
        checked = fields.check(sent, {})
        if checked.ignored and not checked.fields:
            # Names of before alone say nothing of what is wanted now.
            return Checked(row.fields, checked.ignored)
        if row.fields and row.fields.keys().isdisjoint(checked.fields):
            check_owner(access)
        return checked

    return _wish(access, replaced, options or Options())


def remove(access: VehicleAccess) -> int:
    """Have a car stream nothing any more; return the wish's generation, 0 for none.

    There is none where the car was to stream nothing anyway. Raises `NotYours` for
    whoever only drives a car whose owner is here, too.
    """
    with transaction.atomic():
        row = _locked(access)
        if not row.fields:
            return 0
        check_owner(access)
        _store(row, access, {}, Options())
    return row.generation


def check_owner(access: VehicleAccess) -> None:
    """Raise `NotYours` unless the person owns the car, or no owner is here."""
    if _has_other_owner(access):
        raise NotYours(_WHOLE)


def send_again(access: VehicleAccess) -> int:
    """Have the same wish sent once more; return its generation, 0 for no wish.

    It stays the wish of whoever asked for it, unless only this person can bring it.
    """
    with transaction.atomic():
        row = _locked(access)
        if not row.fields:
            return 0
        TelemetryConfig.objects.filter(pk=row.pk).update(confirmed_digest="")
        _store(row, _asker(row, access), row.fields, Options())
    return row.generation


def _asker(row: TelemetryConfig, access: VehicleAccess) -> VehicleAccess:
    """Return whose wish it is when this person sends it again."""
    asked = (
        VehicleAccess.objects.select_related("grant")
        .filter(vehicle=row.vehicle_id, grant=row.asked_by_id, gone_at=None)
        .first()
    )
    can_bring = partial(asker.brings, row=row)
    if asked is None or (can_bring(access) and not can_bring(asked)):
        return access
    return asked


def wait_over(vin: str, generation: int) -> bool:
    """Tell whether a wish has been taken or refused, or is overtaken by another."""
    row = (
        TelemetryConfig.objects.filter(vehicle__vin=vin)
        .values_list("generation", "answered_generation")
        .first()
    )
    return row is None or row[0] != generation or row[1] >= generation


def _wish(
    access: VehicleAccess,
    change: Callable[[TelemetryConfig], Checked],
    options: Options,
) -> Wished:
    with transaction.atomic():
        row = _locked(access)
        checked = change(row)
        is_new = checked.fields != row.fields or (
            options.prefer_typed not in {None, row.prefer_typed}
            or options.delivery_policy not in {None, row.delivery_policy}
        )
        if is_new and fields.located(checked.fields):
            _check_place(access)
        if is_new and (checked.fields or row.fields):
            _store(row, access, checked.fields, options)
    return Wished(row.generation, checked.ignored)


def _check_place(access: VehicleAccess) -> None:
    """Raise `NotYours` where Tesla would refuse the person fields that the owner wants."""
    own = VehicleAccess.objects.select_related("grant").filter(
        vehicle=access.vehicle_id, grant__user=access.grant.user_id, gone_at=None
    )
    may_locate = any(one.grant.has(Scope.VEHICLE_LOCATION) for one in own)
    if not may_locate and _has_other_owner(access):
        raise NotYours(_PLACED)


def _has_other_owner(access: VehicleAccess) -> bool:
    """Tell whether an owner of the car is here, and the person is none."""
    owners = VehicleAccess.objects.filter(
        vehicle=access.vehicle_id,
        access_type=VehicleAccess.AccessType.OWNER,
        gone_at=None,
        grant__user__is_active=True,
    ).values_list("grant__user_id", flat=True)
    return bool(owners) and access.grant.user_id not in owners


def _locked(access: VehicleAccess) -> TelemetryConfig:
    """Return the car's row, held until the transaction ends; a new one is unsaved."""
    vehicle = Vehicle.objects.select_for_update().get(pk=access.vehicle_id)
    row = TelemetryConfig.objects.filter(vehicle=vehicle).first()
    if row is None:
        return TelemetryConfig(vehicle=vehicle, generation=0)
    row.vehicle = vehicle
    return row


def _store(
    row: TelemetryConfig, access: VehicleAccess, wanted: Fields, options: Options
) -> None:
    """Store a new wish, due at once; tell the viewers when the transaction is through."""
    now = timezone.now()
    row.fields = wanted
    row.prefer_typed = (
        row.prefer_typed if options.prefer_typed is None else options.prefer_typed
    )
    row.delivery_policy = options.delivery_policy or row.delivery_policy
    row.generation += 1
    row.wanted_at = row.next_at = now
    row.asked_by_id = access.grant_id
    row.attempts = 0
    columns = (
        "fields",
        "prefer_typed",
        "delivery_policy",
        "generation",
        "wanted_at",
        "next_at",
        "asked_by",
        "attempts",
    )
    # Only these: a worker may be writing the others.
    row.save(update_fields=columns if row.pk else None)
    tell = partial(telling.tell_configs, [row.vehicle.vin])
    transaction.on_commit(tell, robust=True)
