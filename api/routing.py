"""Choose the Tesla grant that answers a call, or refuse what is not the caller's.

What is unknown and what is somebody else's is refused alike.
"""

from collections.abc import Iterable

from api.reach import Grant, Reach, Route
from api.responses import Refusal
from api.tesla import needs_relink
from fleet.endpoints import Match, Subject
from fleet.vin import is_vin

_NOT_FOUND = "No vehicle or energy site of yours has this name."


def choose(matched: Match, reach: Reach, vin: str = "") -> Route:
    """Return the best way to what a call is about; the first grant where it is nothing.

    `vin` is a car that is named outside the path. Raises `Refusal`: 400 for a name that
    cannot be one, 404 for one that is not the caller's, 503 where Tesla wants its
    person first.
    """
    tag = next(iter(matched.path_params.values()), vin)
    match matched.endpoint.subject:
        case Subject.VEHICLE if tag:
            if not is_vin(tag) and not tag.isdecimal():
                raise Refusal(
                    400,
                    "invalid_request",
                    "A vehicle is named by its VIN of 17 characters, or by its id.",
                )
            routes = reach.vehicles.get(tag, ())
        case Subject.ENERGY_SITE:
            if not tag.isdecimal():
                raise Refusal(
                    400, "invalid_request", "An energy site is named by its number."
                )
            routes = reach.sites.get(tag, ())
        case Subject.CHARGING if vin:
            routes = reach.vehicles.get(vin, ())
        case _:
            return Route("", usable(reach)[0])
    return first(routes)


def choose_for_all(reach: Reach, vins: Iterable[str]) -> Route:
    """Return a way that reaches each of these cars. Raises as `choose` does."""
    common: dict[Grant, None] | None = None
    for vin in vins:
        grants = [route.grant for route in reach.vehicles.get(vin, ())]
        common = dict.fromkeys(
            grants if common is None else (one for one in common if one in grants)
        )
    return first(tuple(Route("", grant) for grant in common or ()))


def first(routes: tuple[Route, ...]) -> Route:
    """Return the best of the ways, which must be there and work. Raises `Refusal`."""
    if not routes:
        raise Refusal(404, "not_found", _NOT_FOUND)
    if not routes[0].grant.usable:
        raise needs_relink()
    return routes[0]


def usable(reach: Reach) -> list[Grant]:
    """Return the grants that work; refuse when the user has none that does."""
    if not reach.grants:
        raise Refusal(
            404,
            "not_found",
            "No Tesla account is linked yet. Link one in the console.",
        )
    found = [grant for grant in reach.grants if grant.usable]
    if not found:
        raise needs_relink()
    return found


def check_scope(grant: Grant, scopes: Iterable[str]) -> None:
    """Refuse with 403 unless the grant has one of the scopes, or none is needed."""
    wanted = tuple(scopes)
    if wanted and grant.scopes.isdisjoint(wanted):
        raise Refusal(
            403,
            f"Unauthorized missing scopes {' '.join(wanted)}",
            "The Tesla account did not grant this. Change its scopes in the console.",
        )
