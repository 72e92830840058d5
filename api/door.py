"""The ASGI door of `/api/`: plain callables, since an empty Django view costs more.

A request passes these in order: its form, the access token (cached a second), its
limit, the address, the subscription and the user's reach (cached a second), the scope, Tesla. What may not pass is
refused in the Fleet API's own shape.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable

from django.db import Error as DatabaseError

from api import cars, commands, platform, tesla_configs
from api.commanding import Commanding
from api.forward import Forwarding, forward
from api.reach import ReachCache
from api.request import Receive, Request, Scope, Send, read, unauthorized
from api.responses import Refusal, Response, answer
from api.standing import StandingCache, product_of
from api.tesla import Tesla
from api.threads import Threads
from api.upstream import Upstream, Visit
from fleet.endpoints import match, methods
from fleet.errors import FleetError, explain
from tokens.auth import Caller, TokenCache
from vehicles.services.commands import WAKE_UP

_log = logging.getLogger(__name__)
_COMMAND = re.compile(r"/api/1/vehicles/[A-Za-z0-9_-]+/(custom_)?command/[^/]+")
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


class Door:
    """One process's door: its caches and its connections to Tesla."""

    def __init__(self) -> None:
        self.callers = TokenCache()
        self.threads = Threads()
        self.reach = ReachCache(self.threads)
        self.standing = StandingCache(self.threads)
        self.tesla = Tesla(self.threads)
        self.upstream = Upstream(self.tesla, self.threads)
        self.commanding = Commanding(self.upstream, self.threads)

    async def close(self) -> None:
        """Write what is noted of the callers, and close the connections to Tesla."""
        await self.callers.close()
        await self.commanding.close()
        await self.upstream.close()
        await self.tesla.close()
        await asyncio.to_thread(self.threads.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await _worded(self._answer(scope, receive))
        except ConnectionAbortedError:
            return
        length = (b"content-length", b"%d" % len(response.body))
        await send(
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [*response.headers, length],
            }
        )
        await send({"type": "http.response.body", "body": response.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if scope["method"] not in _METHODS:
            raise _method_not_allowed("GET, POST")
        request = read(scope)
        visit = Visit(await self.caller(request), request.client, time.perf_counter())
        response = await _worded(self._serve(request, receive, visit))
        self.upstream.leave(visit, response)
        return response

    async def _serve(
        self, request: Request, receive: Receive, visit: Visit
    ) -> Response:
        await self.upstream.admit(visit)
        caller = visit.caller
        matched = match(request.method, request.path)
        if matched is None or matched.endpoint.public:
            raise _unknown(request)
        endpoint = matched.endpoint
        if handler := platform.HANDLERS.get(endpoint.name):
            if endpoint.name not in platform.FREE:
                await self.standing.check(caller.user_id)
            return answer(await self.threads.quickly(lambda: handler(caller.user_id)))
        await self.standing.check(caller.user_id)
        reach = await self.reach.of(caller.user_id)
        if product := product_of(matched, reach, request.query.get("vin", "")):
            await self.standing.check(caller.user_id, product)
        way = self.upstream.way(visit, request, matched, product)
        forwarding = Forwarding(
            request, receive, matched, reach, way, caller, self.threads
        )
        if handle := tesla_configs.HANDLERS.get(endpoint.name):
            return await handle(forwarding)
        if endpoint.local:
            return await cars.respond(forwarding)
        if endpoint.is_command:
            return await commands.run(forwarding, self.commanding)
        if endpoint.name == WAKE_UP:
            return await commands.wake(forwarding, self.commanding)
        return await forward(forwarding)

    async def caller(self, request: Request) -> Caller:
        """Return who sends a request. Raises the 401 `Refusal`."""
        if not request.credential:
            raise unauthorized(
                "missing_token",
                "Send an access token as “Authorization: Bearer …” or “?token=…”.",
            )
        caller = await self.callers.identify(request.credential)
        if caller is None:
            raise unauthorized(
                "invalid_token",
                "This access token is not, or no longer, valid here. Make one in the"
                " console.",
            )
        self.callers.used(request.credential, request.client)
        return caller


async def _worded(answering: Awaitable[Response]) -> Response:
    """Return an answer, or what says why there is none."""
    try:
        return await answering
    except Refusal as refusal:
        return refusal.response()
    except FleetError as error:
        return _of_fleet_error(error)
    except DatabaseError:
        _log.exception("the database did not answer an API request")
        return Refusal(
            503,
            "database_unavailable",
            "Keyfob cannot reach its database. Try again shortly.",
            ((b"retry-after", b"5"),),
        ).response()
    except ConnectionAbortedError:
        raise
    except Exception:  # noqa: BLE001  # logged; the server's own answer is no JSON
        _log.exception("an API request failed")
        return Refusal(
            500, "internal_error", "Keyfob failed. Its log says why."
        ).response()


def _unknown(request: Request) -> Refusal:
    """Refuse an address that is not served, or not with this method."""
    if allowed := methods(request.path):
        return _method_not_allowed(", ".join(allowed))
    if _COMMAND.fullmatch(request.path):
        return Refusal(400, "invalid_command", "No command has this name.")
    return Refusal(404, "not_found", "This Keyfob answers no call at this address.")


def _method_not_allowed(allowed: str) -> Refusal:
    return Refusal(
        405,
        "invalid_method",
        f"This address takes {allowed}.",
        ((b"allow", allowed.encode()),),
    )


def _of_fleet_error(error: FleetError) -> Response:
    headers = []
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % max(1, round(error.retry_after_s))))
    status = f" (Tesla's status: {error.status})" if error.status else ""
    return Refusal(
        error.api_status, error.api_code, explain(error).words + status, headers
    ).response()


application = Door()
"""The door of this process."""
