"""One part of the benchmark of leaving, in a process of its own; prints its figures."""

import json
import os
import resource
import statistics
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from django.db import connection  # noqa: E402  # Django must be set up first
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from console.models import Deletion  # noqa: E402
from console.services import deletions, export_jobs  # noqa: E402
from tokens.models import Inquiry, TeslaGrant  # noqa: E402
from webhooks.models import Delivery, Endpoint, Message  # noqa: E402

_ANSWER = {"charge_state": {f"field_{number}": number / 7 for number in range(30)}}
_STATE = '{"createdAt":"2026-11-21T00:00:00.000Z","vin":"5YJ3E1EA7NF000000","state":"online"}'
_BATCH = 2000


def main(name: str, rows: int) -> None:
    """Do one part and print its figures as JSON: seconds, peak memory in MB, its own."""
    parts = {
        "seed": _seed,
        "start": lambda _: {},
        "bare": _bare,
        "export": _export,
        "delete": _delete,
    }
    begun = time.monotonic()
    figures = parts[name](rows)
    figures.setdefault("seconds", time.monotonic() - begun)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{json.dumps(figures)}\n")


def _seed(rows: int) -> dict[str, float]:
    """Make one account with so many rows, and a stranger's.

    A tenth are questions to Tesla with their answers, the rest what webhooks were told.
    """
    user = User.objects.create_user("bench@example.com", "a benchmark's passphrase")
    User.objects.create_user("other@example.com", "a benchmark's passphrase")
    now = timezone.now()
    grant = TeslaGrant.objects.create(
        user=user, tesla_sub="bench", region="na", tesla_access_token_expires_at=now
    )
    questions = rows // 10
    for numbers in _batches(questions):
        Inquiry.objects.bulk_create(
            Inquiry(
                user=user,
                grant=grant,
                endpoint="vehicle_data",
                subject="5YJ3E1EA7NF000000",
                state=Inquiry.State.ANSWERED,
                answer={"number": number, **_ANSWER},
                asked_at=now - timedelta(seconds=number),
                answered_at=now,
            )
            for number in numbers
        )
    _seed_webhook(user, (rows - questions) // 2)
    return {}


def _seed_webhook(user: User, count: int) -> None:
    """Make a webhook with so many events and their deliveries."""
    endpoint = Endpoint.objects.create(user=user, url="https://example.com/hook")
    now = timezone.now()
    for numbers in _batches(count):
        messages = Message.objects.bulk_create(
            Message(
                id=f"msg_{number:026}",
                user=user,
                topic="state",
                product="5YJ3E1EA7NF000000",
                body=_STATE,
                occurred_at=now,
                created_at=now,
            )
            for number in numbers
        )
        Delivery.objects.bulk_create(
            Delivery(
                message=message,
                endpoint=endpoint,
                state=Delivery.State.DELIVERED,
                attempts=1,
                done_at=now,
            )
            for message in messages
        )


def _batches(count: int) -> Iterator[range]:
    for start in range(0, count, _BATCH):
        yield range(start, min(count, start + _BATCH))


def _bare(_rows: int) -> dict[str, float]:
    """Read the rows with the driver alone and compress their text."""
    packer = zlib.compressobj(1)
    with connection.cursor() as cursor:
        for table in ("tokens_inquiry", "webhooks_message", "webhooks_delivery"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608  # our own names
            while found := cursor.fetchmany(500):
                for row in found:
                    packer.compress(repr(row).encode())
    packer.flush()
    return {}


def _export(_rows: int) -> dict[str, float]:
    asked = export_jobs.ask(User.objects.get(email="bench@example.com"))
    begun = time.monotonic()
    export_jobs.run(asked.pk)
    seconds = time.monotonic() - begun
    asked.refresh_from_db()
    return {"seconds": seconds, "rows": float(asked.row_count or 0)}


def _delete(_rows: int) -> dict[str, float]:
    user = User.objects.get(email="bench@example.com")
    deletion = deletions.ask(user, Deletion.Kind.ACCOUNT)
    waits: list[float] = []
    over = threading.Event()
    other = threading.Thread(target=_keep_writing, args=(over, waits))
    other.start()
    begun = time.monotonic()
    deletions.run(deletion.pk)
    seconds = time.monotonic() - begun
    over.set()
    other.join()
    deletion.refresh_from_db()
    if deletion.done_at is None:
        raise RuntimeError(deletion.last_error)
    return {
        "seconds": seconds,
        "median_wait_ms": statistics.median(waits) * 1000,
        "longest_wait_ms": max(waits) * 1000,
    }


def _keep_writing(over: threading.Event, waits: list[float]) -> None:
    """Write a row of somebody else's until told to stop; note how long each took."""
    while not over.wait(0.005):
        begun = time.monotonic()
        User.objects.filter(email="other@example.com").update(name=str(begun))
        waits.append(time.monotonic() - begun)
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
