"""Forward a call of the endpoint table to Tesla and pass its answer on."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from api.reach import Grant, Reach, Route
from api.request import Receive, Request, json_body
from api.responses import Headers, Refusal, Response, answer, passed_on
from api.tesla import Call, needs_relink
from api.upstream import Asking
from fleet.endpoints import Endpoint, Match, Subject, Where
from fleet.errors import Unreadable, refusal
from fleet.scopes import Scope
from fleet.vin import is_vin
from fleet.wire import Answer

OFFERED = frozenset(
    {
        "products",
        "vehicles",
        "vehicle",
        "vehicle_data",
        "wake_up",
        "fleet_status",
        "users_me",
        "users_region",
        "site_info",
        "live_status",
        "calendar_history",
        "telemetry_history",
    }
)
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
_MOST_VINS = 100
_NOT_FOUND = "No vehicle or energy site of yours has this name."


@dataclass(frozen=True, slots=True)
class Forwarding:
    """One call on its way: who asks, for what, and what they can reach."""

    request: Request
    receive: Receive
    match: Match
    reach: Reach
    tesla: Asking

    @property
    def endpoint(self) -> Endpoint:
        """Return the endpoint that was matched."""
        return self.match.endpoint

    def call(self, path: str, body: bytes | None = None) -> Call:
        """Return the call to make at Tesla: known query parameters only."""
        known = {param.name for param in self.endpoint.params_in(Where.QUERY)}
        query = {k: v for k, v in self.request.query.items() if k in known}
        path_qs = f"{path}?{_urlencoded(tuple(query.items()))}" if query else path
        return Call(self.endpoint.method, path_qs, body)


async def forward(forwarding: Forwarding) -> Response:
    """Answer a call by asking Tesla. Raises `Refusal` and `FleetError`."""
    match forwarding.endpoint.name:
        case "products" | "vehicles":
            return await _lists(forwarding)
        case "fleet_status":
            return await _fleet_status(forwarding)
        case "vehicle_data":
            return await _vehicle_data(forwarding)
    route = _route(forwarding)
    return _passed_on(await _ask(forwarding, route))


async def _ask(forwarding: Forwarding, route: Route) -> Answer:
    endpoint = forwarding.endpoint
    _check_scope(route.grant, endpoint.scopes)
    body = None
    if endpoint.method != "GET":
        sent = await json_body(forwarding.request, forwarding.receive)
        known = {param.name for param in endpoint.params_in(Where.BODY)}
        body = _encoded({k: v for k, v in sent.items() if k in known})
    path = endpoint.path.format_map(
        dict.fromkeys(forwarding.match.path_params, route.tag)
    )
    return await forwarding.tesla.send(route.grant, forwarding.call(path, body))


def _route(forwarding: Forwarding) -> Route:
    """Choose the grant that answers best, or refuse alike what is unknown or not ours."""
    params = forwarding.match.path_params
    reach = forwarding.reach
    match forwarding.endpoint.subject:
        case Subject.VEHICLE:
            tag = params["vehicle_tag"]
            if not is_vin(tag) and not tag.isdecimal():
                raise Refusal(
                    400,
                    "invalid_request",
                    "A vehicle is named by its VIN of 17 characters, or by its id.",
                )
            routes = reach.vehicles.get(tag, ())
        case Subject.ENERGY_SITE:
            tag = next(iter(params.values()))
            if not tag.isdecimal():
                raise Refusal(
                    400, "invalid_request", "An energy site is named by its number."
                )
            routes = reach.sites.get(tag, ())
        case _:
            routes = tuple(Route("", grant) for grant in _usable(reach))
    if not routes:
        raise Refusal(404, "not_found", _NOT_FOUND)
    if not routes[0].grant.usable:
        raise needs_relink()
    return routes[0]


def _usable(reach: Reach) -> list[Grant]:
    """Return the grants that work; refuse when the user has none that does."""
    if not reach.grants:
        raise Refusal(
            404,
            "not_found",
            "No Tesla account is linked yet. Link one in the console.",
        )
    usable = [grant for grant in reach.grants if grant.usable]
    if not usable:
        raise needs_relink()
    return usable


def _check_scope(grant: Grant, scopes: Iterable[str]) -> None:
    wanted = tuple(scopes)
    if wanted and grant.scopes.isdisjoint(wanted):
        raise Refusal(
            403,
            f"Unauthorized missing scopes {' '.join(wanted)}",
            "The Tesla account did not grant this. Change its scopes in the console.",
        )


async def _vehicle_data(forwarding: Forwarding) -> Response:
    route = _route(forwarding)
    if "location_data" in forwarding.request.query.get("endpoints", ""):
        # Tesla refuses, and bills, the whole call for this one missing scope.
        _check_scope(route.grant, (Scope.VEHICLE_LOCATION,))
    data = await _ask(forwarding, route)
    if data.status != 408:
        return _passed_on(data)
    summary = await forwarding.tesla.send(
        route.grant, Call("GET", f"/api/1/vehicles/{route.tag}")
    )
    if summary.status != 200:
        return _passed_on(data)
    # Clients read the state of a sleeping car from this body, as they would from a
    # good answer; the record is free and wakes nothing.
    return answer({"response": _content(summary)}, status=408)


async def _lists(forwarding: Forwarding) -> Response:
    """Join the lists of all linked Tesla accounts; whatever two see stands once.

    Never a silent part: when one account's list fails, the whole call does.
    """
    grants = _usable(forwarding.reach)
    call = forwarding.call(forwarding.endpoint.path)
    answers = await asyncio.gather(
        *(forwarding.tesla.send(grant, call) for grant in grants)
    )
    for one in answers:
        if one.status != 200 or len(answers) == 1:
            return _passed_on(one)
    found: dict[Any, Any] = {}
    for grant, one in zip(grants, answers, strict=True):
        for product in _content(one) or ():
            name = product.get("vin") or product.get("energy_site_id")
            best = forwarding.reach.vehicles.get(str(name), ())
            if name not in found or (best and best[0].grant == grant):
                found[name] = product
    products = list(found.values())
    return answer({"response": products, "count": len(products)})


async def _fleet_status(forwarding: Forwarding) -> Response:
    sent = await json_body(forwarding.request, forwarding.receive)
    by_grant: dict[Grant, list[str]] = {}
    for vin in _vins(sent):
        # As at Tesla, a VIN that is not the asker's stands in neither list.
        for route in forwarding.reach.vehicles.get(vin, ())[:1]:
            if not route.grant.usable:
                raise needs_relink()
            _check_scope(route.grant, forwarding.endpoint.scopes)
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
            return _passed_on(one)
        content = _content(one) or {}
        joined["key_paired_vins"] += content.get("key_paired_vins") or []
        joined["unpaired_vins"] += content.get("unpaired_vins") or []
        joined["vehicle_info"] |= content.get("vehicle_info") or {}
    return answer({"response": joined})


def _vins(sent: Mapping[str, Any]) -> list[str]:
    vins = sent.get("vins")
    if not isinstance(vins, list) or not 1 <= len(vins) <= _MOST_VINS:
        raise Refusal(
            400, "invalid_field", f"“vins” must be a list of 1 to {_MOST_VINS} VINs."
        )
    for vin in vins:
        if not isinstance(vin, str) or not is_vin(vin):
            raise Refusal(
                400, "invalid_field", "“vins” holds something that is not a VIN."
            )
    return list(dict.fromkeys(vins))


def _passed_on(given: Answer) -> Response:
    """Pass Tesla's answer on unchanged where it is JSON; else say what it was."""
    headers = _passed_headers(given.headers)
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


def _content(given: Answer) -> Any:
    try:
        return json.loads(given.body)["response"]
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(
            "Tesla's answer is not readable JSON", status=given.status
        ) from error


@lru_cache(1024)
def _urlencoded(query: tuple[tuple[str, str], ...]) -> str:
    return urlencode(query)


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
