"""One car's connection: frames in, acknowledgments out."""

import time

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from fleet.records import envelope, reading
from fleet.records.record import Malformed, Record, Topic, come
from telemetry.receiver.announcing import entries_of
from telemetry.receiver.coming import Coming
from telemetry.receiver.dispatch import Dispatch
from telemetry.receiver.framing import Parts, TooMuch, joined
from telemetry.receiver.identity import NoCar, vin_of
from telemetry.receiver.limits import Counters, Limits
from telemetry.receiver.metering import Metering
from telemetry.receiver.watching import Watching
from vehicles.services.viewers import Viewer

_BINARY, _CONTINUATION = WSMsgType.BINARY, WSMsgType.CONTINUATION
_CLOSE = WSMsgType.CLOSE
_WORDS = b"incorrect message format"
_MOST_EARLY, _INTERFACES = 1000, 32
_KNOWN_TOPICS = frozenset({b"V", b"alerts", b"errors"})
_read_envelope, _read_record = envelope.read, reading.read
_acknowledgment = envelope.acknowledgment


class Shared:
    """What all connections of one process share."""

    def __init__(
        self,
        limits: Limits,
        counters: Counters,
        dispatch: Dispatch,
        watching: Watching,
        metering: Metering,
    ) -> None:
        self.limits = limits
        self.counters = counters
        self.dispatch = dispatch
        self.watching = watching
        self.metering = metering
        self.coming = Coming(dispatch)
        self.cars: dict[str, list[Car]] = {}


class Car(WSListener):
    """One connection of one car. `vin` is empty until its certificate was read."""

    def __init__(self, shared: Shared, network_interface: str, txid: str) -> None:
        super().__init__()
        self._shared = shared
        self._counters = shared.counters
        self._dispatch = shared.dispatch
        self._interface = network_interface[:_INTERFACES]
        self._txid = txid[:64]
        self._transport: WSTransport | None = None
        self._viewers: tuple[Viewer, ...] | None = None
        self._early: list[bytes] = []
        self._answers: list[bytes] = []
        self._parts = Parts(shared.limits.frame_bytes)
        self._budget = shared.limits.burst
        self._frames_before = 0
        self._is_paused = False
        self._is_unread = False
        self._is_gone = False
        self.frames = 0
        self.vin = ""
        self.heard_at_s = time.monotonic()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Read who it is, from the certificate alone; whoever is no car is cut off."""
        self._transport = transport
        tls = transport.underlying_transport.get_extra_info("ssl_object")
        try:
            vin = vin_of((tls and tls.getpeercert(binary_form=True)) or b"")
        except NoCar:
            self._counters.refused_identity += 1
            transport.send_close(WSCloseCode.POLICY_VIOLATION)
            transport.disconnect()
            return
        self.vin = vin
        self._counters.connected += 1
        others = self._shared.cars.setdefault(vin, [])
        while len(others) >= self._shared.limits.connections_per_car:
            # A car that changed its network is here again before we miss it.
            self._counters.replaced += 1
            others[0].drop(WSCloseCode.POLICY_VIOLATION)
        others.append(self)
        self._pause()
        self._shared.watching.add(vin, self._known)

    def on_ws_disconnected(self, _transport: WSTransport) -> None:
        """Tell that the car is away."""
        self._leave()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; what is no binary message ends the connection."""
        if self._is_gone:
            return
        kind = frame.msg_type
        if kind is _BINARY and frame.fin and not self._parts:
            self._take(frame.get_payload_as_bytes())
        elif kind is _BINARY or kind is _CONTINUATION:
            self._gather(frame)
        elif kind is _CLOSE:
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif kind is WSMsgType.TEXT:
            self.drop(WSCloseCode.UNSUPPORTED_DATA)
        else:
            self.heard_at_s = time.monotonic()
            if kind is WSMsgType.PING:
                transport.send_pong(frame.get_payload_as_bytes())
            self._spend()

    def pause_writing(self) -> None:
        """Read nothing more from a car that does not read our acknowledgments."""
        self._is_unread = True
        self._pause()

    def resume_writing(self) -> None:
        """Go on."""
        self._is_unread = False
        self._resume()

    def safe(self, token: bytes, /) -> bool:
        """Note that Redis has a record; tell whether it is the first to answer."""
        self._counters.acknowledged += 1
        self._answers.append(token)
        return len(self._answers) == 1

    def flush(self) -> None:
        """Acknowledge what Redis has, all in one write."""
        answers, self._answers = self._answers, []
        if self._is_gone or self._transport is None:
            return
        if len(answers) == 1:
            self._transport.send(_BINARY, answers[0])
            return
        self._transport.underlying_transport.write(joined(answers))

    def lost(self) -> None:
        """Cut the car off without acknowledging, so that it keeps and resends."""
        if not self._is_gone:
            self._counters.unavailable += 1
            self.drop(WSCloseCode.TRY_AGAIN_LATER)

    def drop(self, code: WSCloseCode) -> None:
        """End the connection from our side."""
        self._leave()
        transport = self._transport
        if transport is not None and not transport.is_disconnected:
            transport.send_close(code)
            transport.disconnect()

    def tick(self, now_s: float, elapsed_s: float) -> None:
        """See once a second to rate, idleness and pauses."""
        limits = self._shared.limits
        spent, self._frames_before = self.frames - self._frames_before, self.frames
        if spent:
            self.heard_at_s = now_s
        refill = int(limits.frames_per_second * elapsed_s)
        self._budget = min(limits.burst, self._budget + refill)
        if self._is_paused and not self._is_unread:
            self.heard_at_s = now_s
            self._resume()
        elif now_s - self.heard_at_s > limits.idle_s:
            self._counters.idle += 1
            self.drop(WSCloseCode.GOING_AWAY)

    def _known(self) -> None:
        """Take what came while it was not known who sees the car."""
        if self._is_gone:
            return
        self._viewers = self._shared.watching.viewers(self.vin)
        self._tell(is_connected=True)
        early, self._early = self._early, []
        for content in early:
            self._take(content)
        self._resume()

    def _gather(self, frame: WSFrame) -> None:
        try:
            self._parts.add(frame.get_payload_as_bytes())
        except TooMuch:
            self._counters.oversized += 1
            self.drop(WSCloseCode.MESSAGE_TOO_BIG)
            return
        if frame.fin:
            self._take(self._parts.take())
        else:
            self._spend()

    def _take(self, content: bytes) -> None:
        if self._viewers is None:
            if len(self._early) < _MOST_EARLY:
                self._early.append(content)
            return
        self.frames += 1
        self._counters.frames += 1
        self._budget -= 1
        dispatch = self._dispatch
        dispatch.bring(self, content)
        if (
            self._budget <= 0
            or dispatch.waiting_bytes > self._shared.limits.waiting_bytes
        ):
            self._counters.limited += 1
            self._pause()

    def read(self, content: bytes, /) -> None:
        """Read a frame, and have what it says brought to Redis."""
        if self._is_gone:
            return
        try:
            held = _read_envelope(content)
            if held.topic not in _KNOWN_TOPICS:
                self._unwanted(held.txid, held.topic)
                return
            now_ms = int(time.time() * 1000)
            record = _read_record(
                held.topic, held.payload, self.vin, held.created_at_s * 1000 or now_ms
            )
        except Malformed:
            self._counters.malformed += 1
            self._send(envelope.refusal(envelope.txid_of(content), _WORDS))
            return
        token = _acknowledgment(held.txid, held.topic)
        self._put(come(record, now_ms), token, len(content))

    def _spend(self, frames: int = 1) -> None:
        """Count a frame that brings no record, too: it costs its reader as much."""
        self._budget -= frames
        if self._budget <= 0:
            self._counters.limited += 1
            self._pause()

    def _put(self, record: Record, token: bytes, size: int) -> None:
        shared, counters = self._shared, self._counters
        viewers = shared.watching.viewers(self.vin) or ()
        counters.records += 1
        if not viewers:
            counters.nobody += 1
        if record.values:
            signals = len(record.values)
            counters.signals += signals
            shared.metering.count(self.vin, viewers, signals)
        self._dispatch.put(entries_of(record, viewers), self, token, size)

    def _unwanted(self, txid: bytes, topic: bytes) -> None:
        """Acknowledge what nobody wants, so that it does not come again and again."""
        self._counters.unknown_topics += 1
        self._send(_acknowledgment(txid, topic))

    def _send(self, content: bytes) -> None:
        if not self._is_gone and self._transport is not None:
            self._transport.send(_BINARY, content)
            self._spend(0)

    def _tell(self, *, is_connected: bool) -> None:
        viewers = self._shared.watching.viewers(self.vin) or ()
        record = Record(
            self.vin,
            Topic.CONNECTIVITY,
            int(time.time() * 1000),
            network_interface=self._interface,
            is_connected=is_connected,
            connection_id=self._txid,
        )
        entries = entries_of(record, viewers)
        if entries:
            self._shared.coming.tell(self.vin, entries)

    def _leave(self) -> None:
        # What it said before it left is told before that it is away; reading it may
        # itself end the connection.
        self._dispatch.read()
        if self._is_gone:
            return
        self._is_gone = True
        self._early.clear()
        if not self.vin:
            return
        self._counters.connected -= 1
        others = self._shared.cars[self.vin]
        was_newest = others[-1] is self
        others.remove(self)
        if self._viewers is not None:
            self._tell_end(others, was_newest=was_newest)
        if not others:
            del self._shared.cars[self.vin]
        self._shared.watching.remove(self.vin)

    def _tell_end(self, others: list["Car"], *, was_newest: bool) -> None:
        """Tell that the car is away, unless it is here on another network by now."""
        if not others:
            self._tell(is_connected=False)
        elif was_newest and others[-1]._interface != self._interface:  # noqa: SLF001
            others[-1]._tell(is_connected=True)  # noqa: SLF001

    def _pause(self) -> None:
        if not self._is_paused and not self._is_gone and self._transport is not None:
            self._is_paused = True
            self._transport.underlying_transport.pause_reading()

    def _resume(self) -> None:
        most = self._shared.limits.waiting_bytes // 2
        may = self._budget > 0 and self._dispatch.waiting_bytes <= most
        may = may and self._viewers is not None and not self._is_unread
        if self._is_paused and may and not self._is_gone and self._transport:
            self._is_paused = False
            self._transport.underlying_transport.resume_reading()
