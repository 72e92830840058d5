"""Forget what a user's credentials opened: questions, access tokens, Tesla grants."""

from accounts.models import User
from accounts.services.batches import delete_in_batches
from tokens.models import AccessToken, ConnectCode, Inquiry, TeslaGrant, Usage
from tokens.services import grants, last_answers, news, spool


def forget(user: User) -> dict[str, int]:
    """Delete all that this app keeps of a user; return how many of each kind.

    What the floors above read with the grants must be gone. Safe to repeat. Raises
    `last_answers.StillKept` while Redis is away.
    """
    news.forget(user.pk)
    return {
        "questions to Tesla": delete_in_batches(Inquiry.objects.filter(user=user)),
        "counts of calls": delete_in_batches(Usage.objects.filter(user=user)),
        "access tokens": forget_access_tokens(user),
        "Tesla accounts": sum(_drop(grant) for grant in TeslaGrant.objects.of(user)),
    }


def forget_access_tokens(user: User) -> int:
    """Delete a user's access tokens; every process refuses them within a second.

    Programs that were allowed to connect and have not yet come get none.
    """
    delete_in_batches(ConnectCode.objects.filter(user=user))
    return delete_in_batches(AccessToken.objects.filter(user=user))


def forget_grant(grant: TeslaGrant) -> dict[str, int]:
    """Unlink one Tesla account; return how many rows of each kind went.

    Raises `grants.OnlyWayIn`; then the grant itself is still there.
    """
    asked = delete_in_batches(Inquiry.objects.filter(grant=grant))
    grants.unlink(grant)
    last_answers.forget(grant.pk)
    return {"questions to Tesla": asked, "Tesla accounts": 1}


def forget_questions(user: User, subject: str) -> dict[str, int]:
    """Delete what a user asked about one car or site; return how many of each kind."""
    for grant in TeslaGrant.objects.of(user):
        last_answers.forget(grant.pk, subject)
    asked = Inquiry.objects.filter(user=user, subject=subject)
    counted = Usage.objects.filter(user=user, subject=subject)
    return {
        "questions to Tesla": delete_in_batches(asked),
        "counts of calls": delete_in_batches(counted),
    }


def _drop(grant: TeslaGrant) -> int:
    last_answers.forget(grant.pk)
    deleted = delete_in_batches(TeslaGrant.objects.filter(pk=grant.pk))
    spool.clear(grant.pk)
    return deleted
