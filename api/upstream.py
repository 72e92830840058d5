"""What stands between a program's call and Tesla: last answers, limits, the meter.

A visit is one call of a program. What it asks of Tesla goes through `Asking.send`: a read
that the last answer serves, that somebody is just making, or whose car sleeps is saved;
what is left is held to Tesla's limits and the month's money, and counted.
"""

import asyncio
import re
import time
from dataclasses import dataclass

from django.conf import settings

from api import subjects
from api.limits import Limits
from api.meter import Meter
from api.news import News, Seen, is_whole
from api.reach import Grant
from api.readings import Readings
from api.request import Request
from api.responses import Response
from api.states import JSON_HEADER, ONLINE, States
from api.tesla import Call, Tesla
from api.threads import Threads
from fleet.endpoints import Endpoint, Match, Price
from fleet.wire import Answer
from tokens.async_shared import Shared
from tokens.auth import Caller
from tokens.services import last_answers
from tokens.services.last_answers import Kept

_ANSWERED = re.compile(rb'\s*\{\s*"response"\s*:\s*(?:["\[]|\{(?!\s*\}))')
_ASLEEP = (
    b'{"response":null,"error":"vehicle unavailable: vehicle is offline or asleep",'
    b'"error_description":""}'
)
_ANY_AGE = frozenset({"true", "1"})
_LIVE = frozenset({"false", "0"})


@dataclass(slots=True)
class Visit:
    """One call of a program: who calls, and what for, as far as it is known yet."""

    caller: Caller
    client: str
    started_s: float
    tag: str = ""
    price: Price = Price.FREE
    name: str = ""


@dataclass(slots=True)
class _Flight:
    """A read under way; `landing` is there once somebody else waits for it."""

    at_s: float
    landing: asyncio.Future[Answer] | None = None


class Upstream:
    """One process's way to Tesla for all of its visits."""

    def __init__(self, tesla: Tesla, threads: Threads) -> None:
        self.tesla = tesla
        self.shared = Shared()
        self.limits = Limits(self.shared)
        self.meter = Meter(threads)
        self.readings = Readings(threads, self.shared)
        self.news = News(threads)
        self.flights: dict[tuple[int, str], _Flight] = {}
        self.states = States()

    async def admit(self, visit: Visit) -> None:
        """Let a visit in. Raises the 429 `Refusal` above the token's limit."""
        await self.limits.check_token(visit.caller.token_id)

    def way(
        self, visit: Visit, request: Request, matched: Match, product: str
    ) -> "Asking":
        """Return the way to Tesla for a visit; `product` is its VIN or site's id."""
        visit.price, visit.tag = matched.endpoint.price, product
        visit.name = matched.endpoint.name
        return Asking(self, visit, request.query.get(subjects.USE_CACHE, "").lower())

    def sleeps(self, grant: Grant, tag: str) -> bool:
        """Tell whether a car was found asleep, or away, just now."""
        return self.states.record_of_sleeping(grant, tag) is not None

    def leave(self, visit: Visit, response: Response) -> None:
        """Count a visit that is over."""
        spent_s = time.perf_counter() - visit.started_s
        self.meter.called(
            visit.caller,
            visit.client,
            visit.tag,
            visit.price,
            status=response.status,
            duration_ms=spent_s * 1000,
        )

    async def close(self) -> None:
        """Write what is kept and counted."""
        await self.readings.close()
        await self.news.close()
        await self.meter.close()
        await self.shared.close()


@dataclass(frozen=True, slots=True)
class Asking:
    """The way to Tesla for one visit; `use_cache` is what its query says of that."""

    upstream: Upstream
    visit: Visit
    use_cache: str = ""

    async def send(self, grant: Grant, call: Call) -> Answer:
        """Return Tesla's answer, an earlier one where that will do.

        Raises `Refusal` and `FleetError`.
        """
        if subjects.USE_CACHE in call.path_qs:
            call = subjects.without_use_cache(call)
        path, _, query = call.path_qs.partition("?")
        matched = subjects.matched(call.method, path)
        tag = subjects.tag(matched) if matched else ""
        price = matched.endpoint.price if matched else Price.FREE
        if call.method != "GET":
            return await self._change(grant, call, tag, price)
        if matched is None:
            return await self._ask(grant, call, tag, price)
        earlier = await self._earlier(grant, matched.endpoint, tag, query)
        if earlier is not None:
            self._saved(tag, price)
            return earlier
        return await self._join(grant, call, matched.endpoint, tag)

    async def _earlier(
        self, grant: Grant, endpoint: Endpoint, tag: str, query: str
    ) -> Answer | None:
        """Return an answer that spares the call, None when Tesla must be asked."""
        states = self.upstream.states
        if endpoint.name == "vehicle":
            # Who asked for data of a sleeping car is given the record that said so.
            is_detour = self.visit.price is Price.DATA
            return states.record_of_sleeping(grant, tag) if is_detour else None
        is_kept = endpoint.name in last_answers.KEPT
        if is_kept and (self.use_cache not in _LIVE or not endpoint.live):
            kept = await self._kept(subjects.subject(grant, endpoint, tag, query))
            if kept is not None:
                return subjects.answer_of(kept)
        if not endpoint.live:
            return None
        if not states.is_known(grant, tag):
            await self._look(grant, tag)
        if states.record_of_sleeping(grant, tag) is None:
            return None
        return Answer(408, [JSON_HEADER], _ASLEEP)

    async def _kept(self, subject: last_answers.Subject) -> Kept | None:
        readings = self.upstream.readings
        if subject.endpoint != "vehicle_data":
            return await readings.fresh(subject, settings.ENERGY_FRESH_S)
        if self.use_cache in _ANY_AGE:
            return await readings.last(subject)
        return await readings.fresh(subject, settings.VEHICLE_DATA_FRESH_S)

    async def _look(self, grant: Grant, tag: str) -> None:
        """Read a car's record, which is free and wakes nothing, to know its state."""
        call = Call("GET", f"/api/1/vehicles/{tag}")
        matched = subjects.matched(call.method, call.path_qs)
        if matched is not None:
            await self._join(grant, call, matched.endpoint, tag)

    async def _join(
        self, grant: Grant, call: Call, endpoint: Endpoint, tag: str
    ) -> Answer:
        """Make a read, or wait for the same one that somebody else is making."""
        flights, key = self.upstream.flights, (grant.id.int, call.path_qs)
        while (flight := flights.get(key)) is not None:
            if flight.at_s <= self.upstream.readings.changed_at_s(tag):
                break
            if flight.landing is None:
                flight.landing = asyncio.get_running_loop().create_future()
            try:
                answer = await asyncio.shield(flight.landing)
            except _Left:
                continue
            self._saved(tag, endpoint.price)
            return answer
        return await self._lead(grant, call, endpoint, tag)

    async def _lead(
        self, grant: Grant, call: Call, endpoint: Endpoint, tag: str
    ) -> Answer:
        flights, key = self.upstream.flights, (grant.id.int, call.path_qs)
        flight = flights[key] = _Flight(time.time())
        try:
            answer = await self._ask(grant, call, tag, endpoint.price)
        except BaseException as error:
            if flight.landing is not None:
                is_ours = isinstance(error, Exception)
                flight.landing.set_exception(error if is_ours else _Left())
                # Those who waited may have left, too; asyncio would complain.
                flight.landing.exception()
            raise
        finally:
            if flights.get(key) is flight:
                del flights[key]
        if answer.status == 200:
            query = call.path_qs.partition("?")[2]
            asked = Kept(flight.at_s, answer.body)
            self._note(grant, endpoint, tag, query=query, asked=asked)
        elif answer.status == 408 and endpoint.live:
            self.upstream.states.forget(grant, tag)
        if flight.landing is not None:
            flight.landing.set_result(answer)
        return answer

    async def _change(self, grant: Grant, call: Call, tag: str, price: Price) -> Answer:
        """Send what may change a car or site; what was read of it before is old then."""
        try:
            return await self._ask(grant, call, tag, price)
        finally:
            if tag:
                self.upstream.states.forget(grant, tag)
                await self.upstream.readings.change(tag)
            if tag.isdecimal():
                self.upstream.news.changed_site(int(tag))

    async def _ask(self, grant: Grant, call: Call, tag: str, price: Price) -> Answer:
        """Ask Tesla, within the limits, and count it; what is not sent costs nothing."""
        upstream = self.upstream
        upstream.tesla.check(grant)
        if price is not Price.FREE:
            await upstream.meter.check(price)
            await upstream.limits.check_car(tag, price)
        upstream.meter.reserve(price)
        status = 0
        try:
            answer = await upstream.tesla.send(grant, call)
            status = answer.status
        finally:
            name = "wake_up" if price is Price.WAKES else self.visit.name
            upstream.meter.asked(self.visit.caller, tag, price, status, name)
        return answer

    def _note(
        self, grant: Grant, endpoint: Endpoint, tag: str, *, query: str, asked: Kept
    ) -> None:
        """Keep what a good answer says, for those who ask next."""
        if not _ANSWERED.match(asked.body) or asked.body.rstrip()[-1:] != b"}":
            return
        states = self.upstream.states
        state = ""
        if endpoint.name == "vehicle":
            state = states.note_record(grant, tag, asked.body, asked.at_s)
        elif endpoint.live:
            states.note_online(grant, tag, asked.at_s)
            state = ONLINE
        if state:
            self.upstream.news.saw_state(tag, state, asked.at_s)
        if endpoint.name in last_answers.KEPT:
            subject = subjects.subject(grant, endpoint, tag, query)
            self.upstream.readings.keep(subject, asked)
        if endpoint.name == "vehicle_data" and is_whole(subjects.groups(query)):
            user_id = self.visit.caller.user_id
            seen = Seen(user_id, grant.id, asked.at_s, asked.body)
            self.upstream.news.saw_reading(tag, seen)

    def _saved(self, tag: str, price: Price) -> None:
        self.upstream.meter.saved(self.visit.caller, tag, price)


class _Left(Exception):
    """Who made a read has left."""
