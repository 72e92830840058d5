"""`manage.py deliver_webhooks`: tell endpoints what happens, until SIGTERM."""

import asyncio
import signal
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import interpreter
from billing.policy import Capability
from billing.services import entitlements
from console.models import Heartbeat
from webhooks import line
from webhooks.deliverer import Deliverer
from webhooks.names import Names
from webhooks.networks import policy
from webhooks.sender import Sender
from webhooks.services.roster import Includes

DELIVERER = "deliverer"


class Command(BaseCommand):
    """Run one deliverer; several may run beside each other."""

    # Checks load every page, which is memory for nothing here.
    requires_system_checks = []
    help = "Deliver webhooks until told to stop."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run in an event loop of its own."""
        interpreter.settle()
        uvloop.run(_deliver())


async def _deliver() -> None:
    urls = settings.TESLA_HOSTS.base_urls.values()
    deliverer = Deliverer(
        _entitlement,
        redis_url=settings.REDIS_URL,
        sender=Sender(policy(settings.WEBHOOKS_PRIVATE_NETWORKS)),
        host=urlsplit(settings.PUBLIC_URL).hostname or "localhost",
        data_lifetime_s=settings.WEBHOOKS_DATA_MINUTES * 60,
        # Somebody else's name that hangs must not keep us from asking for Tesla's.
        line_works=partial(line.works, tuple(urls), Names(failed_s=0).resolve),
        beat=_beat,
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, deliverer.stop)
    await deliverer.run()


def _entitlement(user_id: UUID) -> Includes:
    """Return what tells of which cars a person's webhooks are told; "" is any."""
    entitlement = entitlements.load(user_id)
    return lambda vin: entitlement.allows(Capability.WEBHOOKS, product=vin)


def _beat() -> None:
    """Note that a deliverer is alive, for whoever watches."""
    Heartbeat.objects.update_or_create(
        name=DELIVERER, defaults={"beaten_at": timezone.now()}
    )
