"""Where the person is signed in, and ending it there."""

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import audit, clients
from accounts.http import UserRequest
from accounts.services import sessions as service


@dataclass(frozen=True, slots=True)
class Place:
    """One session as a person reads it."""

    pk: int
    program: str
    address: str
    since: datetime
    is_here: bool


@require_safe
@login_required
def sessions(request: UserRequest) -> HttpResponse:
    """List the browsers in which the person is signed in, this one first."""
    places = [_place(request, session) for session in service.alive(request.user)]
    places.sort(key=lambda place: not place.is_here)
    return render(request, "accounts/sessions.html", {"places": places})


@require_POST
@login_required
def session_end(request: UserRequest, pk: int) -> HttpResponse:
    """End one session; whoever ends this one is signed out."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.session_key == request.session.session_key:
        return redirect("account_logout")
    service.end([session])
    _record(request, 1)
    messages.success(request, "That browser is signed out.")
    return redirect("accounts:sessions")


@require_POST
@login_required
def sessions_end_others(request: UserRequest) -> HttpResponse:
    """End every session but this one."""
    count = service.end_all(request.user, but=request.session.session_key)
    if count:
        _record(request, count)
    messages.success(request, "You are signed in here alone.")
    return redirect("accounts:sessions")


def _record(request: UserRequest, count: int) -> None:
    detail = {"count": count}
    audit.record(request.user, "session.ended", detail=detail, request=request)


def _place(request: UserRequest, session: UserSession) -> Place:
    return Place(
        session.pk,
        clients.describe(session.user_agent),
        session.ip,
        session.created_at,
        session.session_key == request.session.session_key,
    )
