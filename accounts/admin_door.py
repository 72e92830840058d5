"""The door of the operator's pages: staff, a second factor, and a proof that is fresh.

The session must have given the factor: one that began before there was any has not.

Nobody types a password at `/admin/login/`: that page leads to the sign-in page, where
every limit holds. Source: ASVS 5.0 V6.3.3.
"""

import time
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse  # noqa: TID251  # Django's admin takes them
from django.shortcuts import redirect  # noqa: TID251  # same
from django.urls import reverse

from accounts import proofs
from accounts.mfa import has_factor
from accounts.models import User

# A sign-in or proof this old must be followed by use, or be made again.
IDLE_S = 30 * 60
_NOTED_EVERY_S = 60
_SEEN_AT = "admin_seen_at"


class OperatorSite(AdminSite):
    """Django's admin behind our own door."""

    site_header = "Keyfob"
    site_title = "Keyfob"
    index_title = "Operator"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff in who have a second factor and were here within half an hour."""
        user = request.user
        if not (isinstance(user, User) and user.is_active and user.is_staff):
            return False
        return has_factor(user) and _gave_factor(request) and _is_awake(request)

    def login(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002  # Django's signature
    ) -> HttpResponse:
        """Lead to what is lacking: the sign-in, a second factor, or a fresh proof."""
        response: HttpResponse = _lead_on(request)
        return response

    def password_change(  # type: ignore[override]  # any answer does
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002  # same
    ) -> HttpResponse:
        """Lead to the one page that changes a password, with its limits and letters."""
        return redirect("account_change_password")

    def password_change_done(  # type: ignore[override]  # same
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead there too: nothing was changed here."""
        return self.password_change(request, extra_context)


@secure_admin_login  # type: ignore[untyped-decorator]  # allauth ships no types
def _lead_on(request: HttpRequest) -> HttpResponse:
    """Answer a member of staff who is signed in and may not see the page yet."""
    wanted = request.GET.get("next") or reverse("admin:index")
    if not has_factor(request.user):  # type: ignore[arg-type]  # the decorator has seen to it
        messages.warning(
            request, "The operator's pages open only with a second factor. Set one up."
        )
        return redirect("mfa_index")
    if not _gave_factor(request):
        return proofs.ask_factor(request.user, wanted)  # type: ignore[arg-type]  # same
    if not _is_awake(request):
        return proofs.ask(wanted)
    return redirect(reverse("admin:index"))


def _gave_factor(request: HttpRequest) -> bool:
    """Tell whether this session itself gave a second factor, or came by a passkey."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)


def _is_awake(request: HttpRequest) -> bool:
    """Tell whether this session proved itself, or was used here, in half an hour."""
    now = time.time()
    seen_at = request.session.get(_SEEN_AT, 0.0)
    if not (proofs.is_recent(request, within_s=IDLE_S) or 0 <= now - seen_at < IDLE_S):
        return False
    if now - seen_at > _NOTED_EVERY_S:
        request.session[_SEEN_AT] = now
    return True
