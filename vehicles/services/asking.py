"""Questions about cars: read without waking, wake on request, follow until it is read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

import fleet
from accounts.models import User
from tokens.models import Inquiry
from tokens.readings import is_unheard
from tokens.services import inquiries
from vehicles.models import VehicleAccess
from vehicles.services import vehicles

ENDPOINTS = ("vehicle_data", "wake_up", "vehicle")
WAKES_FOR = timedelta(seconds=90)
_UNAVAILABLE = 408
_IN_PLACE = "online"


@dataclass(frozen=True, slots=True)
class Stand:
    """Say how far a question has come: `words` while it is under way, "" when done.

    `inquiry` holds the answer or the failure to show. `is_unheard`: no worker has
    taken it yet, and it is time to say so. `did_not_wake`: the time for it is over.
    """

    inquiry: Inquiry
    words: str = ""
    is_unheard: bool = False
    did_not_wake: bool = False

    @property
    def phase(self) -> str:
        """Return one word that changes whenever what is shown changes."""
        if not self.words:
            return "done"
        if self.inquiry.state == Inquiry.State.ANSWERED:
            return "waking"
        return "unheard" if self.is_unheard else "asking"

    @property
    def offers_wake(self) -> bool:
        """Tell whether what is shown of it holds a button that wakes the car."""
        return self.did_not_wake or (not self.words and _is_unavailable(self.inquiry))


def access_of(inquiry: Inquiry) -> VehicleAccess | None:
    """Return what the asking grant sees of the car, None when it is removed."""
    return (
        VehicleAccess.objects.select_related("vehicle", "grant")
        .filter(grant=inquiry.grant_id, vehicle__vin=inquiry.subject)
        .first()
    )


def answer(access: VehicleAccess, inquiry: Inquiry, client: fleet.Client) -> Inquiry:
    """Answer a claimed question and keep what it says; a sleeping car is left alone.

    Vehicle data is billed even when the car sleeps, so its state is asked first.
    """
    if inquiry.endpoint == "vehicle_data":
        error = _why_not(access, client)
        if error is not None:
            return inquiries.fail(inquiry, error)
    return inquiries.answer(inquiry, client, partial(vehicles.note_answer, access))


def follow_wake(access: VehicleAccess, wake: Inquiry, client: fleet.Client) -> bool:
    """Look whether the woken car is there, and read it; return whether that is over.

    A car that is just up may still say that it sleeps: that is not over.
    """
    if wake.answered_at is None or not _is_waking(wake, timezone.now()):
        return True
    error = _why_not(access, client)
    if isinstance(error, fleet.VehicleUnavailable):
        return False
    asked = inquiries.ask(wake.user, wake.grant, "vehicle_data", wake.subject)
    claimed = inquiries.claim(asked.pk)
    if claimed is None:
        return True
    if error is not None:
        inquiries.fail(claimed, error)
        return True
    keep = partial(vehicles.note_answer, access)
    answered = inquiries.answer(claimed, client, keep)
    return not _is_unavailable(answered)


def stand(inquiry: Inquiry, now: datetime) -> Stand:
    """Return how far a question has come; a wake is done when the car was read."""
    if not inquiry.is_done:
        return _under_way(inquiry, now)
    if inquiry.endpoint != "wake_up" or inquiry.state == Inquiry.State.FAILED:
        return Stand(inquiry)
    reading = (
        Inquiry.objects.filter(
            user=inquiry.user_id,
            grant=inquiry.grant_id,
            subject=inquiry.subject,
            endpoint="vehicle_data",
            asked_at__gte=inquiry.answered_at,
        )
        .order_by("-asked_at")
        .first()
    )
    if reading is not None and reading.is_done and not _is_unavailable(reading):
        return Stand(reading)
    if _is_waking(inquiry, now):
        return Stand(inquiry, "Waking the car, usually 10\N{EN DASH}60 s")
    return Stand(inquiry, did_not_wake=True)


def latest(user: User, vin: str) -> Inquiry | None:
    """Return the user's newest question about a car."""
    return (
        Inquiry.objects.filter(user=user, subject=vin, endpoint__in=ENDPOINTS)
        .order_by("-asked_at")
        .first()
    )


def _why_not(access: VehicleAccess, client: fleet.Client) -> fleet.FleetError | None:
    """Return why the car cannot be read, None when it is online; never wakes it."""
    try:
        record = client.vehicle(access.vehicle.vin)
    except fleet.FleetError as error:
        return error
    vehicles.note_record(access, record, timezone.now())
    state = str(record.get("state", ""))
    if state == _IN_PLACE:
        return None
    return fleet.VehicleUnavailable(status=_UNAVAILABLE, code=f"vehicle is {state}")


def _under_way(inquiry: Inquiry, now: datetime) -> Stand:
    words = {
        "vehicle_data": "Reading the car",
        "wake_up": "Asking Tesla to wake the car",
        "vehicle": "Asking Tesla how the car is",
    }
    return Stand(
        inquiry,
        words.get(inquiry.endpoint, "Asking Tesla"),
        is_unheard=is_unheard(inquiry, now),
    )


def _is_waking(wake: Inquiry, now: datetime) -> bool:
    return wake.answered_at is not None and now < wake.answered_at + WAKES_FOR


def _is_unavailable(reading: Inquiry) -> bool:
    return (
        reading.state == Inquiry.State.FAILED and reading.error_status == _UNAVAILABLE
    )
