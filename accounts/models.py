"""People who use this instance, the first one's code, and letters that were not sent."""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


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
