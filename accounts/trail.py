"""Write into the audit trail what Django and allauth tell of: sign-ins and changes.

Their signals are the one place where every door meets. What our own views do, they
record themselves.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import signals as auth_signals
from django.http import HttpRequest  # noqa: TID251  # the signals bring it

from accounts import audit, notices
from accounts.mfa import FACTORS
from accounts.models import User
from accounts.services import sessions

_LONGEST_AGENT = 200


def connect() -> None:
    """Listen to the signals; called once, when the app is ready."""
    auth_signals.user_logged_in.connect(_signed_in)
    auth_signals.user_logged_out.connect(_signed_out)
    for signal, action in (
        (account_signals.password_changed, "password.changed"),
        (account_signals.password_set, "password.set"),
        (account_signals.password_reset, "password.reset"),
        (account_signals.email_changed, "email.changed"),
    ):
        signal.connect(_recorder(action), weak=False)
    for signal, action in (
        (mfa_signals.authenticator_added, "mfa.added"),
        (mfa_signals.authenticator_removed, "mfa.removed"),
        (mfa_signals.authenticator_reset, "mfa.renewed"),
    ):
        signal.connect(_mfa_recorder(action), weak=False)
    mfa_signals.authenticator_added.connect(_first_factor_was_added)
    mfa_signals.authentication_failed.connect(_code_was_wrong)


def password_was_wrong(request: HttpRequest, login: str) -> None:
    """Record a wrong password for an account that exists; others leave no trace."""
    user = User.objects.filter(email__iexact=login).first()
    if user is not None:
        _failed(request, user, "password")


def _signed_in(request: HttpRequest, user: User, **_kwargs: object) -> None:
    is_new_place = audit.is_new_place(user, request)
    audit.record(user, "sign_in", detail={"by": _way_in(request)}, request=request)
    if not request.session.session_key:
        # Who was signed in as somebody else got a new session, not stored yet.
        request.session.save()
    # allauth notes sessions too, but hears of its own doors alone.
    UserSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "ip": get_adapter().get_client_ip(request),
            "user_agent": request.META.get("HTTP_USER_AGENT", "")[:_LONGEST_AGENT],
        },
    )
    if is_new_place:
        notices.write(request, user, "account/email/new_place")


def _signed_out(request: HttpRequest, user: User | None, **_kwargs: object) -> None:
    if user is not None:
        audit.record(user, "sign_out", request=request)


def _code_was_wrong(
    request: HttpRequest, user: User, authenticator: Authenticator, **_kwargs: object
) -> None:
    _failed(request, user, authenticator.type)


def _failed(request: HttpRequest, user: User, by: str) -> None:
    """Record a failure, as one of proving it again where the person is signed in."""
    action = "proof.failed" if request.user.is_authenticated else "sign_in.failed"
    audit.record(user, action, detail={"by": by}, request=request)


def _recorder(action: str) -> Any:
    def record(request: HttpRequest, user: User, **_kwargs: object) -> None:
        audit.record(user, action, request=request)

    return record


def _mfa_recorder(action: str) -> Any:
    def record(
        request: HttpRequest, user: User, authenticator: Authenticator, **_kw: object
    ) -> None:
        audit.record(user, action, detail={"type": authenticator.type}, request=request)

    return record


def _first_factor_was_added(
    request: HttpRequest, user: User, authenticator: Authenticator, **_kw: object
) -> None:
    """End the other sessions: none of them gave the factor that is asked for now."""
    factors = Authenticator.objects.filter(user=user, type__in=FACTORS)
    if list(factors) != [authenticator]:
        return
    if count := sessions.end_all(user, but=request.session.session_key):
        detail = {"count": count}
        audit.record(user, "session.ended", detail=detail, request=request)


def _way_in(request: HttpRequest) -> list[str]:
    """Return the proofs that opened this session, in order."""
    proofs = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    return [
        proof.get("provider") or proof.get("type") or proof["method"]
        for proof in proofs
    ]
