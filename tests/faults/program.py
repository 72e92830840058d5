"""Put work and die before anybody is rung for: `python -m tests.faults.program email vin`."""

import os
import sys

import django
from django.db import transaction

django.setup()

# What follows reads models, so Django must be set up first.
from console import tasks as leaving  # noqa: E402
from console.services import export_jobs  # noqa: E402
from tokens import bell  # noqa: E402
from tokens.models import TeslaGrant  # noqa: E402
from tokens.services import inquiries  # noqa: E402
from vehicles import tasks  # noqa: E402
from vehicles.services import commands  # noqa: E402

DIED = 9


def main(email: str, vin: str) -> None:
    """Put a question, a command and an export, and die right after the commit."""
    grant = TeslaGrant.objects.select_related("user").get(user__email=email)
    with transaction.atomic():
        transaction.on_commit(lambda: os._exit(DIED))
        asked = inquiries.ask(grant.user, grant, "vehicle", vin)
        bell.ring(tasks.ask, str(asked.pk))
        command = commands.ask(grant.user, vin, "honk_horn")
        bell.ring(tasks.command, str(command.pk))
        export = export_jobs.ask(grant.user)
        bell.ring(leaving.export, str(export.pk))


if __name__ == "__main__":
    main(*sys.argv[1:])
