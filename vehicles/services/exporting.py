"""What an export holds of cars."""

from collections.abc import Iterator
from typing import Any

from accounts.models import User
from accounts.services.exporting import CHUNK, Sheet, sheet
from fleet.vin import is_vin
from tokens.services import news
from tokens.services.exporting import told, without_secrets
from vehicles import places
from vehicles.models import Command, TelemetryConfig, VehicleAccess
from vehicles.services import keys

_CAR = (
    *("vin", "name", "seen_with", "access", "location_is_hidden"),
    *("state", "state_at", "command_signing", "has_virtual_key", "firmware"),
    *("last_listed_at", "no_longer_listed_since"),
)


def exports(user: User) -> Iterator[Sheet]:
    """Yield the cars that a user sees, the last reading of each, and the commands."""
    seen = VehicleAccess.objects.filter(grant__user=user).order_by("vehicle__vin", "pk")
    yield Sheet(
        "cars",
        "the cars that your Tesla accounts see; what one is like now is left out once"
        " Tesla no longer lists it for you",
        _CAR,
        _cars(seen),
    )
    yield Sheet(
        "car_readings",
        "the last reading of each car",
        ("vin", "seen_with", "read_at", "vehicle_data"),
        _readings(seen),
    )
    yield sheet(
        "car_streaming",
        "what the cars that you see are wanted to stream, and what Tesla said of it",
        TelemetryConfig.objects.filter(
            vehicle__in=seen.filter(gone_at=None).values("vehicle")
        ).order_by("vehicle__vin"),
        {
            "vin": "vehicle__vin",
            "fields": "fields",
            "delivery_policy": "delivery_policy",
            "alert_types": "alert_types",
            "asked_for_at": "wanted_at",
            "accepted_by_tesla_at": "confirmed_at",
            "fetched_by_the_car_at": "synced_at",
            "holds_until": "expires_at",
            "refusal": "refusal",
            "error_of_the_car": "car_error",
        },
    )
    yield Sheet(
        "car_latest_values",
        "the newest values that each car told, and when, as far as you may know them",
        ("vin", "name", "value", "told_at"),
        _latest(user),
    )
    yield sheet(
        "car_commands",
        "what you and your programs had the cars do, and what the cars answered",
        Command.objects.filter(user=user).order_by("asked_at", "pk"),
        {
            "asked_at": "asked_at",
            "vin": "vehicle__vin",
            "command": "name",
            "parameters": "parameters",
            "source": "source",
            "access_token": "access_token_name",
            "client": "client",
            "state": "state",
            "result": "result",
            "reason": "reason",
            "error": "error_words",
            "answered_at": "answered_at",
            "duration_ms": "duration_ms",
        },
    )


def _cars(seen: Any) -> Iterator[tuple[Any, ...]]:
    """Yield cars as pages show them: of a gone one nothing that is of today."""
    rows = seen.select_related("vehicle", "grant").defer("vehicle_data")
    for one in rows.iterator(chunk_size=CHUNK):
        car, is_gone = one.vehicle, one.gone_at is not None
        now = (car.state, car.state_at, car.command_signing)
        inside = (car.key_paired, car.firmware)
        yield (
            *(car.vin, car.name, one.grant.tesla_sub),
            *(one.access_type, one.hide_private),
            *((None,) * len(now) if is_gone else now),
            *(inside if keys.may_see(one) and not is_gone else (None,) * len(inside)),
            *(one.seen_at, one.gone_at),
        )


def _readings(seen: Any) -> Iterator[tuple[Any, ...]]:
    read = seen.filter(vehicle_data_at__isnull=False).select_related("vehicle", "grant")
    for one in read.iterator(chunk_size=CHUNK):
        may_locate = places.sees_location(one)
        reading = places.reading(one.vehicle_data or {}, sees_location=may_locate)
        yield (
            one.vehicle.vin,
            one.grant.tesla_sub,
            one.vehicle_data_at,
            without_secrets(reading),
        )


def _latest(user: User) -> Iterator[tuple[Any, ...]]:
    """Yield what streams told. Raises `StillKept` while Redis is away."""
    seen = VehicleAccess.objects.of(user).defer("vehicle_data")
    open_ = {one.vehicle.vin for one in seen if places.sees_location(one)}
    for known in news.known(user.pk):
        if is_vin(known.product):
            may_locate = known.product in open_
            yield from told(places.shown(known, sees_location=may_locate))
