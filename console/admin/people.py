"""Users and letters, as the operator sees them."""

from contextlib import suppress
from typing import Any

from django.contrib.admin import action, display, register
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import Letter, User
from accounts.services import ending, members
from console.admin.base import OperatorAdmin, confirmed, list_link, tell
from console.models import Deletion


@register(User)
class UserAdmin(OperatorAdmin[User]):
    """People with an account: who they are, and what hangs on them."""

    list_display = ("who", "email", "role", "is_active", "joined_at", "grants")
    list_filter = ("is_active", "is_staff", "joined_at")
    search_fields = ("email", "name", "tesla_grants__tesla_email", "pk__exact")
    ordering = ("joined_at",)
    readonly_fields = (
        "role",
        "grants",
        "access_tokens",
        "questions",
        "webhooks",
        "deletions",
    )
    actions = ("suspend", "restore", "end_sessions", "appoint", "dismiss")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the users with their number of Tesla accounts."""
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(linked=Count("tesla_grants", distinct=True))

    @display(description="user", ordering="email")
    def who(self, user: User) -> str:
        """Return what the user is called."""
        return str(user)

    @display(description="role", ordering="-is_superuser")
    def role(self, user: User) -> str:
        """Return what the user may do here."""
        if user.is_superuser:
            return "Owner"
        return "Support" if user.is_staff else "Member"

    @display(description="Tesla accounts", ordering="linked")
    def grants(self, user: User) -> SafeString:
        """Link to the user's Tesla accounts."""
        linked = str(user.linked)  # type: ignore[attr-defined]  # an annotation
        return list_link("tokens", "teslagrant", f"user__id__exact={user.pk}", linked)

    @display(description="access tokens")
    def access_tokens(self, user: User) -> SafeString:
        """Link to the user's access tokens."""
        query = f"user__id__exact={user.pk}"
        return list_link(
            "tokens", "accesstoken", query, str(user.access_tokens.count())
        )

    @display(description="questions to Tesla")
    def questions(self, user: User) -> SafeString:
        """Link to what the user's pages asked Tesla."""
        query = f"user__id__exact={user.pk}"
        return list_link("tokens", "inquiry", query, str(user.inquiries.count()))

    @display(description="webhooks")
    def webhooks(self, user: User) -> SafeString:
        """Link to the user's webhooks."""
        query = f"user__id__exact={user.pk}"
        return list_link("webhooks", "endpoint", query, str(user.endpoints.count()))

    @display(description="deletions")
    def deletions(self, user: User) -> SafeString:
        """Link to the deletions that the user asked for."""
        query = f"user__id__exact={user.pk}"
        asked = Deletion.objects.filter(user=user).count()
        return list_link("console", "deletion", query, str(asked))

    @action(description="Suspend", permissions=["change"])
    @confirmed("Suspend?", "They are signed out, and their programs are refused.")
    def suspend(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Let users in no more; the owner who acts stays in."""
        done = 0
        for user in rows.exclude(pk=request.user.pk):
            with suppress(members.LastOwner):
                members.suspend(user)
                _record(request, user, "member.suspended")
                done += 1
        tell(request, done, rows.count(), "Suspended")

    @action(description="Let in again", permissions=["change"])
    def restore(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Let suspended users in again, but for those whose account is being deleted."""
        done = [user for user in rows if members.resume(user)]
        for user in done:
            _record(request, user, "member.resumed")
        tell(request, len(done), rows.count(), "Let in again")

    @action(description="End sessions", permissions=["change"])
    @confirmed("End sessions?", "They must sign in again in each browser.")
    def end_sessions(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Sign users out in every browser."""
        ended = 0
        for user in rows:
            count = ending.end_sessions(user)
            _record(request, user, "session.ended", count=count)
            ended += count
        tell(request, ended, ended, "Sessions ended")

    @action(description="Make support staff", permissions=["change"])
    @confirmed("Make support staff?", "They may look at all pages of this admin.")
    def appoint(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Let members look at the admin."""
        chosen = rows.filter(is_staff=False, leaving_at=None)
        done = _changed(request, chosen, "member.appointed", is_staff=True)
        tell(request, done, rows.count(), "Made support staff")

    @action(description="Make plain members", permissions=["change"])
    @confirmed("Make plain members?", "They no longer see this admin.")
    def dismiss(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Let support staff look at the admin no more."""
        chosen = rows.filter(is_staff=True, is_superuser=False)
        done = _changed(request, chosen, "member.dismissed", is_staff=False)
        tell(request, done, rows.count(), "Made plain members")


def _changed(
    request: HttpRequest, rows: QuerySet[User], action: str, *, is_staff: bool
) -> int:
    """Make users staff or not, and record it; return how many."""
    chosen = list(rows)
    for user in chosen:
        User.objects.filter(pk=user.pk).update(is_staff=is_staff)
        _record(request, user, action)
    return len(chosen)


def _record(request: HttpRequest, member: User, action: str, **detail: object) -> None:
    if isinstance(request.user, User):
        members.record_act(request.user, member, action, request, **detail)


@register(Letter)
class LetterAdmin(OperatorAdmin[Letter]):
    """Letters that no mail server took: to whom and about what, never their text."""

    list_display = ("subject", "to", "written_at")
    list_filter = ("written_at",)
    search_fields = ("to", "subject")
