"""Have a car do one command: open a session, sign, send, and mend what can be."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import ec

from fleet.errors import (
    Ambiguous,
    FleetError,
    SessionFailed,
    Unreadable,
    VehicleBusy,
    VehicleKeyChanged,
)
from fleet.signing.answers import Outcome, outcome
from fleet.signing.faults import Cure, rejection, rule_of
from fleet.signing.handshake import handshake, open_session
from fleet.signing.keys import point_of
from fleet.signing.session import Session
from fleet.signing.sign import Payload, Reply, SignedMessage, read_reply, sign
from fleet.signing.stores import SessionStore
from fleet.signing.transport import Lost, Transport, carry

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Limit how often a command is tried, and for how long.

    `attempts`: how often it may be sent in all. `resyncs`: of these, because
    the session was out of step. `losses`: because no answer came, and only for
    what may be done twice. `wait_s`: between two, growing each time.
    `total_s`: after which no new attempt begins.
    """

    attempts: int = 4
    resyncs: int = 2
    losses: int = 1
    wait_s: float = 1.0
    total_s: float = 30.0


_PATIENCE = Patience()


async def command(  # noqa: PLR0913 - the last three have defaults that fit
    store: SessionStore,
    transport: Transport,
    private_key: ec.EllipticCurvePrivateKey,
    vin: str,
    payload: Payload,
    *,
    clock: Clock = time.time,
    sleep: Sleep = asyncio.sleep,
    patience: Patience = _PATIENCE,
) -> Outcome:
    """Have a car do a command, and return what it says of it.

    With a session at hand this is one call to Tesla. `clock` gives seconds and
    is the same in all processes that share the store. Raises what the car's
    protocol finds wrong (`KeyNotPaired`, `MobileAccessOff`, `VehicleBusy`, …),
    `ProtocolUnsupported` for a car that takes no signed commands, what else
    Tesla's refusal is, and `Ambiguous` where the command left and no readable
    answer came. A command that is not idempotent is not sent again after that.
    """
    async with store.lock(vin):
        talk = _Conversation(store, transport, private_key, vin, payload)
        talk.clock, talk.sleep, talk.patience = clock, sleep, patience
        done = await talk.run()
        return replace(done, calls=talk.calls)


class _Again(Exception):
    """Say that another attempt may help, by which cure, and the error if none does."""

    def __init__(self, cure: Cure, error: FleetError, *, lost: bool = False) -> None:
        super().__init__()
        self.cure = cure
        self.error = error
        self.lost = lost


class _Conversation:
    """Hold what the attempts at one command share."""

    clock: Clock = time.time
    sleep: Sleep = asyncio.sleep
    patience = _PATIENCE

    def __init__(
        self,
        store: SessionStore,
        transport: Transport,
        private_key: ec.EllipticCurvePrivateKey,
        vin: str,
        payload: Payload,
    ) -> None:
        self.store = store
        self.transport = transport
        self.private_key = private_key
        self.vin = vin
        self.payload = payload
        self.calls = 0

    async def run(self) -> Outcome:
        """Return the outcome of the first attempt that has one."""
        until = self.clock() + self.patience.total_s
        resyncs = losses = 0
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return await self._attempt()
            except _Again as again:
                resyncs += again.cure is Cure.RESYNC
                losses += again.lost
                pause_s = self.patience.wait_s * attempt
                if (
                    attempt == self.patience.attempts
                    or resyncs > self.patience.resyncs
                    or losses > self.patience.losses
                    or self.clock() + pause_s > until
                ):
                    await self._give_up(again)
                if again.cure is Cure.WAIT:
                    await self.sleep(pause_s)
                elif resyncs == self.patience.resyncs:
                    # What came along did not help, so the last try starts anew.
                    await self._drop()
        raise ValueError("patience for no attempt at all")

    async def _attempt(self) -> Outcome:
        session = await self._session()
        session, signed = sign(session, self.payload, now=self.clock())
        # Kept before it is sent: a counter that may have left is never used again.
        await self.store.save(session)
        try:
            reply = await self._ask(session, signed)
        except (Lost, Unreadable) as error:
            cause = error.cause if isinstance(error, Lost) else error
            raise self._lost(cause) from error
        except VehicleKeyChanged:
            await self._drop()
            raise
        if reply.fault:
            raise await self._judged(reply)
        try:
            return outcome(self.payload.domain, reply.data)
        except VehicleBusy as error:
            raise _Again(Cure.WAIT, error) from error
        except Unreadable as error:
            raise self._lost(error) from error

    async def _ask(self, session: Session, signed: SignedMessage) -> Reply:
        self.calls += 1
        raw = await carry(self.transport, self.vin, signed.routable)
        reply = read_reply(session, signed, raw, now=self.clock())
        if reply.resynced:
            await self.store.save(reply.session)
            if not reply.fault:
                raise Unreadable("The car answered with nothing but session info")
        return reply

    async def _judged(self, reply: Reply) -> Exception:
        """Return what a fault leads to."""
        rule = rule_of(reply.fault)
        error = rejection(reply.fault)
        repeatable = self.payload.idempotent
        if rule.maybe_done and not (repeatable and rule.cure is not Cure.NONE):
            return _ambiguous(error, repeatable=repeatable)
        if rule.cure is Cure.NONE:
            return error
        if rule.cure is Cure.RESYNC and not reply.resynced:
            await self._drop()
        return _Again(rule.cure, error, lost=rule.maybe_done)

    def _lost(self, cause: FleetError) -> Exception:
        """Return what a loss leads to: only what may be done twice is sent again."""
        if not self.payload.idempotent:
            return _ambiguous(cause, repeatable=False)
        return _Again(Cure.WAIT, cause, lost=True)

    async def _give_up(self, again: _Again) -> None:
        if again.cure is Cure.RESYNC:
            await self._drop()
        if again.lost:
            raise _ambiguous(again.error, repeatable=True) from again.error
        raise again.error

    async def _session(self) -> Session:
        """Return the session at hand, else a new one."""
        kept = await self.store.load(self.vin, self.payload.domain)
        if kept is not None and kept.our_point == point_of(self.private_key):
            return kept
        for attempt in range(1, self.patience.attempts):
            try:
                return await self._greet()
            except (Lost, SessionFailed, Unreadable, VehicleBusy) as error:
                # Asking for a session does nothing to the car, so it may be repeated.
                failure = error.cause if isinstance(error, Lost) else error
                if attempt == self.patience.attempts - 1:
                    raise failure from error
                await self.sleep(self.patience.wait_s * attempt)
        raise ValueError("patience for no attempt at all")

    async def _greet(self) -> Session:
        hello = handshake(
            self.private_key, self.vin, self.payload.domain, now=self.clock()
        )
        self.calls += 1
        raw = await carry(self.transport, self.vin, hello.routable)
        return open_session(self.private_key, hello, raw, now=self.clock())

    async def _drop(self) -> None:
        await self.store.drop(self.vin, self.payload.domain)


def _ambiguous(cause: FleetError, *, repeatable: bool) -> Ambiguous:
    error = Ambiguous(
        "The command was sent, and whether the car did it is not known",
        status=cause.status,
        description=cause.code or str(cause),
        txid=cause.txid,
    )
    error.repeatable = repeatable
    return error
