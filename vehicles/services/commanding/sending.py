"""Send a command the way that the car wants it, and wake the car where it sleeps."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from fleet.errors import (
    Ambiguous,
    FleetError,
    MobileAccessOff,
    ProtocolUnsupported,
    Unreachable,
    Unreadable,
    VehicleBusy,
    VehicleUnavailable,
    refusal,
)
from fleet.errors.refusals import unenveloped
from fleet.signing import Patience, command, encode, envelope, never_left
from fleet.wire import Answer
from vehicles.services.commanding.store import SharedStore
from vehicles.services.commanding.waking import DidNotWake, Wakes, look
from vehicles.services.commanding.ways import Done, Order, Stage, Way

WAKE_UP = "wake_up"
_MOST_SENDS = 4
_MOST_BUSY = 3
_PAUSE_S = 2.0
_LEARNED_FOR_S = 5.0
_MOST_LEARNED = 2000
_PATIENCE = Patience()

Key = Callable[[], Awaitable[ec.EllipticCurvePrivateKey]]
Learn = Callable[[str, str], Awaitable[None]]
Hear = Callable[[Stage], Awaitable[None]]
_OFF, _REQUIRED = "off", "required"
_TO_SIGN = frozenset({"", _REQUIRED})


class _WantsSigned(Exception):
    """Tesla takes this command for this car signed only."""


async def _unheard(stage: Stage) -> None:
    """Let nobody know how far a command has come."""


class Commander:
    """Send commands for all who share one event loop.

    `private_key` returns the key to sign with. `learn` is told a car's VIN and whether
    it takes signed commands ("off", "required"), where that was not known.
    """

    def __init__(  # noqa: PLR0913 - the last three have defaults that fit
        self,
        store: SharedStore,
        wakes: Wakes,
        private_key: Key,
        learn: Learn,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: Patience = _PATIENCE,
    ) -> None:
        self._store = store
        self._wakes = wakes
        self._private_key = private_key
        self._learn = learn
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        self._learned: dict[str, tuple[float, str]] = {}

    async def send(self, way: Way, order: Order, hear: Hear = _unheard) -> Done:
        """Have the car do it, and return what it says of it.

        `hear` is told of the stages once a car has to be woken. Raises
        `FleetError`: `DidNotWake` and other `VehicleUnavailable`, `Ambiguous` for what
        was sent and may be done, what the protocol finds wrong; and what the way does.
        """
        within_s = float(settings.COMMANDS_WAKE_WITHIN_S)
        until_s = self._clock() + within_s
        if order.endpoint.name == WAKE_UP:
            await self._wake(way, order, within_s, hear)
            return Done(result=True)
        may_wake = order.may_wake and within_s > 0
        if may_wake and order.is_asleep:
            await self._wake(way, order, within_s, hear)
        sends = 0
        while True:
            sends += 1
            try:
                return await self._once(way, order)
            except VehicleUnavailable as error:
                await self._check_unsent(way, order, error)
                left_s = until_s - self._clock()
                if not may_wake or sends == _MOST_SENDS or left_s <= 0:
                    raise
            if sends > 1:
                # The record says that it is awake, and the car is not yet.
                await self._sleep(_PAUSE_S)
            await self._wake(way, order, left_s, hear)

    async def _check_unsent(
        self, way: Way, order: Order, error: VehicleUnavailable
    ) -> None:
        """Raise `Ambiguous` where the car may have done what must not be done twice.

        Tesla's 503 says that the car sleeps, and also that something timed out.
        """
        if error.status != 503 or order.endpoint.repeatable:
            return
        if await look(way, order.vin) not in {"asleep", "offline"}:
            raise _ambiguous(error, order) from error

    async def _wake(self, way: Way, order: Order, within_s: float, hear: Hear) -> None:
        await hear(Stage.WAKING)
        await self._wakes.wake(way, order.vin, within_s)
        await hear(Stage.SENDING)

    async def _once(self, way: Way, order: Order) -> Done:
        signing, is_custom = self._known(order), order.endpoint.is_custom
        if not order.endpoint.signed:
            return await self._unsigned(way, order, signing)
        if is_custom and signing == _OFF:
            raise ProtocolUnsupported(status=422)
        if is_custom or signing in _TO_SIGN:
            try:
                return await self._signed(way, order)
            except ProtocolUnsupported:
                await self._note(order.vin, _OFF)
                if is_custom:
                    raise
        try:
            return await self._unsigned(way, order, signing)
        except _WantsSigned:
            await self._note(order.vin, _REQUIRED)
            return await self._signed(way, order)

    async def _signed(self, way: Way, order: Order) -> Done:
        payload = encode(order.endpoint.name, order.body)
        outcome = await command(
            self._store,
            _Signed(way),
            await self._private_key(),
            order.vin,
            payload,
            clock=self._clock,
            sleep=self._sleep,
            patience=self._patience,
        )
        return Done(outcome.result, outcome.reason, outcome.said)

    async def _unsigned(self, way: Way, order: Order, signing: str) -> Done:
        path = order.endpoint.path.format(vehicle_tag=order.vin)
        body = json.dumps(_body(order), separators=(",", ":")).encode()
        for attempt in range(1, _MOST_BUSY + 1):
            try:
                answer = await way.send("POST", path, body)
                return _read(
                    answer, is_open=order.endpoint.signed and signing not in _TO_SIGN
                )
            except (Unreachable, Unreadable) as error:
                if never_left(error):
                    raise
                raise _ambiguous(error, order) from error
            except VehicleBusy:
                if attempt == _MOST_BUSY:
                    raise
                await self._sleep(_PAUSE_S * attempt)
        raise ValueError("patience for no attempt at all")

    def _known(self, order: Order) -> str:
        """Return what anybody has found out of how the car wants its commands."""
        until_s, signing = self._learned.get(order.vin, (0.0, ""))
        return signing if until_s > self._clock() else order.signing

    async def _note(self, vin: str, signing: str) -> None:
        if len(self._learned) >= _MOST_LEARNED:
            self._learned.clear()
        # Until whoever gives orders has read the row that is written now.
        self._learned[vin] = self._clock() + _LEARNED_FOR_S, signing
        await self._learn(vin, signing)


class _Signed:
    """Carry signed messages by a way."""

    def __init__(self, way: Way) -> None:
        self._way = way

    async def signed_command(self, vin: str, routable: bytes) -> Answer:
        """Return Tesla's whole answer, whatever its status."""
        path = f"/api/1/vehicles/{vin}/signed_command"
        return await self._way.send("POST", path, envelope(routable))


def _body(order: Order) -> dict[str, Any]:
    """Return the body of an unsigned command."""
    if order.endpoint.name == "window_control":
        # Tesla wants a place even where none is needed.
        return {"lat": 0, "lon": 0, **order.body}
    return dict(order.body)


def as_error(answer: Answer) -> FleetError:
    """Return what Tesla says where it does not say what the car did."""
    if answer.status < 400:
        return Unreadable("Tesla's answer does not say how it went")
    return refusal(answer.status, answer.body, dict(answer.headers))


def tried(error: FleetError) -> str:
    """Return what was tried to reach a car, "" where nothing was."""
    return error.tried if isinstance(error, DidNotWake) else ""


def _read(answer: Answer, *, is_open: bool) -> Done:
    """Return what Tesla says of an unsigned command; raise what has a cure.

    `is_open`: the command may still be sent signed.
    """
    if answer.status == 200:
        return _said(answer)
    error = as_error(answer)
    said = f"{error.code} {error.description}".lower()
    if isinstance(error, VehicleUnavailable) and "timeout" not in said:
        raise error
    if answer.status == 500 and "vehicle busy" in said:
        raise VehicleBusy(status=500, description=error.description, txid=error.txid)
    if answer.status == 401 and "mobile_access_disabled" in said:
        raise MobileAccessOff(status=401, txid=error.txid)
    if answer.status == 403 and "vehicle command protocol required" in said and is_open:
        raise _WantsSigned
    return Done(None, answer=answer)


def _said(answer: Answer) -> Done:
    try:
        document = json.loads(answer.body)
    except ValueError:
        raise Unreadable("Tesla's answer is not JSON", status=200) from None
    try:
        refused = unenveloped(document)
        if isinstance(refused, VehicleUnavailable):
            raise refused
        said = document["response"]
        result, reason = bool(said["result"]), str(said.get("reason") or "")
    except (KeyError, TypeError, AttributeError):
        return Done(None, answer=answer)
    return replace(Done(result, reason), answer=answer)


def _ambiguous(cause: FleetError, order: Order) -> Ambiguous:
    error = Ambiguous(
        "The command was sent, and whether the car did it is not known",
        status=cause.status,
        description=cause.code or str(cause),
        txid=cause.txid,
    )
    error.repeatable = order.endpoint.repeatable
    return error
