"""Let one car stream by the settings of one application."""

import math
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from simulator.streaming import records
from simulator.streaming.certificates import Authority, client_context
from simulator.streaming.collector import Collector, Wish, wishes_of
from simulator.streaming.line import Destination, Line, LineState, Terms
from simulator.streaming.outbox import Outbox
from simulator.streaming.readings import READERS
from simulator.streaming.readings.kinds import Reading, Source
from simulator.streaming.records import Alert
from simulator.streaming.rules import LOCATION_FIELDS
from simulator.world.cars.car import Car
from simulator.world.draws import draw

_LATEST = "latest"
_SLOT_S = 1800.0
_ALERT_S = 600.0
_ALERT_CHANCE, _ERROR_CHANCE = 0.15, 0.05
SAMPLE_ALERT = "VCFRONT_a182_lowWasherFluid"
SAMPLE_ERROR = "upload_retries_exhausted"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Hold what all streaming cars share.

    `addresses` maps host names to where they are really reached, `host` or
    `host:port`.
    """

    authority: Authority
    addresses: Mapping[str, str]
    terms: Terms

    def destination(self, config: Mapping[str, Any]) -> Destination:
        """Return where a config sends its car."""
        hostname, port = config["hostname"], config["port"]
        known = self.addresses.get(hostname)
        if known is None:
            return Destination(hostname, port)
        host, _, other_port = known.rpartition(":")
        address = (host, int(other_port)) if host else (known, port)
        return Destination(hostname, port, address)


class Stream:
    """Collect, keep and send what a car's settings ask for; `tick` moves it on."""

    def __init__(
        self,
        car: Car,
        config: Mapping[str, Any],
        surroundings: Surroundings,
        complain: Callable[[str], None],
        *,
        hides_location: bool = False,
    ) -> None:
        self.car = car
        self.last_ack_at: datetime | None = None
        self.outbox = Outbox(keeps_sent=config.get("delivery_policy") == _LATEST)
        self._surroundings, self._complain = surroundings, complain
        self._ca: str = config["ca"]
        self._expires_s = float(config.get("exp") or math.inf)
        self._audiences = frozenset(config.get("alert_types") or ())
        self._collector = Collector(_visible(config["fields"], hides=hides_location))
        self._car_pem = b""
        self._complained = ""
        self._trusts_none = self._streaming.bad_certificate
        self._slot, self._ongoing = self._slot_now(), dict[str, Alert]()
        self.line = Line(
            car.vin,
            self.outbox,
            surroundings.destination(config),
            self._context,
            headers=self._headers,
            complain=self._grumble,
            heard=self._hear,
            terms=surroundings.terms,
        )

    @property
    def _streaming(self) -> Any:
        return self.car.condition.streaming

    @property
    def asks_for_alerts(self) -> bool:
        """Tell whether the settings ask for alerts of any audience."""
        return bool(self._audiences)

    def tick(self) -> None:
        """Do what is due now: collect a bucket, and put the line up or down."""
        now_s = self.car.now_s
        if not self.car.is_awake or now_s >= self._expires_s:
            self._collector.forget()
            self.line.want(wanted=False)
            return
        self._collect(now_s)
        self._have_mishaps(now_s)
        has_changed = self._trusts_none != self._streaming.bad_certificate
        self._trusts_none = self._streaming.bad_certificate
        is_up = self.car.condition.wake.has_signal and not self._streaming.line_cut
        # A car whose trust has changed hangs up first, and dials anew with the next tick.
        self.line.want(wanted=is_up and not has_changed)

    def _collect(self, now_s: float) -> None:
        source: list[Source] = []

        def read(name: str) -> Reading | None:
            if name not in READERS:
                return None
            if not source:
                source.append(Source(self.car.moment()))
            return READERS[name](source[0])

        found = self._collector.collect(now_s, read)
        if found:
            record = records.values(self.car.vin, found, now_s)
            self._post(records.VALUES, record, now_s)

    def _post(self, topic: bytes, record: records.Record, now_s: float) -> None:
        self.outbox.add(topic, record, now_s)
        self.line.post()

    def _slot_now(self) -> int:
        return int(self.car.now_s // _SLOT_S)

    def _have_mishaps(self, now_s: float) -> None:
        """Have an alert or an error now and then, and end alerts after a while."""
        over = [
            one for one in self._ongoing.values() if now_s - one.started_s >= _ALERT_S
        ]
        for one in over:
            self.alert(one.name)
        slot = self._slot_now()
        if slot == self._slot:
            return
        self._slot = slot
        if draw(self.car.seed, self.car.vin, "alert", slot) < _ALERT_CHANCE:
            self.alert(SAMPLE_ALERT)
        if draw(self.car.seed, self.car.vin, "mishap", slot) < _ERROR_CHANCE:
            self.fail(SAMPLE_ERROR, "the upload was given up and begun anew")

    def alert(self, name: str = SAMPLE_ALERT) -> bool:
        """Begin an alert, or end it when it goes on; False when nobody asked for it."""
        now_s = self.car.now_s
        audiences = tuple(sorted(self._audiences & {"customer", "service"}))
        if not audiences:
            return False
        known = self._ongoing.pop(name, None)
        if known is None:
            told = self._ongoing[name] = Alert(name, audiences, now_s)
        else:
            told = replace(known, ended_s=now_s)
        self._post(records.ALERTS, records.alerts(self.car.vin, [told], now_s), now_s)
        return True

    def fail(self, name: str, body: str) -> None:
        """Tell the server of an error of the car's streaming client."""
        now_s = self.car.now_s
        tags = {"firmware": self.car.firmware}
        record = records.error(self.car.vin, name, body, tags, now_s)
        self._post(records.ERRORS, record, now_s)

    def _context(self) -> ssl.SSLContext:
        authority = self._surroundings.authority
        self._car_pem = self._car_pem or authority.issue(self.car.vin)
        ca = Authority.made("Nobody").pem if self._trusts_none else self._ca
        return client_context(self._car_pem, ca)

    def _headers(self) -> dict[str, str]:
        is_driving = self.car.moment().motion.is_driving
        return {
            "Version": self.car.spec.telemetry_version or "unknown",
            "X-Network-Interface": "cellular" if is_driving else "wifi",
        }

    def _grumble(self, words: str) -> None:
        if words != self._complained:
            self._complained = words
            self._complain(words)

    def _hear(self) -> None:
        self._complained = ""
        self.last_ack_at = datetime.fromtimestamp(self.car.now_s, UTC)

    def as_json(self) -> dict[str, Any]:
        """Return how the stream does, for the admin page."""
        counts = self.line.counts
        return {
            "state": self._state(),
            "error": self.line.error,
            "last_ack_at": self.last_ack_at and self.last_ack_at.isoformat(),
            "buffered": len(self.outbox),
            "dropped": self.outbox.dropped,
            "connections": counts.connections,
            "failures": counts.failures,
            "sent": counts.sent,
            "resent": counts.resent,
            "acknowledged": counts.acknowledged,
        }

    def _state(self) -> str:
        if not self.car.is_awake:
            return "asleep"
        if self.line.state is LineState.IDLE:
            return "cut"
        return self.line.state.value


def _visible(fields: Mapping[str, Any], *, hides: bool) -> dict[str, Wish]:
    """Return the wishes without positions, for whom they are hidden from."""
    wishes = wishes_of(fields)
    if not hides:
        return wishes
    return {
        name: replace(
            wish,
            includes=tuple(one for one in wish.includes if one not in LOCATION_FIELDS),
        )
        for name, wish in wishes.items()
        if name not in LOCATION_FIELDS
    }
