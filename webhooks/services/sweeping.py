"""What passes with time: letters, giving up, probes, and rows that are too old."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from accounts import audit
from accounts.services.batches import delete_in_batches
from webhooks import ids, samples
from webhooks.models import Attempt, Delivery, Endpoint, Message
from webhooks.outcomes import EVENT_LIFETIME, LINE_KINDS
from webhooks.services import locks, notices, standing

PROBE_EVERY = standing.TRIED_WITHIN
# Nobody looked for longer: this instance was off, and no endpoint's clock ran.
LONGEST_GAP = timedelta(minutes=30)
KEPT_ATTEMPTS = 100
_RECENT = timedelta(minutes=15)
# The letters: after how long, in order. The third is that it was disabled.
_NOTICES = ((timedelta(hours=1), 1), (timedelta(hours=12), 2))
_DISABLED = 3


@dataclass(frozen=True, slots=True)
class Line:
    """Say how many endpoints' last attempts tell of it, and how many found nobody.

    `was_down` when somebody looked the last time.
    """

    tried: int
    out_of_reach: int
    was_down: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Tell whether our own line may be down."""
        return self.was_down or self.out_of_reach > 0

    @property
    def is_down(self) -> bool:
        """Tell whether so many are out of reach that it is our line; one says nothing."""
        return self.tried > 1 and 2 * self.out_of_reach > self.tried


def line(now: datetime, *, allowed: set[UUID]) -> Line:
    """Return how many endpoints can be reached, as their last attempts say.

    Who works says so for some minutes, who fails until it is tried again, which may be
    an hour later: a line that is down must not seem to be up between two attempts.
    """
    sending = Endpoint.objects.sending().filter(pk__in=allowed)
    tried = sending.filter(
        Q(last_attempt_at__gte=now - _RECENT)
        | Q(last_attempt_at__isnull=False, first_failure_at__isnull=False)
    )
    out_of_reach = Q(last_error_kind__in=list(LINE_KINDS))
    facts = tried.aggregate(
        tried=Count("pk"), out_of_reach=Count("pk", filter=out_of_reach)
    )
    return Line(**facts, was_down=sending.filter(outage_at__isnull=False).exists())


def sweep(now: datetime, *, line_is_down: bool, allowed: set[UUID]) -> None:
    """Do what the time has come for with every endpoint that fails.

    While our own line is down nobody's clock runs. `allowed` are the endpoints that are
    told anything: nothing is said about the others.
    """
    failing = Endpoint.objects.filter(
        Q(disabled_at=None, first_failure_at__isnull=False)
        | Q(disabled_at__isnull=False, notices__lt=_DISABLED),
        pk__in=allowed,
    )
    for key in list(failing.values_list("pk", flat=True)):
        letter = _sweep_one(key, now, line_is_down=line_is_down)
        if letter is not None:
            letter()


def tidy(now: datetime) -> None:
    """End events that are too old, and delete what is kept for long enough."""
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING)
    late = waiting.filter(asked_at__lt=now - EVENT_LIFETIME).filter(
        Q(lease_until=None) | Q(lease_until__lte=now)
    )
    for key in set(late.values_list("endpoint_id", flat=True)):
        with transaction.atomic():
            locks.locked([key])
            late.filter(endpoint=key).update(
                state=Delivery.State.EXPIRED, done_at=now, lease_until=None
            )
    oldest = now - timedelta(days=settings.WEBHOOKS_KEPT_DAYS)
    delete_in_batches(Message.objects.filter(created_at__lt=oldest))
    delete_in_batches(Attempt.objects.filter(started_at__lt=oldest))
    place = Window(RowNumber(), partition_by=F("endpoint"), order_by=F("id").desc())
    surplus = Attempt.objects.filter(delivery=None).annotate(place=place)
    keys = surplus.filter(place__gt=KEPT_ATTEMPTS).values_list("pk", flat=True)
    delete_in_batches(Attempt.objects.filter(pk__in=list(keys[:10_000])))


def _sweep_one(
    key: UUID, now: datetime, *, line_is_down: bool
) -> Callable[[], None] | None:
    """Move one failing endpoint on; return the letter to be written, if there is one."""
    with transaction.atomic():
        found = Endpoint.objects.select_for_update(of=("self",)).filter(pk=key)
        endpoint = found.select_related("user").first()
        if endpoint is None:
            return None
        if endpoint.disabled_at is None:
            _move_on(endpoint, now, line_is_down=line_is_down)
        letter = _letter(endpoint, now)
        endpoint.save(
            update_fields=[
                *("outage_s", "outage_at", "swept_at", "closed_until", "notices"),
                *("disabled_at", "disabled_reason"),
            ]
        )
        return letter


def _move_on(endpoint: Endpoint, now: datetime, *, line_is_down: bool) -> None:
    """Disable an endpoint that failed for too long, or see to its next attempt."""
    _count_outage(endpoint, now, line_is_down=line_is_down)
    if line_is_down or endpoint.paused_at is not None:
        return
    if standing.is_lost(endpoint, now):
        standing.disable(endpoint, Endpoint.Disabled.FAILING, now)
    else:
        _probe(endpoint, now)


def _count_outage(endpoint: Endpoint, now: datetime, *, line_is_down: bool) -> None:
    """Let the time not count in which our line is down, all is off, or it is paused."""
    looked = [at for at in (endpoint.first_failure_at, endpoint.swept_at) if at]
    since = endpoint.outage_at or max(looked, default=now)
    if endpoint.outage_at is not None or now - since > LONGEST_GAP:
        endpoint.outage_s += max(0, round((now - since).total_seconds()))
    endpoint.swept_at = now
    stands_still = line_is_down or endpoint.paused_at is not None
    endpoint.outage_at = now if stands_still else None


def _probe(endpoint: Endpoint, now: datetime) -> None:
    """Have the oldest event sent, or a ping, when nothing was tried for an hour."""
    last = endpoint.last_attempt_at
    if last is not None and now - last < PROBE_EVERY:
        return
    endpoint.closed_until = None
    waiting = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING)
    oldest = waiting.order_by("message_id").first()
    if oldest is not None:
        waiting.filter(pk=oldest.pk, next_at__gt=now).update(next_at=now)
        return
    at_ms = int(now.timestamp() * 1000)
    message = Message.objects.create(
        id=ids.new(at_ms),
        user_id=endpoint.user_id,
        topic=samples.PING,
        body=samples.body(samples.PING, "", at_ms),
        occurred_at=now,
        created_at=now,
    )
    Delivery.objects.create(
        message=message,
        endpoint=endpoint,
        purpose=Delivery.Purpose.PROBE,
        next_at=now,
        asked_at=now,
    )


def _letter(endpoint: Endpoint, now: datetime) -> Callable[[], None] | None:
    """Note that a letter is due and return what writes it, None for no letter."""
    level = endpoint.notices
    for after, number in _NOTICES:
        if endpoint.failing_for(now) >= after:
            level = max(level, number)
    if endpoint.disabled_at is not None:
        level = _DISABLED
        audit.record(
            endpoint.user,
            "webhook.disabled",
            subject=str(endpoint.pk),
            detail={"reason": endpoint.disabled_reason},
        )
    if level == endpoint.notices:
        return None
    endpoint.notices = level
    return lambda: notices.write(endpoint)
