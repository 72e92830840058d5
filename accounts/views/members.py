"""The owner's page of people: who is here, who is invited, who is kept out."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit, proofs
from accounts.forms import InvitationForm
from accounts.http import UserRequest
from accounts.models import Invitation, User
from accounts.services import invitations, members as service, sessions

P = ParamSpec("P")
_MOST = 500
_View = Callable[Concatenate[UserRequest, P], HttpResponse]


def _owner_required(view: _View[P]) -> _View[P]:
    """Let owners in; for others the page is not there. A change needs a fresh proof."""

    @login_required
    @wraps(view)
    def guarded(
        request: UserRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not request.user.is_superuser:
            raise Http404
        if request.method == "POST" and not proofs.is_recent(request):
            return proofs.ask(reverse("accounts:members"))
        return view(request, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@_owner_required
def members(request: UserRequest) -> HttpResponse:
    """List members and open invitations; a POST invites somebody."""
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            _invite(request, form.cleaned_data["email"], form.cleaned_data["role"])
        except invitations.KnownAddress:
            form.add_error("email", "Somebody with this address is here already.")
        else:
            return redirect("accounts:members")
    context = {
        "form": form,
        "members": User.objects.order_by("joined_at", "pk")[:_MOST],
        "invitations": invitations.open_ones(),
        "mail_server": settings.MAIL_SERVER,
        "days": settings.INVITATION_DAYS,
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/members.html", context, status=status)


@require_POST
@_owner_required
def member_suspend(request: UserRequest, pk: UUID) -> HttpResponse:
    """Keep a member out, until let in again; nothing is deleted."""
    member = _member(request, pk)
    try:
        service.suspend(member)
    except service.LastOwner:
        messages.error(request, "Somebody must be left to run this Keyfob.")
    else:
        service.record_act(request.user, member, "member.suspended", request)
        messages.success(request, f"{member} is kept out, and signed out everywhere.")
    return redirect("accounts:members")


@require_POST
@_owner_required
def member_resume(request: UserRequest, pk: UUID) -> HttpResponse:
    """Let a suspended member in again."""
    member = _member(request, pk)
    if service.resume(member):
        service.record_act(request.user, member, "member.resumed", request)
        messages.success(request, f"{member} can sign in again.")
    else:
        messages.error(request, f"The account of {member} is being deleted.")
    return redirect("accounts:members")


@require_POST
@_owner_required
def member_end_sessions(request: UserRequest, pk: UUID) -> HttpResponse:
    """Sign a member out of every browser."""
    member = _member(request, pk)
    count = sessions.end_all(member)
    service.record_act(request.user, member, "session.ended", request, count=count)
    messages.success(request, f"{member} is signed out everywhere.")
    return redirect("accounts:members")


@require_POST
@_owner_required
def invitation_withdraw(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take an invitation back; its link ends."""
    invitation = get_object_or_404(invitations.open_ones(), pk=pk)
    invitations.withdraw(invitation)
    audit.record(request.user, "member.uninvited", request=request)
    messages.success(request, f"The {invitation} is taken back.")
    return redirect("accounts:members")


@sensitive_variables("secret")
def _invite(request: UserRequest, email: str, role: str) -> None:
    invitation, secret = invitations.invite(request.user, email, role)
    path = reverse("accounts:invitation", kwargs={"secret": secret})
    get_adapter().send_mail(
        "accounts/email/invitation",
        invitation.email,
        {
            "invitation_url": f"{settings.PUBLIC_URL}{path}",
            "invited_by": str(request.user),
            "is_owner": role == Invitation.Role.OWNER,
            "days": settings.INVITATION_DAYS,
        },
    )
    audit.record(request.user, "member.invited", detail={"role": role}, request=request)
    where = "was mailed" if settings.MAIL_SERVER else "stands on the Letters page"
    messages.success(request, f"The {invitation} {where}.")


def _member(request: UserRequest, pk: UUID) -> User:
    """Return another person than the one who asks."""
    return get_object_or_404(User.objects.exclude(pk=request.user.pk), pk=pk)
