"""Forward a call of the endpoint table to Tesla and pass its answer on."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from api import gateways, validation
from api.reach import Grant, Reach, Route
from api.request import Receive, Request, json_body
from api.responses import Headers, Refusal, Response, answer, passed_on
from api.routing import check_scope, choose, usable
from api.tesla import Call, needs_relink
from api.threads import Threads
from api.upstream import Asking
from fleet.endpoints import Content, Endpoint, Match
from fleet.errors import Unreadable, refusal
from fleet.scopes import Scope
from fleet.wire import Answer
from tokens.auth import Caller

_PASSED = frozenset(
    {
        "age",
        "content-type",
        "retry-after",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "x-txid",
    }
)


@dataclass(frozen=True, slots=True)
class Forwarding:
    """One call on its way: who asks, for what, and what they can reach."""

    request: Request
    receive: Receive
    match: Match
    reach: Reach
    tesla: Asking
    caller: Caller
    threads: Threads

    @property
    def endpoint(self) -> Endpoint:
        """Return the endpoint that was matched."""
        return self.match.endpoint

    def call(self, path: str, body: bytes | None = None) -> Call:
        """Return the call to make at Tesla: known query parameters only, checked."""
        query = validation.query(self.endpoint, self.request.query)
        path_qs = f"{path}?{_urlencoded(tuple(query.items()))}" if query else path
        return Call(self.endpoint.method, path_qs, body)


async def forward(forwarding: Forwarding) -> Response:
    """Answer a call by asking Tesla. Raises `Refusal` and `FleetError`."""
    if forwarding.endpoint.partner:
        raise Refusal(
            403,
            "Forbidden: a partner token is required",
            "This belongs to whoever runs this Keyfob, and no access token opens it.",
        )
    match forwarding.endpoint.name:
        case "products" | "vehicles":
            return await _lists(forwarding)
        case "fleet_status":
            return await _fleet_status(forwarding)
        case "vehicle_data":
            return await _vehicle_data(forwarding)
        case name if name in gateways.MESSAGES:
            return await _gateway(forwarding)
    route = route_of(forwarding)
    return pass_on(await _ask(forwarding, route), forwarding.endpoint.content)


def route_of(forwarding: Forwarding) -> Route:
    """Choose the grant that answers best. Raises `Refusal`."""
    vin = ""
    if not forwarding.match.path_params and "vin" in forwarding.request.query:
        vin = validation.query(forwarding.endpoint, forwarding.request.query).get(
            "vin", ""
        )
    return choose(forwarding.match, forwarding.reach, vin)


async def _ask(forwarding: Forwarding, route: Route) -> Answer:
    check_scope(route.grant, forwarding.endpoint.scopes)
    sent = None if forwarding.endpoint.method == "GET" else await body_of(forwarding)
    return await send(forwarding, route, sent)


async def body_of(forwarding: Forwarding) -> dict[str, Any]:
    """Return the body that a program sent, checked against the table."""
    sent = await json_body(forwarding.request, forwarding.receive)
    if "redeem_" in forwarding.endpoint.name:
        sent = {**_code_in(forwarding.request.query), **sent}
    return validation.body(forwarding.endpoint, sent)


def _code_in(query: Mapping[str, str]) -> dict[str, str]:
    """Return the code of an invitation where it was sent in the query.

    One client library names the parameter by the code itself.
    """
    named = [value for name, value in query.items() if name in {"code", value}]
    return {"code": named[0]} if named else {}


async def send(
    forwarding: Forwarding, route: Route, sent: Mapping[str, Any] | None
) -> Answer:
    """Send the call to its address at Tesla, with a body that was checked, or None."""
    endpoint, values = forwarding.endpoint, forwarding.match.path_params
    path = endpoint.upstream or endpoint.path
    if route.tag and values:
        values = {**values, next(iter(values)): route.tag}
    body = None if sent is None else _encoded(sent)
    return await forwarding.tesla.send(
        route.grant, forwarding.call(path.format_map(values), body)
    )


async def _vehicle_data(forwarding: Forwarding) -> Response:
    route = route_of(forwarding)
    if "location_data" in forwarding.request.query.get("endpoints", ""):
        # Tesla refuses, and bills, the whole call for this one missing scope.
        check_scope(route.grant, (Scope.VEHICLE_LOCATION,))
    data = await _ask(forwarding, route)
    return await awake_or_record(forwarding, route, data)


async def awake_or_record(
    forwarding: Forwarding, route: Route, data: Answer
) -> Response:
    """Pass a reading on; for a car that sleeps, answer 408 with its record."""
    if data.status != 408:
        return pass_on(data)
    record = await forwarding.tesla.send(
        route.grant, Call("GET", f"/api/1/vehicles/{route.tag}")
    )
    if record.status != 200:
        return pass_on(data)
    # Clients read the state of a sleeping car from this body, as they would from a
    # good answer; the record is free and wakes nothing.
    return answer({"response": content_of(record)}, status=408)


async def _lists(forwarding: Forwarding) -> Response:
    """Join the lists of all linked Tesla accounts; whatever two see stands once.

    Never a silent part: when one account's list fails, the whole call does.
    """
    grants = usable(forwarding.reach)
    call = forwarding.call(forwarding.endpoint.path)
    answers = await asyncio.gather(
        *(forwarding.tesla.send(grant, call) for grant in grants)
    )
    for one in answers:
        if one.status != 200 or len(answers) == 1:
            return pass_on(one)
    found: dict[Any, Any] = {}
    for grant, one in zip(grants, answers, strict=True):
        for product in content_of(one) or ():
            name = product.get("vin") or product.get("energy_site_id")
            best = forwarding.reach.vehicles.get(str(name), ())
            if name not in found or (best and best[0].grant == grant):
                found[name] = product
    products = list(found.values())
    return answer({"response": products, "count": len(products)})


async def _fleet_status(forwarding: Forwarding) -> Response:
    sent = await body_of(forwarding)
    by_grant: dict[Grant, list[str]] = {}
    for vin in sent["vins"]:
        # As at Tesla, a VIN that is not the asker's stands in neither list.
        for route in forwarding.reach.vehicles.get(vin, ())[:1]:
            if not route.grant.usable:
                raise needs_relink()
            check_scope(route.grant, forwarding.endpoint.scopes)
            by_grant.setdefault(route.grant, []).append(vin)
    answers = await asyncio.gather(
        *(
            forwarding.tesla.send(
                grant,
                forwarding.call(forwarding.endpoint.path, _encoded({"vins": vins})),
            )
            for grant, vins in by_grant.items()
        )
    )
    joined: dict[str, Any] = {
        "key_paired_vins": [],
        "unpaired_vins": [],
        "vehicle_info": {},
    }
    for one in answers:
        if one.status != 200:
            return pass_on(one)
        content = content_of(one) or {}
        joined["key_paired_vins"] += content.get("key_paired_vins") or []
        joined["unpaired_vins"] += content.get("unpaired_vins") or []
        joined["vehicle_info"] |= content.get("vehicle_info") or {}
    return answer({"response": joined})


async def _gateway(forwarding: Forwarding) -> Response:
    """Ask a site's gateway by the one message that an address of ours stands for."""
    route = route_of(forwarding)
    check_scope(route.grant, forwarding.endpoint.scopes)
    sent = {} if forwarding.endpoint.method == "GET" else await body_of(forwarding)
    message = gateways.message(forwarding.endpoint.name, sent)
    path = f"/api/1/energy_sites/{route.tag}/command"
    given = await forwarding.tesla.send(
        route.grant, Call("POST", path, _encoded(message))
    )
    if given.status != 200:
        return pass_on(given)
    return answer(
        {"response": gateways.reply(forwarding.endpoint.name, content_of(given))}
    )


def pass_on(given: Answer, content: Content = Content.JSON) -> Response:
    """Pass Tesla's answer on unchanged where it is JSON; else say what it was."""
    headers = _passed_headers(given.headers)
    if content is Content.PDF and given.status == 200 and _is_pdf(given):
        return passed_on(given.status, headers, given.body)
    if _is_json(given):
        if given.status == 401:
            error = refusal(given.status, given.body, dict(given.headers))
            raise Refusal(
                503,
                "tesla_unauthorized",
                f"Tesla refused its own token ({error.code}).",
            )
        return passed_on(given.status, headers, given.body)
    if given.status >= 400:
        raise refusal(given.status, given.body, dict(given.headers))
    raise Unreadable("Tesla's answer is not JSON", status=given.status)


def _passed_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    return tuple(
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
        if name.lower() in _PASSED
    )


def _is_json(given: Answer) -> bool:
    """Tell whether an answer is whole JSON by its type and its two ends.

    Parsing it would cost more than all else that the gateway does.
    """
    kinds = [v for k, v in given.headers if k.lower() == "content-type"]
    if not kinds or not kinds[0].lower().startswith("application/json"):
        return False
    body = given.body.strip()
    return body[:1] == b"{" and body[-1:] == b"}"


def _is_pdf(given: Answer) -> bool:
    kinds = [v for k, v in given.headers if k.lower() == "content-type"]
    return kinds[:1] == ["application/pdf"] and given.body[:5] == b"%PDF-"


def content_of(given: Answer) -> Any:
    """Return what stands in an answer's envelope. Raises `Unreadable`."""
    try:
        return json.loads(given.body)["response"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable(
            "Tesla's answer is not readable JSON", status=given.status
        ) from error


@lru_cache(1024)
def _urlencoded(query: tuple[tuple[str, str], ...]) -> str:
    return urlencode(query)


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
