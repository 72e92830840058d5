"""The parts of `bench.webhooks` that need Django: seed, publish, and wait for the end.

python -m bench.hooks seed NAME COUNT URL | publish NAME COUNT KIND
                      | rate NAME OTHERS SECONDS
"""

import json
import os
import sys
import time

import django
import redis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from django.conf import settings  # noqa: E402  # after Django is set up

from accounts.models import User  # noqa: E402
from events import channel, shapes  # noqa: E402
from events.event import Entry, Event  # noqa: E402
from events.store import STREAMS  # noqa: E402
from webhooks.models import Endpoint  # noqa: E402
from webhooks.services import endpoints  # noqa: E402

_CARS = 64
# More than a person may ask for, so that only the deliverer's speed counts.
_NO_LIMIT = 30_000
_VALUES = {f"Signal{number}": number * 1.5 for number in range(16)}
_GROUP = "webhooks"


def seed(name: str, count: int, url: str) -> None:
    """Make accounts with one endpoint each, at 127.0.0.1 and the following hosts."""
    for number in range(count):
        user = User.objects.create_user(f"{name}{number}@example.com")
        there = url.replace("127.0.0.1", f"127.0.0.{number + 1}")
        made, _ = endpoints.add(user, f"{there}?n={number}", verify_tls=False)
        Endpoint.objects.filter(pk=made.pk).update(max_rate=_NO_LIMIT)


def publish(name: str, count: int, kind: str) -> float:
    """Publish events for the accounts of a name; return seconds until all are read."""
    users = list(User.objects.filter(email__startswith=name).order_by("email"))
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        began = time.monotonic()
        for first in range(0, count, 100):
            numbers = range(first, min(first + 100, count))
            channel.publish(
                client,
                [Entry(users[n % len(users)].pk, _event(kind, n)) for n in numbers],
            )
        while not _is_read(client):
            time.sleep(0.02)
        if kind == "state":
            _wait_for_rows(count)
        return time.monotonic() - began


def rate(name: str, beside: str, seconds: float) -> None:
    """Publish 50 events a second for the first account, one a second for the others."""
    users = list(User.objects.filter(email__startswith=name).order_by("email"))
    others = list(User.objects.filter(email__startswith=beside).order_by("email"))
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        began = time.monotonic()
        for number in range(int(50 * seconds)):
            due = began + number / 50
            time.sleep(max(0.0, due - time.monotonic()))
            told = [Entry(users[0].pk, _event("data", number))]
            if number % 50 == 0:
                told += [Entry(one.pk, _event("data", number)) for one in others]
            channel.publish(client, told)


def _event(kind: str, number: int) -> Event:
    at_ms, vin = int(time.time() * 1000), f"5YJ3E1EA4P{number % _CARS:07}"
    if kind == "state":
        return shapes.state(vin, "online", at_ms)
    return shapes.data(vin, _VALUES, at_ms)


def _is_read(client: "redis.Redis") -> bool:
    for shard in range(STREAMS):
        if not client.exists(channel.key(shard)):
            continue
        for group in client.xinfo_groups(channel.key(shard)):
            if group["pending"] or group["lag"]:
                return False
    return True


def _wait_for_rows(count: int) -> None:
    while sum(Endpoint.objects.values_list("delivered_count", flat=True)) < count:
        time.sleep(0.05)


if __name__ == "__main__":
    _verb, _name, *_rest = sys.argv[1:]
    if _verb == "seed":
        seed(_name, int(_rest[0]), _rest[1])
    elif _verb == "publish":
        _took = publish(_name, int(_rest[0]), _rest[1])
        sys.stdout.write(json.dumps({"seconds": _took}) + "\n")
    else:
        rate(_name, _rest[0], float(_rest[1]))
