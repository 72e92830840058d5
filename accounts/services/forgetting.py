"""Forget a person: letters to them, their sessions, and last of all the account."""

from allauth.account.models import EmailAddress

from accounts.models import Letter, User
from accounts.services.batches import delete_in_batches
from accounts.services.ending import end_sessions


def forget(user: User) -> dict[str, int]:
    """Delete the account and what hangs on it; return how many of each kind.

    The floors above must have forgotten theirs. Safe to repeat.
    """
    counts = {
        "letters": sum(
            delete_in_batches(Letter.objects.filter(to__iexact=address))
            for address in _addresses(user)
        ),
        "sessions": end_sessions(user),
        "e-mail addresses": delete_in_batches(EmailAddress.objects.filter(user=user)),
    }
    counts["accounts"] = delete_in_batches(User.objects.filter(pk=user.pk))
    return counts


def _addresses(user: User) -> set[str]:
    known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return {address.lower() for address in (user.email, *known) if address}
