"""Cars, which grant sees which car, what was commanded and what they stream."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import LenientJSONField
from accounts.models import User
from tokens.models import TeslaGrant


def default_alert_types() -> list[str]:
    """Return the alerts that a car tells: those that Tesla documents."""
    return ["service"]


class Vehicle(models.Model):
    """One car, whoever sees it. What fleet status says is None until it was asked.

    `key_watched_at` is when somebody last opened the key page for it, `key_check_at`
    the moment before which Tesla is not asked again.
    """

    class CommandSigning(models.TextChoices):
        """Whether the car wants its commands signed."""

        UNKNOWN = "", "Unknown"
        OFF = "off", "OFF"
        ALLOWED = "allowed", "ALLOWED"
        REQUIRED = "required", "REQUIRED"

    vin = models.CharField(max_length=17, unique=True)
    name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=16, blank=True)
    state_at = models.DateTimeField(null=True)
    in_service = models.BooleanField(default=False)
    command_signing = models.CharField(
        max_length=8, choices=CommandSigning, default=CommandSigning.UNKNOWN, blank=True
    )
    key_paired = models.BooleanField(null=True)
    protocol_required = models.BooleanField(null=True)
    firmware = models.CharField(max_length=64, blank=True)
    fleet_telemetry_version = models.CharField(max_length=32, blank=True)
    total_number_of_keys = models.PositiveIntegerField(null=True)
    discounted = models.BooleanField(null=True)
    safety_screen_streaming_toggle = models.BooleanField(null=True)
    fleet_status_at = models.DateTimeField(null=True)
    key_watched_at = models.DateTimeField(null=True)
    key_check_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name or self.vin


class VehicleAccessQuerySet(models.QuerySet["VehicleAccess"]):
    """Questions about who sees which car."""

    def of(self, user: User) -> "VehicleAccessQuerySet":
        """Keep what this user's grants see, cars and grants joined."""
        return self.filter(grant__user=user).select_related("vehicle", "grant")


class VehicleAccess(models.Model):
    """What one Tesla grant sees of one car, and the last reading made with it.

    Readings stay with the grant: two members who share a car share no data. `tesla_id`
    is the record's `id` in decimal. `gone_at` is when Tesla no longer listed the car.
    """

    class AccessType(models.TextChoices):
        """What the car's owner allows this Tesla account."""

        OWNER = "OWNER", "Owner"
        DRIVER = "DRIVER", "Driver"
        GUEST = "GUEST", "Guest"

    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="accesses")
    grant = models.ForeignKey(
        TeslaGrant, models.CASCADE, related_name="vehicle_accesses"
    )
    access_type = models.CharField(max_length=8, choices=AccessType)
    tesla_id = models.CharField(max_length=24)
    hide_private = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    vehicle_data = LenientJSONField(null=True)
    vehicle_data_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["VehicleAccess"]] = (
        VehicleAccessQuerySet.as_manager()
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle", "grant"], name="one_access_per_grant_and_vehicle"
            ),
            models.CheckConstraint(
                condition=Q(access_type__in=["OWNER", "DRIVER", "GUEST"]),
                name="access_type_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grant} sees {self.vehicle}"


class CommandQuerySet(models.QuerySet["Command"]):
    """Questions about what was commanded."""

    def of(self, user: User, vin: str) -> "CommandQuerySet":
        """Keep what this user had one car do, the newest first."""
        return self.filter(user=user, vehicle__vin=vin).order_by("-asked_at", "-pk")

    def under_way(self) -> "CommandQuerySet":
        """Keep those that have no end yet."""
        return self.filter(state__in=Command.UNDER_WAY)


class Command(models.Model):
    """One command to a car: who sent it, what the car answered, how long it took.

    For a page's command the row is the queue, too: a worker claims it by `lease_until`
    and sends it once. `name` is the row's in the endpoint table, `parameters` its
    body without PINs and passwords. `result` is what the car said, None where it said
    nothing; `reason` its own words. `error_code` and `error_words` say why there is no
    result. `access_token_name` and `client` are empty for pages.
    """

    class Source(models.TextChoices):
        """Where the command came from."""

        PAGE = "page", "A page"
        API = "api", "A program"

    class State(models.TextChoices):
        """How far the command has come."""

        WAITING = "waiting", "Waiting for a worker"
        WAKING = "waking", "Waking the car"
        SENDING = "sending", "Sending it to the car"
        DONE = "done", "Answered by the car"
        FAILED = "failed", "Failed"

    UNDER_WAY = (State.WAITING, State.WAKING, State.SENDING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="commands")
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, related_name="commands")
    grant = models.ForeignKey(
        TeslaGrant, models.SET_NULL, null=True, related_name="commands"
    )
    name = models.CharField(max_length=64)
    parameters = LenientJSONField(default=dict)
    source = models.CharField(max_length=4, choices=Source, default=Source.PAGE)
    access_token_name = models.CharField(max_length=80, blank=True)
    client = models.CharField(max_length=80, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    result = models.BooleanField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    error_code = models.CharField(max_length=200, blank=True)
    error_words = models.TextField(blank=True)
    duration_ms = models.PositiveIntegerField(null=True)
    answered_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Command"]] = CommandQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "asked_at"], name="command_due"),
            models.Index(
                fields=["user", "vehicle", "-asked_at"], name="command_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} to {self.vehicle_id}"

    @property
    def is_done(self) -> bool:
        """Tell whether there is an end: the car's answer, or why there is none."""
        return self.state not in self.UNDER_WAY

    @property
    def has_worked(self) -> bool:
        """Tell whether the car did it."""
        return self.state == self.State.DONE and self.result is True


class TelemetryConfig(models.Model):
    """What one car is wanted to stream, and what Tesla has taken of that.

    One row for each car, whoever here sees it, since Tesla keeps one configuration for
    each application and car. The row is the queue, too: a worker claims it by
    `lease_until` once `next_at` has come. `fields` is {Signal: {interval_seconds,
    resend_interval_seconds?, minimum_delta?}}; empty: nothing shall be streamed, and the
    row goes once Tesla has been told. `generation` counts the wishes,
    `answered_generation` is the last one that Tesla took or refused, or that nobody
    could be asked about.

    `confirmed` is the configuration that Tesla took, `confirmed_digest` its digest
    without the expiry; `destination_digest` that of the destination tried last.
    `refusal` is a code of `vehicles.services.telemetry.refusals`, with Tesla's own words
    in `refusal_details`. `car_error` is what the car reported last of this.
    """

    class Delivery(models.TextChoices):
        """What a car does with records that were not acknowledged."""

        LATEST = "latest", "Sent again until they arrive"
        NO_RETRY = "no_retry", "Sent once"

    vehicle = models.OneToOneField(
        Vehicle, models.CASCADE, related_name="telemetry_config"
    )
    fields = LenientJSONField(default=dict)
    prefer_typed = models.BooleanField(default=True)
    delivery_policy = models.CharField(
        max_length=8, choices=Delivery, default=Delivery.LATEST
    )
    alert_types = models.JSONField(default=default_alert_types)
    generation = models.PositiveIntegerField(default=1)
    wanted_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        TeslaGrant, models.SET_NULL, null=True, related_name="telemetry_configs"
    )
    answered_generation = models.PositiveIntegerField(default=0)
    confirmed = LenientJSONField(null=True)
    confirmed_digest = models.CharField(max_length=64, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    destination_digest = models.CharField(max_length=64, blank=True)
    synced_at = models.DateTimeField(null=True)
    limit_reached = models.BooleanField(default=False)
    refusal = models.CharField(max_length=40, blank=True)
    refusal_details = models.TextField(blank=True)
    refused_at = models.DateTimeField(null=True)
    car_error = models.TextField(blank=True)
    car_error_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="telemetry_config_due")]

    def __str__(self) -> str:
        return f"streaming of {self.vehicle}"

    @property
    def is_answered(self) -> bool:
        """Tell whether the newest wish has been taken or refused."""
        return self.answered_generation >= self.generation
