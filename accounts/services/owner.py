"""Making the owner with a one-time code, and letting a locked-out owner back in.

OwnerError
├─ OwnerExists   the instance has its owner
├─ WrongCode     the code is not the newest, or was guessed at too often
└─ AddressTaken  another account has this e-mail address
"""

import hashlib
import secrets

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import OwnerCode, User
from accounts.services.members import prove_address, resume, unlock

MOST_ATTEMPTS = 10
# Letters and digits that are not mistaken for one another: 16 of them carry 80 bits.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUPS = 4
_ONLY = 1


class OwnerError(Exception):
    """The owner cannot be made."""


class OwnerExists(OwnerError):
    """The instance has an owner already."""


class WrongCode(OwnerError):
    """The code is wrong, used, or was guessed at too often."""


class AddressTaken(OwnerError):
    """Another account has this e-mail address."""


def owner() -> User | None:
    """Return the owner, or None on an instance that has none yet."""
    return User.objects.filter(is_superuser=True).order_by("joined_at").first()


def new_owner_code() -> str | None:
    """Make a new one-time code, `XXXX-XXXX-XXXX-XXXX`; older ones end.

    Return None when the owner exists.
    """
    if owner() is not None:
        return None
    code = "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS)
    )
    OwnerCode.objects.update_or_create(
        pk=_ONLY,
        defaults={"digest": _digest(code), "attempts": 0, "created_at": timezone.now()},
    )
    return code


def make_owner(code: str, email: str, password: str) -> User:
    """Use up the code and make the owner, whose address counts as proven.

    Raises `OwnerExists`, `WrongCode` or `AddressTaken`; the code outlives the last.
    After `MOST_ATTEMPTS` wrong ones a new code must be made.
    """
    if owner() is not None:
        raise OwnerExists
    # Counted before the code is looked up, and outside the transaction below, so that
    # tries made at the same time count too.
    if not OwnerCode.objects.filter(attempts__lt=MOST_ATTEMPTS).update(
        attempts=F("attempts") + 1
    ):
        raise WrongCode
    try:
        with transaction.atomic():
            # Whoever deletes the row has the code; a second one finds it gone.
            if not OwnerCode.objects.filter(digest=_digest(code)).delete()[0]:
                raise WrongCode
            user = User.objects.create_owner(email.lower(), password)
            prove_address(user)
    except IntegrityError as error:
        raise AddressTaken from error
    return user


def recovery_link(user: User) -> str:
    """Open every lock on the user's sign-in and return a link to a new password.

    The link works once, for `PASSWORD_RESET_TIMEOUT` seconds. Raises `ValueError` for
    a user without an e-mail address, or whose account is being deleted.
    """
    if not user.email:
        raise ValueError("This user has no e-mail address.")
    if not resume(user):
        raise ValueError("The account of this user is being deleted.")
    user.is_active = True
    prove_address(user)
    unlock(user)
    audit.record(user, "recovery.begun", detail={"by_operator": True})
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(user),
            "key": app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user),
        },
    )
    return f"{settings.PUBLIC_URL}{path}"


def _digest(code: str) -> str:
    """Return the SHA-256 of a code as it is meant, however it was typed."""
    plain = "".join(filter(str.isalnum, code.upper()))
    return hashlib.sha256(plain.encode()).hexdigest()
