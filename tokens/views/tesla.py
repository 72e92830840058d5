"""Sign in with Tesla: the way there, and the way back."""

import logging

from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import (
    get_reauthentication_flows,
    resume_request,
)
from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

import fleet
from accounts import audit, proofs
from accounts.models import User
from fleet import oauth
from tokens import bell
from tokens.models import TeslaGrant
from tokens.services import fleet_app, sign_in
from tokens.views import attempts, failures

_LOG = logging.getLogger(__name__)
_LONGEST_CODE = 4096
_PURPOSES = {"sign_in", "link", "again", "scopes"}
_LONGEST_INVITATION = 64


@require_POST
@never_cache
@ratelimit.decorator(app="allauth.account", action="tesla_sign_in")  # type: ignore[untyped-decorator]  # allauth ships no types
def tesla_sign_in(request: HttpRequest) -> HttpResponse:
    """Send the browser to Tesla.

    `purpose` is `sign_in`; `link`, which lets the person choose another Tesla account,
    and asks who they are if they signed in some time ago; `again`, for an account that
    is linked already; or `scopes`, which asks again for what was not granted. `next`
    is where to go afterwards, on this site. `invitation` is the secret of one that a
    new member accepts.
    """
    purpose = request.POST.get("purpose", "sign_in")
    if purpose not in _PURPOSES:
        purpose = "sign_in"
    destination = _destination(request, purpose)
    may_link = proofs.is_recent(request)
    if purpose == "link" and request.user.is_authenticated and not may_link:
        return proofs.ask(destination)
    attempt = attempts.Attempt(
        next=destination,
        login_again=purpose in {"link", "again"},
        may_link=may_link,
        invitation=request.POST.get("invitation", "")[:_LONGEST_INVITATION],
    )
    state, nonce = attempts.start(request, attempt)
    address = oauth.authorize_url(
        fleet_app.hosts(),
        fleet_app.application(),
        state=state,
        nonce=nonce,
        # Who shares less on purpose is not asked for the rest at each sign-in.
        prompt_missing_scopes=purpose != "sign_in",
        prompt_login=attempt.login_again,
    )
    return redirect(address)


@require_safe
@never_cache
@login_required
def prove(request: HttpRequest) -> HttpResponseBase:
    """Have who signs in by Tesla alone do it once more; then go on where they were."""
    if proofs.is_recent(request):
        resumed: HttpResponseBase | None = resume_request(request)
        return resumed or redirect(settings.LOGIN_REDIRECT_URL)
    context = {"next": request.get_full_path()}
    return render(request, "tokens/prove_it_is_you.html", context)


@require_safe
@never_cache
@sensitive_variables("code")
def tesla_callback(request: HttpRequest) -> HttpResponseBase:
    """Take the person back from Tesla: sign in, or link, or say what went wrong."""
    attempt = attempts.finish(request, request.GET.get("state", ""))
    if attempt is None:
        return failures.page(request, failures.FOREIGN)
    if request.GET.get("error"):
        return failures.page(request, failures.DENIED, request.GET["error"])
    code = request.GET.get("code", "")
    if not code or len(code) > _LONGEST_CODE:
        return failures.page(request, failures.FOREIGN)
    try:
        arrived = sign_in.arrival(code, attempt.nonce)
        return _welcome(request, attempt, arrived)
    except fleet.FleetError as error:
        _LOG.warning("Sign-in with Tesla failed: %s", error)
        return failures.tesla_page(request, error)
    except tuple(failures.BY_ERROR) as error:
        return failures.page(request, failures.BY_ERROR[type(error)])


def _welcome(
    request: HttpRequest, attempt: attempts.Attempt, arrived: sign_in.Arrival
) -> HttpResponseBase:
    """Store the grant, start reading what it opens, and go where the person wanted."""
    if isinstance(request.user, User):
        return _link(request, request.user, attempt, arrived)
    was_known = TeslaGrant.objects.filter(tesla_sub=arrived.id_claims.sub).exists()
    grant = sign_in.sign_in(arrived, invitation=attempt.invitation)
    _start_reading(grant)
    if not was_known:
        _note_link(request, grant)
        if attempt.invitation:
            audit.record(grant.user, "member.joined", request=request)
    _record(request, grant, reauthenticated=False)
    response: HttpResponseBase = perform_login(
        request,
        grant.user,
        # Tesla has proved who this is; an e-mail address has no part in it.
        email_verification=EmailVerificationMethod.NONE,
        redirect_url=attempt.next,
    )
    return response


def _link(
    request: HttpRequest,
    user: User,
    attempt: attempts.Attempt,
    arrived: sign_in.Arrival,
) -> HttpResponseBase:
    """Link the Tesla account that came back, or take it as a proof of who is there.

    A proof only for those who have no other. That Tesla asks for its password again is
    our wish in the address, which whoever sits at the browser can take out; whether
    the claim `auth_time` of Tesla's identity token tells of it is not documented.
    """
    mine = TeslaGrant.objects.of(user).filter(tesla_sub=arrived.id_claims.sub)
    is_known = mine.exists()
    if not is_known and not attempt.may_link:
        return failures.page(request, failures.NOT_PROVED)
    grant = sign_in.link(user, arrived)
    if attempt.login_again and is_known and not get_reauthentication_flows(user):
        _record(request, grant, reauthenticated=True)
    if not is_known:
        _note_link(request, grant)
    _start_reading(grant)
    outcome = "is linked" if attempt.may_link else "has been confirmed by Tesla"
    messages.success(request, f"{grant} {outcome}.")
    return redirect(attempt.next)


def _note_link(request: HttpRequest, grant: TeslaGrant) -> None:
    detail = {"grant": str(grant.pk), "region": grant.region, "scopes": grant.scopes}
    audit.record(grant.user, "grant.linked", detail=detail, request=request)


def _record(request: HttpRequest, grant: TeslaGrant, *, reauthenticated: bool) -> None:
    record_authentication(
        request,
        grant.user,
        method="socialaccount",
        provider="tesla",
        uid=grant.tesla_sub,
        reauthenticated=reauthenticated,
    )


def _start_reading(grant: TeslaGrant) -> None:
    """Ring for the lists of cars and sites; a sweep finds the grant if nobody hears."""
    try:
        if bell.is_heard():
            for name in settings.AFTER_LINK_TASKS:
                current_app.send_task(name, args=[str(grant.pk)])
            return
    except OperationalError:
        # It went away in between, or is full.
        pass
    _LOG.warning("The queue is away; the timer will read what %s opens.", grant.pk)


def _destination(request: HttpRequest, purpose: str) -> str:
    """Return where to go afterwards: `next` when it is on this site."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return wanted
    if purpose == "sign_in":
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return resolve_url("tokens:scopes")
