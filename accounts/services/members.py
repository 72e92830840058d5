"""What makes a user able to sign in: a proven address, no lock on it, no suspension."""

from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest  # noqa: TID251  # an empty one for allauth's key, and whose act it was

from accounts import audit
from accounts.models import User
from accounts.services.ending import end_sessions

_ALLAUTH = "allauth.account"


def prove_address(user: User) -> EmailAddress:
    """Store that the user's e-mail address is their own and the one to write to.

    Raises `ValueError` for a user without an address.
    """
    if not user.email:
        raise ValueError("This user has no e-mail address.")
    EmailAddress.objects.filter(user=user, primary=True).update(primary=False)
    address, _ = EmailAddress.objects.update_or_create(
        user=user,
        email=user.email.lower(),
        defaults={"verified": True, "primary": True},
    )
    return address


def has_way_in(user: User, *, without: int | None = None) -> bool:
    """Tell whether a user can sign in without Tesla: by password or by a passkey alone.

    A password needs an address to be typed with; a letter to it proves it at the
    sign-in. A key that asks for a password first is no way in of its own. `without` is
    the primary key of a passkey that does not count.
    """
    if user.email and user.has_usable_password():
        return True
    keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    return any(key.wrap().is_passwordless for key in keys.exclude(pk=without))


def unlock(user: User) -> None:
    """Forget the wrong passwords and codes that lock the user's sign-in.

    The limit by client address stays: it is not the user's, and lasts a minute.
    """
    # The last is what allauth counts wrong codes under.
    logins = {user.email, *_addresses(user), f"mfa-auth-user-{user.pk}"} - {None}
    for rate in ratelimit.get_rates(app=_ALLAUTH, action="login_failed"):
        if rate.per != "key":
            continue
        for login in logins:
            cache.delete(
                ratelimit.get_cache_key(
                    HttpRequest(),
                    app=_ALLAUTH,
                    action="login_failed",
                    rate=rate,
                    key=str(login).lower(),
                )
            )


def remove_factors(user: User) -> int:
    """Remove the second factors of somebody who lost them; return how many.

    For the operator at the machine itself; the trail says who did it.
    """
    count: int = Authenticator.objects.filter(user=user).delete()[0]
    if count:
        audit.record(user, "mfa.removed", detail={"by_operator": True, "count": count})
    return count


def _addresses(user: User) -> list[str]:
    return list(EmailAddress.objects.filter(user=user).values_list("email", flat=True))


def record_act(
    by: User, member: User, action: str, request: HttpRequest, **detail: object
) -> None:
    """Record an owner's act in both trails; the member's names no program of the owner's."""
    audit.record(member, action, detail={"by_owner": True, **detail})
    other = {"member": str(audit.subject_id_of(member)), **detail}
    audit.record(by, action, detail=other, request=request)


class LastOwner(Exception):
    """Without this person nobody would run the instance."""


def suspend(member: User) -> int:
    """Keep a person out: sign-ins, sessions, programs. Return how many sessions ended.

    Nothing is deleted. Raises `LastOwner` for the only owner who can sign in.
    """
    with transaction.atomic():
        owners = User.objects.select_for_update().filter(
            is_superuser=True, is_active=True
        )
        if [owner.pk for owner in owners] == [member.pk]:
            raise LastOwner
        User.objects.filter(pk=member.pk).update(is_active=False)
    return end_sessions(member)


def resume(member: User) -> bool:
    """Let a suspended person in again; return whether, as nobody comes back half deleted."""
    staying = User.objects.filter(pk=member.pk, leaving_at=None)
    return bool(staying.update(is_active=True))
