"""Forget a person: letters to them, their sessions, and last of all the account."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Q

from accounts.models import AuditSubject, Invitation, Letter, User
from accounts.services.batches import delete_in_batches
from accounts.services.ending import end_sessions


def forget(user: User) -> dict[str, int]:
    """Delete the account and what hangs on it; return how many of each kind.

    The floors above must have forgotten theirs. The audit trail stays, and nothing says
    any more whose it was. Safe to repeat.
    """
    addresses = _addresses(user)
    invited = Q(member=user)
    for address in addresses:
        invited |= Q(email__iexact=address)
    counts = {
        "letters": sum(
            delete_in_batches(Letter.objects.filter(to__iexact=address))
            for address in addresses
        ),
        "invitations": delete_in_batches(Invitation.objects.filter(invited)),
        "second factors": delete_in_batches(Authenticator.objects.filter(user=user)),
        "sessions": end_sessions(user),
        "e-mail addresses": delete_in_batches(EmailAddress.objects.filter(user=user)),
    }
    AuditSubject.objects.filter(user=user).delete()
    counts["accounts"] = delete_in_batches(User.objects.filter(pk=user.pk))
    return counts


def _addresses(user: User) -> set[str]:
    known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return {address.lower() for address in (user.email, *known) if address}
