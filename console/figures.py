"""Count what an operator asks for first: people, cars, who must act, what waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from celery import current_app
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from redis import Redis, RedisError

from accounts.models import User
from console.health import DELIVERER, processes
from console.models import Deletion, Export, Heartbeat
from console.tasks import WORKER
from energy.models import EnergySite
from events import alive
from telemetry import certificates
from tokens.models import AccessToken, Inquiry, Registration, TeslaGrant
from vehicles.models import Vehicle

LONGEST_SILENCE = timedelta(seconds=60)
_PATIENCE_S = 0.3


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one number, what it counts, where its rows are, and whether it is bad."""

    label: str
    value: str
    url: str = ""
    detail: str = ""
    is_bad: bool = False


def figures(now: datetime) -> list[Figure]:
    """Return the figures in the order of the page."""
    return [
        *_people(),
        *_things(),
        _worker(now),
        *_processes(now),
        _certificate(now),
        _queue(),
        *_waiting(now),
    ]


def _people() -> list[Figure]:
    suspended = User.objects.filter(is_active=False).count()
    relink = TeslaGrant.objects.filter(state=TeslaGrant.State.NEEDS_RELINK).count()
    return [
        Figure(
            "Users",
            str(User.objects.count()),
            _list("accounts", "user"),
            f"{suspended} suspended" if suspended else "",
        ),
        Figure(
            "Tesla accounts",
            str(TeslaGrant.objects.count()),
            _list("tokens", "teslagrant"),
        ),
        Figure(
            "Need their person",
            str(relink),
            _list("tokens", "teslagrant", state__exact=TeslaGrant.State.NEEDS_RELINK),
            "Tesla accounts to be linked again",
            is_bad=relink > 0,
        ),
    ]


def _things() -> list[Figure]:
    regions = Registration.objects.order_by("region").values_list("region", flat=True)
    missing = [name for name in settings.TESLA_REGIONS if name not in set(regions)]
    return [
        Figure("Cars", str(Vehicle.objects.count()), _list("vehicles", "vehicle")),
        Figure(
            "Energy sites",
            str(EnergySite.objects.count()),
            _list("energy", "energysite"),
        ),
        Figure(
            "Access tokens",
            str(AccessToken.objects.count()),
            _list("tokens", "accesstoken"),
        ),
        Figure(
            "Registered at Tesla",
            " ".join(regions).upper() or "nowhere",
            _list("tokens", "registration"),
            f"missing: {' '.join(missing).upper()}" if missing else "",
            is_bad=bool(missing),
        ),
    ]


def _worker(now: datetime) -> Figure:
    beats = list(
        Heartbeat.objects.filter(name=WORKER).values_list("beaten_at", flat=True)
    )
    alive = [at for at in beats if now - at <= LONGEST_SILENCE]
    detail = (
        f"last heard of {max(beats):%Y-%m-%d %H:%M:%S}" if beats else "never heard of"
    )
    return Figure(
        "Workers",
        "working" if alive else "silent",
        detail=f"{detail} UTC" if beats else detail,
        is_bad=not alive,
    )


def _processes(now: datetime) -> list[Figure]:
    """Tell of the receiver and the deliverer; one that never ran is not bad."""
    heard_at = processes()
    if heard_at is None:
        return []
    found = []
    for label, name in (
        ("Telemetry receiver", alive.RECEIVER),
        ("Webhook deliverer", DELIVERER),
    ):
        at = heard_at.get(name)
        works = at is not None and now - at <= LONGEST_SILENCE
        found.append(
            Figure(
                label,
                "working" if works else "silent",
                detail=f"last heard of {at:%Y-%m-%d %H:%M:%S} UTC"
                if at
                else "never heard of",
                is_bad=at is not None and not works,
            )
        )
    return found


def _certificate(now: datetime) -> Figure:
    """Tell whether cars accept what the receiver shows, and will for a while."""
    found = certificates.problems(now)
    return Figure(
        "Certificate for cars",
        "in need of care" if found else "in order",
        detail=" ".join(found),
        is_bad=bool(found),
    )


def _queue() -> Figure:
    """Count the rings that no worker has heard yet."""
    try:
        with Redis.from_url(
            settings.REDIS_URL,
            socket_connect_timeout=_PATIENCE_S,
            socket_timeout=_PATIENCE_S,
        ) as redis:
            waiting = int(str(redis.llen(current_app.conf.task_default_queue)))
    except (RedisError, OSError):
        return Figure("Queue", "away", detail="Redis does not answer", is_bad=True)
    return Figure("Queue", str(waiting), detail="tasks that no worker has taken")


def _waiting(now: datetime) -> list[Figure]:
    asked = Inquiry.objects.filter(
        state__in=[Inquiry.State.WAITING, Inquiry.State.RUNNING]
    ).count()
    open_ = Deletion.objects.filter(done_at=None)
    stuck = open_.filter(Q(failures__gt=0) | Q(asked_at__lt=now - timedelta(hours=1)))
    return [
        Figure(
            "Questions under way", str(asked), _list("tokens", "inquiry", open="yes")
        ),
        Figure(
            "Deletions under way",
            str(open_.count()),
            _list("console", "deletion", open="yes"),
            f"{stuck.count()} failed at least once" if stuck.exists() else "",
            is_bad=stuck.exists(),
        ),
        Figure(
            "Exports under way",
            str(Export.objects.filter(state__in=["waiting", "running"]).count()),
            _list("console", "export", open="yes"),
        ),
    ]


def _list(app: str, model: str, **query: str) -> str:
    address = reverse(f"admin:{app}_{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address
