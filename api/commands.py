"""Carry a command to a car: everything that moves or sets something goes through here."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from api.commanding import Commanding, ProgramsWay
from api.forward import Forwarding, body_of, pass_on, route_of
from api.reach import Route
from api.responses import Refusal, Response, answer
from api.routing import check_scope
from fleet.endpoints import BY_NAME
from fleet.errors import (
    FleetError,
    InvalidField,
    ProtocolUnsupported,
    VehicleUnavailable,
    explain,
)
from vehicles.services.commanding.sending import as_error, tried
from vehicles.services.commanding.ways import Done, Order
from vehicles.services.commands import Sent

# Asked as a command, and yet only a question.
_QUESTIONS = "custom_get_"
# So long a car is on its way up, at the least; then it may be asked for again.
_WAKING_S = 15.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the log will say of a command, whatever becomes of it."""

    forwarding: Forwarding
    route: Route
    body: dict[str, Any]
    asked_at: datetime
    began_s: float

    def ended(
        self,
        *,
        result: bool | None = None,
        reason: str = "",
        code: str = "",
        words: str = "",
    ) -> Sent:
        """Return the entry with its end."""
        forwarding = self.forwarding
        return Sent(
            user_id=forwarding.caller.user_id,
            vin=self.route.tag,
            grant_id=self.route.grant.id,
            name=forwarding.endpoint.name,
            parameters=self.body,
            access_token_id=forwarding.caller.token_id,
            access_token_name=forwarding.caller.name,
            client=forwarding.tesla.visit.client,
            asked_at=self.asked_at,
            duration_ms=int((time.perf_counter() - self.began_s) * 1000),
            result=result,
            reason=reason,
            error_code=code,
            error_words=words,
        )


async def run(forwarding: Forwarding, commanding: Commanding) -> Response:
    """Answer a command of the table, custom ones included, and write it to the log.

    The body is checked before anybody is asked. Raises `Refusal` and `FleetError`.
    """
    route = route_of(forwarding)
    endpoint = forwarding.endpoint
    check_scope(route.grant, endpoint.scopes)
    body = {} if endpoint.method == "GET" else await body_of(forwarding)
    entry = _Entry(forwarding, route, body, timezone.now(), time.perf_counter())
    log = commanding.log
    try:
        done = await commanding.commander.send(
            ProgramsWay(forwarding.tesla, route.grant),
            _order(forwarding, commanding, route, body),
        )
    except Refusal as refusal:
        log.add(entry.ended(code=refusal.code, words=refusal.description))
        raise
    except FleetError as error:
        words = _words(error)
        log.add(entry.ended(code=error.api_code, words=words))
        if (refused := _refusal(error, words)) is not None:
            raise refused from error
        raise
    log.add(_ended(entry, done))
    if done.answer is not None:
        return pass_on(done.answer)
    said = {**done.said, "result": done.result, "reason": done.reason}
    return answer({"response": said})


async def wake(forwarding: Forwarding, commanding: Commanding) -> Response:
    """Wake a car, unless somebody is doing so just now: then answer its record.

    Both are the same record in the same shape, and one of them is billed. Raises
    `Refusal` and `FleetError`.
    """
    route, endpoint = route_of(forwarding), forwarding.endpoint
    check_scope(route.grant, endpoint.scopes)
    await body_of(forwarding)
    way, wakes = ProgramsWay(forwarding.tesla, route.grant), commanding.wakes
    record = await wakes.join(way, route.tag, _WAKING_S)
    if record is None:
        return pass_on(await wakes.ask(way, route.tag))
    meter = commanding.upstream.meter
    meter.saved(forwarding.caller, route.tag, endpoint.price)
    return pass_on(record)


def _order(
    forwarding: Forwarding, commanding: Commanding, route: Route, body: dict[str, Any]
) -> Order:
    endpoint = forwarding.endpoint
    may_wake = not route.grant.scopes.isdisjoint(BY_NAME["wake_up"].scopes)
    return Order(
        route.tag,
        endpoint,
        body,
        signing=route.signing,
        is_asleep=commanding.upstream.sleeps(route.grant, route.tag),
        may_wake=may_wake and not endpoint.name.startswith(_QUESTIONS),
    )


def _ended(entry: _Entry, done: Done) -> Sent:
    if done.result is None and done.answer is not None:
        error = as_error(done.answer)
        return entry.ended(code=error.api_code, words=explain(error).words)
    return entry.ended(result=done.result, reason=done.reason)


def _words(error: FleetError) -> str:
    """Return the words for an error, with what was tried to reach the car."""
    if isinstance(error, ProtocolUnsupported):
        return "Cars take this command signed only, and this car takes none signed."
    return f"{explain(error).words} {tried(error)}".strip()


def _refusal(error: FleetError, words: str) -> Refusal | None:
    """Return what a program is told of an error beyond its usual words."""
    if isinstance(error, InvalidField) and error.field:
        messages = {error.field: [words]}
        return Refusal(
            400, error.api_code, words, more=messages and {"messages": messages}
        )
    if isinstance(error, ProtocolUnsupported):
        return Refusal(422, ProtocolUnsupported.api_code, words)
    if isinstance(error, VehicleUnavailable):
        # A car that signs answers 503 at times, and programs know 408.
        return Refusal(408, VehicleUnavailable.api_code, words)
    return None
