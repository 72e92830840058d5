"""People who use this instance: who they are, how they came, what was done in their name.

`AuditEntry` names an opaque subject; only `AuditSubject` says who that is, so that a
person can be forgotten and the trail stays.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.fields import LenientJSONField


class Units(models.TextChoices):
    """In which units a person reads distances, temperatures and pressures."""

    BROWSER = "", "As my browser's language has it"
    METRIC = "metric", "Metric (km, °C, bar)"
    IMPERIAL = "imperial", "Imperial (mi, °F, psi)"


class UserManager(BaseUserManager["User"]):
    """Make users whose name is their e-mail address."""

    def create_user(
        self, email: str | None, password: str | None = None, **fields: object
    ) -> "User":
        """Make and store a user; without a password only Tesla's sign-in works."""
        user = self.model(email=self.normalize_email(email) or None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_owner(self, email: str, password: str) -> "User":
        """Make and store the owner: staff, and allowed everything."""
        return self.create_user(email, password, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by e-mail address, in whatever case it is written."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account here: the owner (staff) or a member.

    `email` is None for a member who came by Tesla's sign-in and shared no address.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True, null=True, blank=True)
    name = models.CharField(max_length=200, blank=True)
    units = models.CharField(
        max_length=8, choices=Units, default=Units.BROWSER, blank=True
    )
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)
    # Set for good when the account's deletion begins.
    leaving_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_user_per_email",
                violation_error_message="An account with this address exists already.",
            )
        ]

    def __str__(self) -> str:
        return self.email or self.name or f"Account {str(self.id)[:8]}"


class OwnerCode(models.Model):
    """The one-time code, printed at start, that lets the first person become owner.

    There is at most one row; it goes when the owner is made. `digest` is the code's
    SHA-256 in hex.
    """

    digest = models.CharField(max_length=64)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return "owner code"


class Letter(models.Model):
    """A letter kept for the owner to hand on, because no mail server took it.

    `body_sealed` is the text, encrypted with its row and column: it may hold a link
    that opens an account.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body_sealed = models.TextField()
    written_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-written_at", "id"]

    def __str__(self) -> str:
        return self.subject


class TrailIsFinal(Exception):
    """Something tried to change or delete what the audit trail holds."""


class AuditSubject(models.Model):
    """Who an opaque subject of the audit trail is; goes when the person is forgotten."""

    user = models.OneToOneField(User, models.CASCADE, related_name="audit_subject")
    subject_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    def __str__(self) -> str:
        return str(self.subject_id)


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Questions about the trail, which can be added to and nothing else."""

    def update(self, **_kwargs: Any) -> int:
        """Refuse: what happened does not change. Raises `TrailIsFinal`."""
        raise TrailIsFinal

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse; entries go by age alone. Raises `TrailIsFinal`."""
        raise TrailIsFinal

    def bulk_create(
        self, objs: Iterable["AuditEntry"], *args: Any, **kwargs: Any
    ) -> list["AuditEntry"]:
        """Add several entries; refuse to write over others. Raises `TrailIsFinal`."""
        if kwargs.get("update_conflicts"):
            raise TrailIsFinal
        return super().bulk_create(objs, *args, **kwargs)

    def forget_before(self, at: datetime, *, most: int = 1000) -> int:
        """Delete the entries older than a time, at most so many; return how many.

        The one way out of the trail: the operator says for how long it is kept.
        """
        old = self.filter(happened_at__lt=at).order_by("happened_at")
        chosen = list(old.values_list("pk", flat=True)[:most])
        count, _ = models.QuerySet.delete(self.filter(pk__in=chosen))
        return count


class AuditEntry(models.Model):
    """One thing that happened, and to whom; without a subject, to the instance itself.

    `action` is a dotted code such as `token.issued`, `about` names what it was done
    to. `address_prefix` is the network that the request came from, not the address.
    """

    subject_id = models.UUIDField(null=True, editable=False)
    action = models.CharField(max_length=64)
    about = models.CharField(max_length=200, blank=True)
    detail = LenientJSONField(default=dict)
    address_prefix = models.CharField(max_length=64, blank=True)
    client = models.CharField(max_length=200, blank=True)
    happened_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["AuditEntry"]] = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_at", "-pk"]
        indexes = [
            models.Index(
                fields=["subject_id", "-happened_at"], name="trail_of_subject"
            ),
            models.Index(fields=["happened_at"], name="trail_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.about}".rstrip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new entry. Raises `TrailIsFinal` for one that is stored already."""
        if not self._state.adding:
            raise TrailIsFinal
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse; entries go by age alone. Raises `TrailIsFinal`."""
        raise TrailIsFinal


class Invitation(models.Model):
    """The owner's word that somebody may join; its link works once, until it ends.

    `digest` is the SHA-256 of the link's secret, in hex. `member` is who came of it,
    and takes the row along when they leave: it holds their address.
    """

    class Role(models.TextChoices):
        """What the new person may do here."""

        MEMBER = "member", "Member: links their own Tesla accounts"
        OWNER = "owner", "Owner: also runs this Keyfob and its members"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="invitations_sent"
    )
    invited_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    member = models.OneToOneField(
        User, models.CASCADE, null=True, related_name="invitation"
    )

    class Meta:
        ordering = ["-invited_at", "id"]

    def __str__(self) -> str:
        return f"invitation of {self.email}"
