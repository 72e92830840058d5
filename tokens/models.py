"""Credentials held (the signing key, Tesla grants) and issued (access tokens)."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import LenientJSONField
from accounts.models import User

MOST_ACCESS_TOKENS = 10


class SigningKey(models.Model):
    """The EC P-256 key that signs commands; cars know its public half.

    `private_pem_sealed` is the PKCS#8 PEM, encrypted with its row and column.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    only = models.BooleanField(default=True, unique=True, editable=False)
    private_pem_sealed = models.TextField()
    public_pem = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="one_signing_key")
        ]

    def __str__(self) -> str:
        return f"signing key of {self.created_at:%Y-%m-%d}"


class Registration(models.Model):
    """This application's partner account in one of Tesla's regions."""

    region = models.CharField(max_length=2, primary_key=True)
    domain = models.CharField(max_length=255)
    public_key_hex = models.CharField(max_length=130)
    registered_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.domain} in {self.region}"


class GrantQuerySet(models.QuerySet["TeslaGrant"]):
    """Questions about Tesla grants."""

    def of(self, user: User) -> "GrantQuerySet":
        """Keep the grants that this user gave."""
        return self.filter(user=user)

    def usable(self) -> "GrantQuerySet":
        """Keep the grants that can still call Tesla without a person's help."""
        return self.filter(state=TeslaGrant.State.ACTIVE, user__is_active=True)

    def due(self, now: datetime) -> "GrantQuerySet":
        """Keep the usable grants whose early refresh is due, oldest first."""
        return (
            self.usable()
            .filter(Q(next_refresh_at__lte=now))
            .filter(Q(lease_until=None) | Q(lease_until__lte=now))
            .order_by("next_refresh_at")
        )


class TeslaGrant(models.Model):
    """A user's consent at Tesla: one Tesla account, its tokens and scopes.

    The sealed columns are encrypted with their row and column. `generation` rises
    with each stored pair. A refresh belongs to whoever holds the lease. `synced_…_at`
    is when Tesla last gave a list; `…_failed_at` and `…_failure` say when and why it
    did not since, and are empty otherwise.
    """

    class State(models.TextChoices):
        """Whether the grant works by itself or needs its person."""

        ACTIVE = "active", "Active"
        NEEDS_RELINK = "needs_relink", "Needs to be linked again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="tesla_grants")
    tesla_sub = models.CharField(max_length=100, unique=True)
    tesla_email = models.CharField(max_length=254, blank=True)
    tesla_name = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=2)
    scopes = models.JSONField(default=list)
    scopes_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=16, choices=State, default=State.ACTIVE)
    tesla_access_token_sealed = models.TextField(blank=True)
    tesla_access_token_expires_at = models.DateTimeField()
    refresh_token_sealed = models.TextField(blank=True)
    previous_refresh_token_sealed = models.TextField(blank=True)
    generation = models.PositiveIntegerField(default=1)
    next_refresh_at = models.DateTimeField(null=True)
    lease_id = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)
    refreshed_at = models.DateTimeField(default=timezone.now)
    linked_at = models.DateTimeField(default=timezone.now)
    synced_vehicles_at = models.DateTimeField(null=True)
    synced_energy_at = models.DateTimeField(null=True)
    vehicles_failed_at = models.DateTimeField(null=True)
    vehicles_failure = models.CharField(max_length=400, blank=True)
    energy_failed_at = models.DateTimeField(null=True)
    energy_failure = models.CharField(max_length=400, blank=True)

    objects: ClassVar[models.Manager["TeslaGrant"]] = GrantQuerySet.as_manager()

    def __str__(self) -> str:
        return self.tesla_name or self.tesla_email or f"Tesla {self.tesla_sub[:8]}"

    def has(self, scope: str) -> bool:
        """Tell whether the person granted this scope."""
        return scope in self.scopes


class AccessToken(models.Model):
    """A token that we issued to one of a user's programs, or a program's connection.

    Only the text's SHA-256 is kept, in hex; `hint` is its readable beginning. A
    connection (`client_id` says whose) has no text of its own: its program fetches one
    for an hour at a time (`HourlyToken`) by a refresh token, which is kept likewise.
    `migrated_from` is the id of the token for which a connection was made, if any.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001  # many rows have none
    hint = models.CharField(max_length=12)
    client_id = models.CharField(max_length=64, blank=True)
    refresh_digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001  # same
    migrated_from = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    last_used_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(digest__isnull=False, client_id="", refresh_digest=None)
                | (Q(digest=None, refresh_digest__isnull=False) & ~Q(client_id="")),
                name="access_token_has_a_text_or_a_program",
            )
        ]

    def __str__(self) -> str:
        return self.name


class HourlyToken(models.Model):
    """A text by which a connection's program calls until it expires: its SHA-256."""

    access_token = models.ForeignKey(
        AccessToken, models.CASCADE, related_name="hourly_tokens"
    )
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d %H:%M}"


class ConnectCode(models.Model):
    """What a program gets once from a user who allowed it in, and what came of it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="connect_codes")
    digest = models.CharField(max_length=64, unique=True)
    client_id = models.CharField(max_length=64)
    redirect_uri = models.CharField(max_length=400)
    challenge = models.CharField(max_length=43)
    name = models.CharField(max_length=80)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    access_token = models.ForeignKey(AccessToken, models.CASCADE, null=True)

    def __str__(self) -> str:
        return self.name


class Inquiry(models.Model):
    """One question put to Tesla for a page, and its answer when it is there.

    The row is the queue: a worker claims it by `lease_until`. `subject` is a VIN or
    an energy site's id, `endpoint` a name of `fleet.endpoints`. `answer` is the value
    of Tesla's "response".
    """

    class State(models.TextChoices):
        """How far the question has come."""

        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Asking Tesla"
        ANSWERED = "answered", "Answered"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="inquiries")
    grant = models.ForeignKey(TeslaGrant, models.CASCADE, related_name="inquiries")
    subject = models.CharField(max_length=32)
    endpoint = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = LenientJSONField(null=True)
    error_code = models.CharField(max_length=200, blank=True)
    error_status = models.PositiveIntegerField(null=True)
    error_title = models.CharField(max_length=200, blank=True)
    error_words = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "asked_at"], name="inquiry_due")]

    def __str__(self) -> str:
        return f"{self.endpoint} of {self.subject}"

    @property
    def is_done(self) -> bool:
        """Tell whether the answer, or the failure, is there."""
        return self.state in {self.State.ANSWERED, self.State.FAILED}


class Usage(models.Model):
    """What one program did in one UTC day with one car or site, in one price class.

    `access_token_key` is the token's id, also after the token is gone, and zero for
    the pages; `program` and `client` are the names last seen, of the token and of the
    program itself. `calls` are a program's, `asked` those that went to Tesla, `billed`
    those of them that Tesla bills, `saved` the calls that needed none. `refused` and
    `failed` count answers of 4xx and 5xx. Durations are in milliseconds.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="usage")
    day_date = models.DateField()
    access_token_key = models.UUIDField()
    program = models.CharField(max_length=80, blank=True)
    client = models.CharField(max_length=80, blank=True)
    subject = models.CharField(max_length=32, blank=True)
    price_class = models.CharField(max_length=16)
    calls = models.PositiveBigIntegerField(default=0)
    asked = models.PositiveBigIntegerField(default=0)
    billed = models.PositiveBigIntegerField(default=0)
    saved = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    duration_ms = models.PositiveBigIntegerField(default=0)
    longest_ms = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "day_date",
                    "user",
                    "access_token_key",
                    "subject",
                    "price_class",
                ],
                name="one_usage_per_day_token_car_and_class",
            )
        ]

    def __str__(self) -> str:
        return f"{self.price_class} on {self.day_date}"


class Spending(models.Model):
    """How many calls of a price class Tesla billed this whole instance in a month.

    Belongs to nobody, so that a month's sum stays true when a user goes.
    `month_date` is the month's first day, in UTC.
    """

    month_date = models.DateField()
    price_class = models.CharField(max_length=16)
    billed = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month_date", "price_class"],
                name="one_spending_per_month_and_class",
            )
        ]

    def __str__(self) -> str:
        return f"{self.price_class} in {self.month_date:%Y-%m}"
