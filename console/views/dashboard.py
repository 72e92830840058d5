"""The dashboard: is everything well, and if not, what to press."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

import energy.cards
import energy.tasks
import vehicles.cards
import vehicles.tasks
import webhooks.cards
from accounts.http import UserRequest
from accounts.models import User
from console.views.subscription import status_of
from fleet.scopes import Opening, Scope, opens
from tokens import bell
from tokens.models import MOST_ACCESS_TOKENS, AccessToken, TeslaGrant
from tokens.services import scope_trail, spending
from vehicles.units import units_of

_LONGEST_WAIT = timedelta(seconds=60)
# Who presses Refresh just after the lists were read is shown those.
_JUST_READ = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Consent:
    """What one linked Tesla account granted, and what it did not, of what we ask."""

    grant: TeslaGrant
    granted: tuple[Opening, ...]
    missing: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """What one linked Tesla account granted and lately took back: the scopes' titles."""

    grant: TeslaGrant
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How current the lists are: when each was read, and whether it is being read.

    A time is None while a linked account's list was never read.
    """

    vehicles_at: datetime | None
    energy_at: datetime | None
    is_under_way: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """Why lists of a linked account could not be read when last asked for."""

    whose: str
    what: str
    words: str
    at: datetime


@require_safe
@login_required
def dashboard(request: UserRequest) -> HttpResponse:
    """Show what needs the person, then what they own, handed out and granted.

    While the lists are being read at Tesla, htmx asks again each second and gets the
    part below the heading.
    """
    user = request.user
    grants = _grants(user)
    units = units_of(user.units, request.headers.get("Accept-Language", ""))
    cars = vehicles.cards.cards_of(user, units)
    context = {
        "reading": _reading(grants, _asked_at(request.GET.get("asked", ""))),
        "lost": _lost(user, grants),
        "failures": _failures(grants),
        "budget": spending.budget(timezone.now()),
        "webhook_news": webhooks.cards.news_of(user, timezone.now()),
        "unlinked": [grant for grant in grants if _needs_relink(grant)],
        "keyless": [car.name for car in cars if car.lacks_key],
        "vehicles": cars,
        "energy_sites": energy.cards.cards_of(user),
        **status_of(user),
        "access_tokens": list(AccessToken.objects.filter(user=user)),
        "most_access_tokens": MOST_ACCESS_TOKENS,
        "consents": [_consent(grant) for grant in grants],
    }
    page = "console/_dashboard.html" if request.htmx else "console/dashboard.html"
    return render(request, page, context)


@require_POST
@login_required
def refresh(request: UserRequest) -> HttpResponse:
    """Have the lists of cars and sites read again at Tesla; this wakes no car."""
    now = timezone.now()
    for grant in _grants(request.user):
        if not _needs_relink(grant):
            _ring(grant, now)
    query = urlencode({"asked": int(now.timestamp())})
    return redirect(f"{reverse('console:dashboard')}?{query}")


def _ring(grant: TeslaGrant, now: datetime) -> None:
    """Have both lists of a grant read, but for one that was read just now."""
    for task, read_at in (
        (vehicles.tasks.sync, grant.synced_vehicles_at),
        (energy.tasks.sync, grant.synced_energy_at),
    ):
        if read_at is None or read_at < now - _JUST_READ:
            bell.ring(task, str(grant.pk))


def _grants(user: User) -> list[TeslaGrant]:
    return list(TeslaGrant.objects.filter(user=user).order_by("linked_at", "pk"))


def _lost(user: User, grants: list[TeslaGrant]) -> list[Loss]:
    """Return what was taken back at Tesla lately, grant by grant."""
    known = scope_trail.history(user) if grants else {}
    losses = [
        Loss(
            grant,
            tuple(
                opens(Scope(name)).title
                for name in scope_trail.lost_lately(grant, known)
                if name in set(Scope)
            ),
        )
        for grant in grants
    ]
    return [loss for loss in losses if loss.titles]


def _asked_at(text: str) -> datetime | None:
    """Return when Refresh was pressed, from the address; None when not just now."""
    if not text.isdecimal() or len(text) > 10:
        return None
    at = datetime.fromtimestamp(int(text), UTC)
    return at if timedelta(0) <= timezone.now() - at < _LONGEST_WAIT else None


def _reading(grants: list[TeslaGrant], asked_at: datetime | None) -> Reading:
    usable = [grant for grant in grants if not _needs_relink(grant)]
    return Reading(
        _oldest([grant.synced_vehicles_at for grant in grants]),
        _oldest([grant.synced_energy_at for grant in grants]),
        any(_is_being_read(grant, asked_at) for grant in usable),
    )


def _is_being_read(grant: TeslaGrant, asked_at: datetime | None) -> bool:
    is_new = timezone.now() - grant.linked_at < _LONGEST_WAIT
    since = asked_at or (grant.linked_at if is_new else None)
    return since is not None and any(
        _is_awaited(read_at, failed_at, since, was_asked=asked_at is not None)
        for read_at, failed_at in (
            (grant.synced_vehicles_at, grant.vehicles_failed_at),
            (grant.synced_energy_at, grant.energy_failed_at),
        )
    )


def _is_awaited(
    read_at: datetime | None,
    failed_at: datetime | None,
    since: datetime,
    *,
    was_asked: bool,
) -> bool:
    """Tell whether a list has neither come nor failed since it was asked for."""
    if failed_at is not None and failed_at >= since:
        return False
    return read_at is None or (was_asked and read_at < since - _JUST_READ)


def _failures(grants: list[TeslaGrant]) -> list[Failure]:
    """Return why lists could not be read; what two lists share is said once."""
    found = []
    for grant in grants:
        if _needs_relink(grant):
            continue
        failed: dict[str, list[tuple[str, datetime]]] = {}
        for what, words, at in (
            ("cars", grant.vehicles_failure, grant.vehicles_failed_at),
            ("energy sites", grant.energy_failure, grant.energy_failed_at),
        ):
            if at is not None:
                failed.setdefault(words, []).append((what, at))
        found += [
            Failure(
                str(grant),
                " and ".join(what for what, _ in lists),
                words,
                max(at for _, at in lists),
            )
            for words, lists in failed.items()
        ]
    return found


def _oldest(times: list[datetime | None]) -> datetime | None:
    known = [at for at in times if at is not None]
    return min(known) if known and len(known) == len(times) else None


def _needs_relink(grant: TeslaGrant) -> bool:
    return grant.state == TeslaGrant.State.NEEDS_RELINK


def _consent(grant: TeslaGrant) -> Consent:
    asked = [scope for scope in Scope if scope in settings.TESLA_SCOPES]
    return Consent(
        grant,
        tuple(opens(scope) for scope in asked if grant.has(scope)),
        tuple(opens(scope) for scope in asked if not grant.has(scope)),
    )
