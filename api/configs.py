"""Answer about what a car streams: read it, add to it, replace it, take it away.

A change is stored and a worker rung for; the answer waits a moment for what Tesla says,
and where that takes longer tells that the wish is kept (docs/decisions/0012).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from django.conf import settings

from api import validation
from api.forward import Forwarding
from api.reach import Route
from api.request import json_body
from api.responses import Refusal, Response, answer
from fleet.scopes import Scope
from tokens import bell
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import fields, telling, wishes
from vehicles.services.telemetry.refusals import FULL, SKIPPED, Code, reason_of
from vehicles.services.telemetry.wishes import Options, Wished

_LOOKS_S = 0.05
_SLOWEST_LOOKS_S = 0.4
_Change = Callable[[VehicleAccess, Mapping[str, Any], Options], Wished]


async def _find(forwarding: Forwarding, route: Route) -> Response:
    row = await forwarding.threads.quickly(lambda: wishes.find(route.tag))
    if row is None:
        raise Refusal(404, "not_found", "This car has no streaming configuration.")
    return answer(telling.shape(row))


async def _merge(forwarding: Forwarding, route: Route) -> Response:
    return await _change(forwarding, route, wishes.merge)


async def _replace(forwarding: Forwarding, route: Route) -> Response:
    return await _change(forwarding, route, wishes.replace)


async def _remove(forwarding: Forwarding, route: Route) -> Response:
    generation = await take_away(forwarding, route)
    return answer({"response": {"updated_vehicles": int(bool(generation))}})


async def take_away(forwarding: Forwarding, route: Route) -> int:
    """Have a car stream nothing any more; return the wish's generation, 0 for none.

    Raises the 403 `Refusal` for whoever may not.
    """

    def remove() -> int:
        generation = wishes.remove(_access(route))
        bell.ring_by_name(wishes.RECONCILE, route.tag)
        return generation

    try:
        generation = await forwarding.threads.slowly(remove)
    except wishes.NotYours as no:
        raise _not_yours(no) from None
    if generation:
        await _waited(forwarding, route.tag, generation)
    return generation


async def check_owner(forwarding: Forwarding, route: Route) -> None:
    """Raise the 403 `Refusal` for whoever may not take away all that a car streams."""
    try:
        await forwarding.threads.quickly(lambda: wishes.check_owner(_access(route)))
    except wishes.NotYours as no:
        raise _not_yours(no) from None


async def _change(forwarding: Forwarding, route: Route, change: _Change) -> Response:
    sent = await json_body(forwarding.request, forwarding.receive)
    known = validation.body(forwarding.endpoint, sent)
    wanted = known.get("fields")
    route = _allowed(forwarding, route, wanted or {})
    options = Options(known.get("prefer_typed"), known.get("delivery_policy"))
    # A body without fields leaves them as they are, whichever the method is.
    do = wishes.merge if wanted is None else change

    def store() -> Wished:
        wished = do(_access(route), wanted or {}, options)
        bell.ring_by_name(wishes.RECONCILE, route.tag)
        return wished

    try:
        wished = await forwarding.threads.slowly(store)
    except fields.Invalid as invalid:
        raise _not_valid(invalid) from None
    except wishes.NotYours as no:
        raise _not_yours(no) from None
    await _waited(forwarding, route.tag, wished.generation)
    row = await forwarding.threads.quickly(lambda: wishes.find(route.tag))
    return answer(_outcome(row, route.tag, wished, is_emptied=wanted == {}))


def _allowed(forwarding: Forwarding, route: Route, wanted: Mapping[str, Any]) -> Route:
    """Return a way to the car that may set these fields. Raises the 403 `Refusal`."""
    located = fields.located(wanted)
    if not located:
        return route
    for way in forwarding.reach.vehicles.get(route.tag, (route,)):
        if way.grant.usable and Scope.VEHICLE_LOCATION in way.grant.scopes:
            return way
    raise Refusal(
        403,
        f"Unauthorized missing scopes {Scope.VEHICLE_LOCATION}",
        f"{', '.join(located)}: the Tesla account did not grant vehicle_location."
        " Change its scopes in the console, or leave these fields out.",
    )


def _access(route: Route) -> VehicleAccess:
    try:
        return VehicleAccess.objects.select_related("vehicle", "grant").get(
            vehicle__vin=route.tag, grant_id=route.grant.id
        )
    except VehicleAccess.DoesNotExist:
        raise Refusal(404, "not_found", "The car was just removed.") from None


async def _waited(forwarding: Forwarding, vin: str, generation: int) -> None:
    """Wait until Tesla has answered to a wish, at most as long as the settings say."""
    loop = asyncio.get_running_loop()
    end_s, pause_s = loop.time() + settings.TELEMETRY_ANSWER_WITHIN_S, _LOOKS_S
    is_over = partial(wishes.wait_over, vin, generation)
    while loop.time() < end_s and not await forwarding.threads.quickly(is_over):
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, _SLOWEST_LOOKS_S)


def _outcome(
    row: TelemetryConfig | None, vin: str, wished: Wished, *, is_emptied: bool
) -> dict[str, Any]:
    """Return what a program is told of its wish. Raises the 422 `Refusal` of Tesla's."""
    found: dict[str, Any] = {"updated_vehicles": 1}
    if row is None:
        # Nothing was wanted, or it was taken away.
        found["updated_vehicles"] = int(is_emptied and wished.generation > 0)
    elif row.is_answered and row.refusal and row.refusal != Code.NO_ANSWER:
        code = Code.MAX_CONFIGS if row.refusal in FULL else Code(row.refusal)
        if code not in SKIPPED:
            raise _refused(row)
        found["updated_vehicles"] = 0
        found["skipped_vehicles"] = {
            name.value: [vin] if name is code else [] for name in SKIPPED
        }
    if wished.ignored:
        found["ignoredFields"] = wished.ignored
    return found


def _refused(row: TelemetryConfig) -> Refusal:
    reason = reason_of(row.refusal)
    details = f" ({row.refusal_details})" if row.refusal_details else ""
    return Refusal(422, row.refusal, f"{reason.title}. {reason.words}{details}")


def _not_yours(no: wishes.NotYours) -> Refusal:
    return Refusal(403, "not_owner", str(no))


def _not_valid(invalid: fields.Invalid) -> Refusal:
    messages = {name: [words] for name, words in invalid.messages.items()}
    return Refusal(
        400, "fst_err_validation", str(invalid)[:2000], more={"messages": messages}
    )


HANDLERS: Mapping[str, Callable[[Forwarding, Route], Awaitable[Response]]] = {
    "config": _find,
    "config_change": _merge,
    "config_replace": _replace,
    "config_remove": _remove,
}
"""The handler of each such endpoint by its name."""
