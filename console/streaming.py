"""Who may listen to streams: programs by their access token, pages by their session.

Programs pass what they pass at the API: token, subscription, reach and scope, each at
most a second old. A page hears of its own user's products and needs no subscription.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error as DatabaseError

from api import routing
from api.door import Door
from api.reach import Reach, Route
from api.request import Request, read
from api.responses import Refusal
from billing.policy import Capability
from fleet.scopes import Scope
from telemetry.stream import asked as asking
from telemetry.stream.admission import Listener, NotAdmitted
from telemetry.stream.asked import Asked
from telemetry.stream.door import Live, Stream
from tokens.auth import Caller

PAGES = "/console/stream"
_SESSIONS = import_module(settings.SESSION_ENGINE)
_T = TypeVar("_T")


class Doors:
    """The doors of one process: `/sse` for programs, `/console/stream` for pages."""

    def __init__(self, door: Door) -> None:
        self.live = Live(settings.REDIS_URL)
        most = settings.STREAMS_PER_ACCOUNT
        self.programs = Stream(Programs(door), self.live, most=most)
        self.pages = Stream(Pages(door), self.live, most=most)

    def of(self, path: str) -> Stream | None:
        """Return the door of an address, None where it has none."""
        if path == "/sse" or path.startswith("/sse/"):
            return self.programs
        return self.pages if path == PAGES else None


class Programs:
    """Lets in who holds an access token."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def admit(self, scope: dict[str, Any]) -> Listener:
        """Return who listens to what. Raises `NotAdmitted`."""
        try:
            request = read(scope)
            caller = await self._door.caller(request)
            asked = _worded(
                lambda: asking.read(request.path, request.query, _library(scope))
            )
            await self._door.standing.check(
                caller.user_id, capability=Capability.STREAM
            )
            reach = await self._door.reach.of(caller.user_id)
            if asked.product:
                asked = _at(asked, _route(reach, asked.product).tag)
                await self._door.standing.check(
                    caller.user_id, asked.product, Capability.STREAM
                )
            products = await self._products(caller, reach)
        except (Refusal, DatabaseError) as error:
            raise _not_admitted(error) from None
        return Listener(
            caller.user_id,
            caller.token_id,
            products,
            asked,
            reach.places(),
            caller.token_id,
        )

    async def still(self, listeners: Sequence[Listener]) -> list[Listener | None]:
        """Return what each listener may hear now, None when nothing any more.

        The text by which a connected program came in may expire meanwhile: the stream
        goes on for as long as the connection stands.
        """
        door = self._door
        callers = await door.callers.standing([one.proof for one in listeners])
        reaches = await door.reach.of_all(
            {caller.user_id for caller in callers.values()}
        )
        found: list[Listener | None] = []
        for one in listeners:
            caller = callers.get(one.proof)
            if caller is None or not await door.standing.allows(
                caller.user_id, Capability.STREAM
            ):
                found.append(None)
                continue
            reach = reaches[caller.user_id]
            products = await self._products(caller, reach)
            found.append(_now(one, products, reach))
        return found

    async def _products(self, caller: Caller, reach: Reach) -> frozenset[str]:
        allows = self._door.standing.allows
        return frozenset(
            [
                product
                for product in _open(reach)
                if await allows(caller.user_id, Capability.STREAM, product)
            ]
        )


class Pages:
    """Lets in the browser in which somebody is signed in."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def admit(self, scope: dict[str, Any]) -> Listener:
        """Return who listens to what. Raises `NotAdmitted`."""
        try:
            request = read({**scope, "headers": _without_authorization(scope)})
            asked = _worded(lambda: _asked_by_page(request))
            key = _session_key(scope)
            user_id = _known(await self._user(key))
            reach = await self._door.reach.of(user_id)
            if asked.product:
                asked = _at(asked, _route(reach, asked.product).tag)
        except (Refusal, DatabaseError) as error:
            raise _not_admitted(error) from None
        heard_of = frozenset(_open(reach))
        return Listener(user_id, key, heard_of, asked, reach.places(), key)

    async def still(self, listeners: Sequence[Listener]) -> list[Listener | None]:
        """Return what each listener may hear now, None when nothing any more."""
        keys = [one.proof for one in listeners]
        signed_in = await self._door.threads.quickly(
            lambda: [_signed_in(key) for key in keys]
        )
        reaches = await self._door.reach.of_all({user for user in signed_in if user})
        return [
            _now(one, frozenset(_open(reaches[user])), reaches[user])
            if user is not None and user == one.account_id
            else None
            for one, user in zip(listeners, signed_in, strict=True)
        ]

    async def _user(self, key: str) -> UUID | None:
        if not key:
            return None
        return await self._door.threads.quickly(lambda: _signed_in(key))


def _now(listener: Listener, products: frozenset[str], reach: Reach) -> Listener:
    return dataclasses.replace(listener, products=products, places=reach.places())


def _known(user_id: UUID | None) -> UUID:
    if user_id is None:
        raise Refusal(401, "not_signed_in", "Sign in first.")
    return user_id


def _signed_in(key: str) -> UUID | None:
    """Return whose session this is, None when it has ended."""
    holder: Any = SimpleNamespace(session=_SESSIONS.SessionStore(key))
    user = get_user(holder)
    return user.pk if user.is_authenticated else None


def _open(reach: Reach) -> Iterator[str]:
    """Yield the VINs and site ids of which a user may hear."""
    for ways, scope in (
        (reach.vehicles, Scope.VEHICLE_DEVICE_DATA),
        (reach.sites, Scope.ENERGY_DEVICE_DATA),
    ):
        for routes in ways.values():
            for route in routes:
                if route.grant.usable and scope in route.grant.scopes:
                    yield route.tag


def _route(reach: Reach, product: str) -> Route:
    """Return the way to a product. Raises `Refusal` (403, 404, 503)."""
    sites = reach.sites.get(product)
    needed = Scope.ENERGY_DEVICE_DATA if sites else Scope.VEHICLE_DEVICE_DATA
    routes = sites or reach.vehicles.get(product) or ()
    usable = [route for route in routes if route.grant.usable]
    for route in usable:
        if needed in route.grant.scopes:
            return route
    route = routing.first(tuple(usable) or routes)
    routing.check_scope(route.grant, [needed])
    return route


def _at(asked: Asked, tag: str) -> Asked:
    """Return what is asked with the product by its own name."""
    return Asked(tag, asked.signal, asked.topics, asked.snapshot, asked.text_ids)


def _asked_by_page(request: Request) -> Asked:
    product = request.query.get("vin", "") or request.query.get("site_id", "")
    return Asked(
        product=product,
        topics=asking.topics(request.query),
        snapshot=asking.snapshot(request.query),
        text_ids=False,
    )


def _worded(reading: Callable[[], _T]) -> _T:
    try:
        return reading()
    except asking.Unreadable as error:
        raise Refusal(400, "invalid_request", str(error)) from None
    except asking.NoSuchStream:
        raise Refusal(
            404, "not_found", "This Keyfob has no stream at this address."
        ) from None


def _not_admitted(error: Refusal | DatabaseError) -> NotAdmitted:
    if not isinstance(error, Refusal):
        error = Refusal(
            503,
            "database_unavailable",
            "Keyfob cannot reach its database. Try again shortly.",
            ((b"retry-after", b"5"),),
        )
    response = error.response()
    return NotAdmitted(response.status, response.headers, response.body)


def _library(scope: dict[str, Any]) -> str:
    for name, value in scope["headers"]:
        if name == b"x-library":
            return str(value, "latin-1")
    return ""


def _session_key(scope: dict[str, Any]) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in str(value, "latin-1").split(";"):
                cookie, _, text = part.strip().partition("=")
                if cookie == settings.SESSION_COOKIE_NAME:
                    return unquote(text)
    return ""


def _without_authorization(scope: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    return [one for one in scope["headers"] if one[0] != b"authorization"]
