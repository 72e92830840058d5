"""The audit trail and the invitations, as the operator sees them."""

from typing import Any
from uuid import UUID

from django.contrib.admin import action, display, register
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts import audit
from accounts.models import AuditEntry, AuditSubject, Invitation, User
from accounts.services import invitations
from console.admin.base import OpenFilter, OperatorAdmin, confirmed, link, tell


@register(AuditEntry)
class AuditEntryAdmin(OperatorAdmin[AuditEntry]):
    """What was done, and in whose name while they are here; nobody can change it."""

    list_display = (
        "happened_at",
        "action_code",
        "of",
        "about",
        "address_prefix",
        "client",
    )
    list_filter = ("action", "happened_at")
    search_fields = ("action", "about", "address_prefix", "client")
    readonly_fields = ("of",)
    ordering = ("-happened_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Return the entries with what the person of each is called."""
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        known = AuditSubject.objects.filter(subject_id=OuterRef("subject_id"))
        return entries.annotate(
            person=Subquery(known.values("user")[:1]),
            person_email=Subquery(known.values("user__email")[:1]),
            person_name=Subquery(known.values("user__name")[:1]),
        )

    @display(description="action", ordering="action")
    def action_code(self, entry: AuditEntry) -> str:
        """Return the code of what was done."""
        return entry.action

    @display(description="user")
    def of(self, entry: Any) -> SafeString | str:
        """Link to the person, while somebody knows who that is."""
        if entry.subject_id is None:
            return "this Keyfob"
        if entry.person is None:
            return link(None)
        columns = {"email": entry.person_email, "name": entry.person_name}
        return link(User(pk=entry.person, **columns))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find entries by their words, or by whose they are: an address or a key."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        people = AuditSubject.objects.filter(_person(search_term))
        theirs = queryset.filter(subject_id__in=people.values("subject_id"))
        return found | theirs, may_repeat


class _OpenInvitation(OpenFilter):
    def is_open(self) -> dict[str, Any]:
        return {"accepted_at": None}


@register(Invitation)
class InvitationAdmin(OperatorAdmin[Invitation]):
    """Who was asked to join; new ones are written on the page of the members."""

    list_display = ("email", "role", "invited_at", "expires_at", "accepted_at", "came")
    list_filter = (_OpenInvitation, "role", "invited_at")
    list_select_related = ("member",)
    search_fields = ("email", "member__email")
    readonly_fields = ("came",)
    actions = ("withdraw",)
    ordering = ("-invited_at",)

    @display(description="who came")
    def came(self, invitation: Invitation) -> SafeString | str:
        """Link to the member who came of it."""
        return link(invitation.member)

    @action(description="Take back", permissions=["change"])
    @confirmed("Take back?", "The links of these invitations end.")
    def withdraw(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """End invitations that nobody has accepted."""
        chosen = list(rows.filter(accepted_at=None))
        for invitation in chosen:
            invitations.withdraw(invitation)
            if isinstance(request.user, User):
                audit.record(request.user, "member.uninvited", request=request)
        tell(request, len(chosen), len(chosen), "Taken back")


def _person(words: str) -> Q:
    """Return the query of the people whom some words name."""
    from_address = Q(user__email__icontains=words.strip())
    try:
        return from_address | Q(user__pk=UUID(words.strip()))
    except ValueError:
        return from_address
