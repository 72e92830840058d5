"""Put a receiver together from the settings, and run it in this process."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import uvloop
from django.conf import settings
from django.db import close_old_connections

from accounts import interpreter
from events.channel import Channel
from telemetry import certificates
from telemetry.receiver.door import listen
from telemetry.receiver.limits import Counters, Limits
from telemetry.receiver.metering import Metering
from telemetry.receiver.server import Receiver
from telemetry.receiver.status import Beat
from telemetry.receiver.subscriber import Subscriber
from tokens.services import usage
from vehicles.services import viewers

_LOG = logging.getLogger(__name__)
PATIENCE_S = 10.0
"""How long Redis may be slow: cars are read more slowly meanwhile, and none is lost."""
_BEAT_S = 5.0
_BEATS_A_LOG_LINE = 12
_P = ParamSpec("_P")
_T = TypeVar("_T")


def run(*, shares_port: bool = False) -> None:
    """Take cars' records until SIGTERM or SIGINT.

    `shares_port`: other processes listen there too. Raises `OSError` for an address
    that is taken.
    """
    interpreter.settle()
    uvloop.run(_run(shares_port=shares_port))


async def _run(*, shares_port: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    channel = Channel(
        settings.REDIS_URL, kept=settings.EVENTS_KEPT, within_s=PATIENCE_S
    )
    metering = Metering(_closing(usage.write))
    beat = Beat(settings.REDIS_URL, settings.TELEMETRY_SOURCE)
    running: Awaitable[None]
    if settings.TELEMETRY_SOURCE == "receiver":
        receiver = _receiver(channel, metering)
        counters = receiver.counters
        listening = listen(*settings.TELEMETRY_LISTEN, shared=shares_port)
        _LOG.info("Cars are awaited at %s:%d.", *settings.TELEMETRY_LISTEN)
        running = receiver.run(listening, stop)
    else:
        subscriber = _subscriber(channel, metering)
        counters = subscriber.counters
        _LOG.info("Records of Tesla's server are awaited.")
        running = subscriber.run(stop)
    beating = asyncio.create_task(_beat(beat, counters))
    try:
        await running
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await channel.close()
        await beat.close()


def _receiver(channel: Channel, metering: Metering) -> Receiver:
    more = settings.TELEMETRY_CLIENT_CA_FILE
    return Receiver(
        channel,
        leaf=_closing(certificates.leaf),
        ask=_closing(viewers.of),
        metering=metering,
        limits=Limits(
            connections=settings.TELEMETRY_CONNECTIONS,
            connections_per_address=settings.TELEMETRY_CONNECTIONS_PER_ADDRESS,
        ),
        more_authorities=Path(more) if more else None,
    )


def _subscriber(channel: Channel, metering: Metering) -> Subscriber:
    return Subscriber(
        channel,
        redis_url=settings.TELEMETRY_REDIS_URL,
        namespace=settings.TELEMETRY_NAMESPACE,
        ask=_closing(viewers.of),
        metering=metering,
    )


async def _beat(beat: Beat, counters: Counters) -> None:
    """Write how it is every 5 s, and what changed into the log once a minute."""
    beats, told = 0, counters.as_dict()
    while True:
        counts = counters.as_dict()
        await beat.write(counts)
        if beats % _BEATS_A_LOG_LINE == 0 and counts != told:
            changed = {name: n for name, n in counts.items() if n != told[name]}
            _LOG.info("Since the start: %s", changed)
            told = counts
        beats += 1
        await asyncio.sleep(_BEAT_S)


def _closing(work: Callable[_P, _T]) -> Callable[_P, _T]:
    """Return work for a thread of its own, with a database connection that is good."""

    def worked(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        close_old_connections()
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    return worked
