"""Inviting people: a link that works once, for a week, and what comes of it.

InvitationError
├─ KnownAddress   somebody with this e-mail address is here already
├─ Spent          the link is wrong, was used, was taken back, or is too old
└─ AddressTaken   the address has been given to somebody else since
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Invitation, User
from accounts.services.members import prove_address

_SECRET_BYTES = 24
# For so long the owner sees what became of an invitation.
_KEPT = timedelta(days=90)


class InvitationError(Exception):
    """Nobody can be invited, or come, in this way."""


class KnownAddress(InvitationError):
    """Somebody with this e-mail address is here already."""


class Spent(InvitationError):
    """The link is wrong, was used, was taken back, or is too old."""


class AddressTaken(InvitationError):
    """The invited address has been given to somebody else since."""


def invite(owner: User, email: str, role: str) -> tuple[Invitation, str]:
    """Make an invitation; return it and the link's secret, which is kept nowhere.

    An earlier one to the same address ends. Raises `KnownAddress`.
    """
    email = email.lower()
    if User.objects.filter(email__iexact=email).exists():
        raise KnownAddress
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    now = timezone.now()
    with transaction.atomic():
        _unused().filter(email=email).delete()
        invitation = Invitation.objects.create(
            email=email,
            role=role,
            digest=_digest(secret),
            invited_by=owner,
            invited_at=now,
            expires_at=now + timedelta(days=settings.INVITATION_DAYS),
        )
    return invitation, secret


def open_ones() -> QuerySet[Invitation]:
    """Return the invitations that can still be accepted, newest first.

    The word of somebody who is no owner any more, or is suspended, counts no more.
    """
    return _unused().filter(invited_by__is_active=True, invited_by__is_superuser=True)


def find(secret: str) -> Invitation:
    """Return the invitation that a link belongs to. Raises `Spent`."""
    invitation = open_ones().filter(digest=_digest(secret)).first()
    if invitation is None:
        raise Spent
    return invitation


def accept(secret: str, *, password: str | None = None, name: str = "") -> User:
    """Use an invitation up and make its person, whose address counts as proven.

    The link came to that address, or from the owner's hand. Without a password the
    person signs in by Tesla. Raises `Spent` and `AddressTaken`; then nothing changed.
    """
    try:
        with transaction.atomic():
            invitation = find(secret)
            # Whoever changes the row has it; a second one finds it used.
            same = _unused().filter(pk=invitation.pk)
            if not same.update(accepted_at=timezone.now()):
                raise Spent
            is_owner = invitation.role == Invitation.Role.OWNER
            member = User.objects.create_user(
                invitation.email,
                password,
                name=name[:200],
                is_staff=is_owner,
                is_superuser=is_owner,
            )
            prove_address(member)
            Invitation.objects.filter(pk=invitation.pk).update(member=member)
    except IntegrityError as error:
        raise AddressTaken from error
    return member


def withdraw(invitation: Invitation) -> None:
    """Take an invitation back; its link ends. One that was accepted stays."""
    _unused().filter(pk=invitation.pk).delete()


def forget_old(now: datetime) -> int:
    """Delete what ended, or was accepted, more than 90 days ago; return how many."""
    count, _ = Invitation.objects.filter(expires_at__lt=now - _KEPT).delete()
    return count


def _unused() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, expires_at__gt=timezone.now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
