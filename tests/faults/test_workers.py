"""Workers that die in the middle of something: nothing lost, nothing sent twice."""

import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from console.models import Export
from console.services import export_jobs
from simulator.testing import RunningSimulator
from tests.api.commanding import told
from tests.faults.processes import Workshop, until
from tokens.models import Inquiry, TeslaGrant
from tokens.services import inquiries
from vehicles.models import Command
from vehicles.services import commands

pytestmark = pytest.mark.fault
SWEEP = "vehicles.tasks.sweep"
DIED = 9


def vin_of(simulator: RunningSimulator, name: str) -> str:
    """Return a simulated car's VIN."""
    vin: str = simulator.world.car_named(name).vin
    return vin


def end_leases() -> None:
    """Let all leases be over, as time would."""
    past = timezone.now() - timedelta(seconds=1)
    for rows in (Inquiry.objects, Command.objects, Export.objects):
        rows.exclude(lease_until=None).update(lease_until=past)


def test_question_of_a_killed_worker_is_answered_once_by_another(
    workshop: Workshop, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    vin = vin_of(registered, "Luna")
    fault = registered.faults.add("hang", f"*/vehicles/{vin}", count=1, seconds=60)
    asked = inquiries.ask(grant.user, grant, "vehicle_data", vin)
    worker = workshop.worker()
    workshop.ring("vehicles.tasks.ask", str(asked.pk))
    until(lambda: fault.count == 0)
    worker.kill()
    for _ in range(2):
        workshop.worker()
    # The queue may bring the same message again, and two sweeps may ring at once.
    workshop.ring("vehicles.tasks.ask", str(asked.pk))
    end_leases()
    for _ in range(3):
        workshop.ring(SWEEP)
    until(lambda: Inquiry.objects.get(pk=asked.pk).is_done)
    until(lambda: workshop.waiting() == 0)
    asked.refresh_from_db()
    assert (asked.state, asked.attempts) == (Inquiry.State.ANSWERED, 2)
    assert registered.billed()["data"] == 1


def test_command_of_a_killed_worker_is_never_sent_again(
    workshop: Workshop, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    registered.faults.add("lost", "*/command/honk_horn", count=1, seconds=60)
    put = commands.ask(grant.user, vin_of(registered, "Granny"), "honk_horn")
    worker = workshop.worker()
    workshop.ring("vehicles.tasks.command", str(put.pk))
    until(lambda: told(registered, "Granny") == ["honk_horn"])
    worker.kill()
    workshop.worker()
    workshop.ring("vehicles.tasks.command", str(put.pk))
    end_leases()
    for _ in range(2):
        workshop.ring(SWEEP)
        workshop.ring("vehicles.tasks.command", str(put.pk))
    until(lambda: Command.objects.get(pk=put.pk).state == Command.State.FAILED)
    until(lambda: workshop.waiting() == 0)
    put.refresh_from_db()
    assert put.error_code == "command_ambiguous"
    assert told(registered, "Granny") == ["honk_horn"]


def test_export_of_a_killed_worker_is_made_whole_by_another(
    workshop: Workshop, grant: TeslaGrant, alice: User
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("nothing holds up a reader of SQLite")
    export = export_jobs.ask(alice)
    folder = export_jobs.path_of(export).parent
    worker = workshop.worker()
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE vehicles_command IN ACCESS EXCLUSIVE MODE")
        workshop.ring("console.tasks.export", str(export.pk))
        until(lambda: folder.is_dir() and any(folder.glob(f"{export.pk}*.part")))
        worker.kill()
        cursor.execute("ROLLBACK")
    workshop.worker()
    end_leases()
    workshop.ring("console.tasks.sweep")
    workshop.ring("console.tasks.sweep")
    until(lambda: Export.objects.get(pk=export.pk).state == Export.State.READY)
    export.refresh_from_db()
    names = [path.name for path in folder.glob(f"{export.pk}*")]
    assert (export.attempts, names) == (2, [f"{export.pk}.zip"])
    assert export_jobs.path_of(export).stat().st_size == export.size_bytes


def test_worker_that_is_asked_to_end_finishes_what_it_has_begun(
    workshop: Workshop, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    vin = vin_of(registered, "Luna")
    slow = registered.faults.add("latency", f"*/vehicles/{vin}", count=12, seconds=3)
    rows = [
        Inquiry.objects.create(
            user=grant.user, grant=grant, endpoint="vehicle", subject=vin
        )
        for _ in range(12)
    ]
    worker = workshop.worker(threads=10)
    for row in rows:
        workshop.ring("vehicles.tasks.ask", str(row.pk))
    # Ten calls or more are at Tesla's, of which the last at least has no answer yet.
    until(lambda: slow.count is not None and slow.count <= 2)
    worker.send(signal.SIGTERM)
    assert worker.wait(30) == 0
    stands = Counter(Inquiry.objects.values_list("state", "attempts"))
    done, not_begun = stands["answered", 1], stands["waiting", 0]
    # Which of the last two were begun before the end is a matter of speed.
    assert (done + not_begun, len(registered.calls)) == (12, done)
    assert done >= 10
    registered.faults.clear()
    workshop.worker()
    for row in Inquiry.objects.exclude(state="answered"):
        workshop.ring("vehicles.tasks.ask", str(row.pk))
    until(lambda: not Inquiry.objects.exclude(state="answered").exists())
    assert set(Inquiry.objects.values_list("attempts", flat=True)) == {1}
    assert len(registered.calls) == 12


def test_what_was_stored_and_never_rung_for_is_found_by_the_sweep(
    workshop: Workshop, grant: TeslaGrant, registered: RunningSimulator
) -> None:
    command = [sys.executable, "-m", "tests.faults.program"]
    ended = subprocess.run(
        [*command, str(grant.user.email), vin_of(registered, "Granny")],
        env=dict(workshop.env),
        cwd=settings.BASE_DIR,
        check=False,
        timeout=30,
    )
    assert ended.returncode == DIED
    assert workshop.waiting() == 0
    workshop.worker(has_clock=True)
    until(lambda: Inquiry.objects.get().state == Inquiry.State.ANSWERED)
    until(lambda: Command.objects.get().state == Command.State.DONE)
    until(lambda: Export.objects.get().state == Export.State.READY)
    assert told(registered, "Granny") == ["honk_horn"]
    assert Inquiry.objects.get().attempts == 1
