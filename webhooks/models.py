"""Who is told what happens: endpoints, messages, deliveries, and each attempt.

Two classes of news. Events (state, errors, alerts, credits) are rows: a `Message` and a
`Delivery` for each endpoint that wants it, tried again for days. Data (signals, whole
readings) goes straight from the streams, with a lifetime; only its attempts are rows.
"""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User

MOST_ENDPOINTS = 10
LONGEST_URL = 2048


class Kind(models.TextChoices):
    """What an endpoint can be told; the value is the topic of the event."""

    DATA = "data", "Telemetry signals"
    STATE = "state", "Online, asleep, offline"
    VEHICLE_DATA = "vehicle_data", "Whole readings"
    ERRORS = "errors", "Telemetry errors"
    ALERTS = "alerts", "Alerts of the car"
    CREDITS = "credits", "Calls that cost"


DATA_KINDS = frozenset({Kind.DATA.value, Kind.VEHICLE_DATA.value})


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    """Questions about endpoints."""

    def of(self, user: User) -> "EndpointQuerySet":
        """Keep this user's, the oldest first."""
        return self.filter(user=user).order_by("created_at", "pk")

    def sending(self) -> "EndpointQuerySet":
        """Keep those that are told anything now: neither paused nor disabled."""
        return self.filter(paused_at=None, disabled_at=None, user__is_active=True)


class Endpoint(models.Model):
    """One address that is told what happens to a user's cars.

    `vins` is empty for all cars. `secret_sealed` signs; `old_secret_sealed` signs
    beside it until `old_secret_until`. `headers_sealed` is a JSON object. Since
    `first_failure_at` nothing was accepted; `outage_s` of that time the line of this
    instance was down, counted up to `outage_at`, or nobody looked: the last look at an
    endpoint that fails was at `swept_at`. `notices` counts the letters written about it.
    """

    class Format(models.TextChoices):
        """How a body is written."""

        TESLEMETRY = "teslemetry", "Teslemetry: the same JSON as the stream"
        TESLA = "tesla", "Tesla: a list of keys and typed values"
        SPLUNK = "splunk", "Splunk HTTP Event Collector"

    class Disabled(models.TextChoices):
        """Why an endpoint is told nothing any more."""

        NOT = "", "It is not"
        FAILING = "failing", "Nothing was accepted for 24 hours"
        GONE = "gone", "It answered 410 Gone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=80, blank=True)
    url = models.CharField(max_length=LONGEST_URL)
    format = models.CharField(max_length=12, choices=Format, default=Format.TESLEMETRY)
    kinds = models.JSONField(default=list)
    vins = models.JSONField(default=list)
    verify_tls = models.BooleanField(default=True)
    max_rate = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(1)]
    )
    batch_ms = models.PositiveIntegerField(default=0)
    batch_max = models.PositiveSmallIntegerField(default=1)
    secret_sealed = models.TextField()
    old_secret_sealed = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    authorization_sealed = models.TextField(blank=True)
    headers_sealed = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    paused_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(
        max_length=8, choices=Disabled, default=Disabled.NOT, blank=True
    )
    first_failure_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    last_attempt_at = models.DateTimeField(null=True)
    last_error_kind = models.CharField(max_length=24, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    consecutive_failures = models.PositiveIntegerField(default=0)
    failed_hours = models.PositiveSmallIntegerField(default=0)
    outage_s = models.PositiveIntegerField(default=0)
    outage_at = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
    notices = models.PositiveSmallIntegerField(default=0)
    closed_until = models.DateTimeField(null=True)
    delivered_count = models.PositiveBigIntegerField(default=0)
    failed_count = models.PositiveBigIntegerField(default=0)
    dropped_count = models.PositiveBigIntegerField(default=0)

    objects: ClassVar[models.Manager["Endpoint"]] = EndpointQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["first_failure_at"],
                condition=Q(first_failure_at__isnull=False),
                name="endpoint_failing",
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)[:8]

    @property
    def is_sending(self) -> bool:
        """Tell whether it is told anything: neither paused nor disabled."""
        return self.paused_at is None and self.disabled_at is None

    def failing_for(self, now: datetime) -> timedelta:
        """Return for how long nothing was accepted, our own outages not counted."""
        if self.first_failure_at is None:
            return timedelta()
        return now - self.first_failure_at - timedelta(seconds=self.outage_s)

    def wants(self, kind: str, vin: str) -> bool:
        """Tell whether it is told of this kind of news about this car."""
        return kind in self.kinds and (not self.vins or not vin or vin in self.vins)


class Message(models.Model):
    """One event that somebody is told; the body is the JSON of the stream.

    The id follows from where the event stood in the stream, so that an event read
    twice is one message. `topic` is `ping` for a question whether anybody is there.
    """

    id = models.CharField(primary_key=True, max_length=40)
    user = models.ForeignKey(User, models.CASCADE, related_name="webhook_messages")
    topic = models.CharField(max_length=32)
    product = models.CharField(max_length=32, blank=True)
    body = models.TextField()
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.id


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Questions about deliveries."""

    def of(self, user: User) -> "DeliveryQuerySet":
        """Keep this user's."""
        return self.filter(endpoint__user=user)

    def pending(self) -> "DeliveryQuerySet":
        """Keep those that have no end yet."""
        return self.filter(state=Delivery.State.PENDING)


class Delivery(models.Model):
    """One message on its way to one endpoint; the row is the queue.

    A deliverer holds it by `lease_until`. A test is sent once, whatever comes of it,
    and a probe likewise.
    """

    class State(models.TextChoices):
        """How far it has come."""

        PENDING = "pending", "Waiting"
        DELIVERED = "ok", "Delivered"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Too old"
        DISABLED = "disabled", "The endpoint was disabled"

    class Purpose(models.TextChoices):
        """Why it is sent."""

        EVENT = "", "It happened"
        TEST = "test", "A test"
        PROBE = "probe", "To see whether anybody is there"

    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    purpose = models.CharField(
        max_length=8, choices=Purpose, default=Purpose.EVENT, blank=True
    )
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Delivery"]] = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "message"], name="one_delivery_per_endpoint"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_at"],
                condition=Q(state="pending"),
                name="delivery_due",
            ),
            models.Index(
                fields=["endpoint", "message"],
                condition=Q(state="pending"),
                name="delivery_waiting",
            ),
            models.Index(
                fields=["endpoint", "lease_until"],
                condition=Q(state="pending", lease_until__isnull=False),
                name="delivery_leased",
            ),
            models.Index(
                fields=["endpoint", "message"],
                condition=Q(state="pending", purpose="test"),
                name="delivery_tests",
            ),
            models.Index(fields=["endpoint", "-id"], name="delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.endpoint_id}"


class Attempt(models.Model):
    """One request to an endpoint and what came back, the newest of each endpoint.

    `delivery` is None for data, `events` how many lay in one body. What is secret in
    `request_headers` is masked. Excerpts are 4 KiB at most. `http_status` is None
    where no answer came; then `error_kind` says what happened.
    """

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="attempts")
    delivery = models.ForeignKey(
        Delivery, models.CASCADE, null=True, related_name="log"
    )
    message_id_text = models.CharField(max_length=40)
    topic = models.CharField(max_length=32)
    product = models.CharField(max_length=32, blank=True)
    events = models.PositiveSmallIntegerField(default=1)
    number = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField(default=timezone.now)
    duration_ms = models.PositiveIntegerField(default=0)
    http_status = models.PositiveSmallIntegerField(null=True)
    error_kind = models.CharField(max_length=24, blank=True)
    request_headers = models.JSONField(default=dict)
    request_excerpt = models.TextField(blank=True)
    response_excerpt = models.TextField(blank=True)
    remote_ip = models.CharField(max_length=45, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="attempt_newest"),
            models.Index(fields=["started_at"], name="attempt_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id_text} {self.http_status or self.error_kind}"

    @property
    def has_worked(self) -> bool:
        """Tell whether the endpoint accepted it."""
        return not self.error_kind
