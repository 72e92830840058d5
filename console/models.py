"""What the console keeps: signs of life, deletions on their way, exports."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User


class Heartbeat(models.Model):
    """The last sign of life of one kind of process."""

    name = models.CharField(max_length=32, primary_key=True)
    beaten_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class DeletionQuerySet(models.QuerySet["Deletion"]):
    """Questions about deletions."""

    def open(self) -> "DeletionQuerySet":
        """Keep the deletions that are not finished."""
        return self.filter(done_at=None)

    def due(self, now: datetime) -> "DeletionQuerySet":
        """Keep the open deletions that a worker should take up, oldest first."""
        return (
            self.open()
            .filter(next_at__lte=now)
            .filter(Q(lease_until=None) | Q(lease_until__lte=now))
            .order_by("asked_at")
        )


class Deletion(models.Model):
    """An account, Tesla account, car or site on its way out, as a chain of steps.

    The row is the queue: a worker holds it by `lease_until`. `subject` is a grant's id,
    a VIN or a site's id, empty for an account. What names a person goes when it is
    done: then `user` is None, `subject` and `email_sealed` (where the receipt goes,
    encrypted) are empty.
    """

    class Kind(models.TextChoices):
        """What is deleted."""

        ACCOUNT = "account", "Account"
        GRANT = "grant", "Tesla account"
        VEHICLE = "vehicle", "Car"
        ENERGY_SITE = "energy_site", "Energy site"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="deletions")
    kind = models.CharField(max_length=16, choices=Kind)
    subject = models.CharField(max_length=64, blank=True)
    email_sealed = models.TextField(blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    next_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Deletion"]] = DeletionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "subject"],
                condition=Q(done_at=None),
                name="one_open_deletion_of_a_thing",
            )
        ]
        indexes = [models.Index(fields=["done_at", "next_at"], name="deletion_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"

    @property
    def reference(self) -> str:
        """Return what a receipt calls this deletion by."""
        return str(self.id)[:8]


class DeletionStep(models.Model):
    """One step of a deletion; `action` is a code of `console.services.chains`.

    `subject` is a VIN and `label` a car's name where a step is about one car; both are
    emptied in the end. `counts` says how many rows of each kind went.
    """

    class State(models.TextChoices):
        """How the step ended."""

        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        KEPT = "kept", "Kept"
        NOT_DONE = "not_done", "Not done"

    deletion = models.ForeignKey(Deletion, models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    action = models.CharField(max_length=32)
    subject = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    counts = models.JSONField(default=dict)
    words = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["deletion", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["deletion", "position"], name="one_step_per_position"
            )
        ]

    def __str__(self) -> str:
        return self.action


class ExportQuerySet(models.QuerySet["Export"]):
    """Questions about exports."""

    def under_way(self) -> "ExportQuerySet":
        """Keep the exports that are asked for and not yet there."""
        return self.filter(state__in=[Export.State.WAITING, Export.State.RUNNING])

    def due(self, now: datetime) -> "ExportQuerySet":
        """Keep the exports that a worker should take up, oldest first."""
        return (
            self.under_way()
            .filter(Q(lease_until=None) | Q(lease_until__lte=now))
            .order_by("asked_at")
        )


class Export(models.Model):
    """A file with all that is kept of a user, made once and kept for a day.

    The row is the queue: a worker holds it by `lease_until`. The file is named by the
    row's id, in the folder `exports` of the data folder.
    """

    class State(models.TextChoices):
        """How far the file has come."""

        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        EXPIRED = "expired", "Expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="exports")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    row_count = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)

    objects: ClassVar[models.Manager["Export"]] = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=["waiting", "running"]),
                name="one_export_under_way",
            )
        ]
        indexes = [models.Index(fields=["state", "expires_at"], name="export_due")]

    def __str__(self) -> str:
        return f"Export of {self.asked_at:%Y-%m-%d}"
