"""Stop a car's Fleet Telemetry by whichever token Tesla still takes."""

from collections.abc import Callable, Iterator
from functools import partial

import fleet
from console.models import Deletion
from tokens.models import TeslaGrant
from tokens.services import fleet_app, grants
from vehicles.models import VehicleAccess
from vehicles.services import telemetry, vehicles

_Way = Callable[[], fleet.Client]
_HEALS = (fleet.Unreachable, fleet.Unreadable, fleet.RateLimited, fleet.ServerFault)


class TryLater(Exception):
    """The step cannot be done now, and time can heal it; the text says why."""


class CannotStop(Exception):
    """Tesla refuses to stop the car's telemetry; the text says in which words."""


def leaving(deletion: Deletion) -> list[TeslaGrant]:
    """Return the Tesla accounts that go, or whose car goes, with a deletion."""
    linked = TeslaGrant.objects.filter(user=deletion.user)
    if deletion.kind == Deletion.Kind.GRANT:
        linked = linked.filter(pk=deletion.subject)
    return list(linked)


def is_kept(deletion: Deletion, vin: str) -> bool:
    """Tell whether somebody who stays uses the car, so that its telemetry goes on."""
    return bool(telemetry.used_by_others([vin], [one.pk for one in leaving(deletion)]))


def stop(deletion: Deletion, vin: str) -> bool:
    """Delete the car's configuration at Tesla; return whether there was one.

    Tries the person's own tokens, best first, then the application's own, which Tesla
    takes for any car. Raises `TryLater` and `CannotStop`.
    """
    refusal: fleet.FleetError | None = None
    for way in _ways(deletion, vin):
        try:
            return telemetry.stop(vin, way())
        except _HEALS as error:
            raise TryLater(_words(error)) from error
        except fleet.FleetError as error:
            refusal = error
    if refusal is None or isinstance(refusal, fleet.NotFound):
        return False
    raise CannotStop(_words(refusal)) from refusal


def _ways(deletion: Deletion, vin: str) -> Iterator[_Way]:
    accesses = VehicleAccess.objects.select_related("vehicle", "grant").filter(
        vehicle__vin=vin, grant__in=leaving(deletion)
    )
    regions = []
    for access in sorted(accesses, key=vehicles.preference):
        yield partial(grants.client_for, access.grant)
        # A call may have found out that the account lives in another region.
        regions.append(access.grant.region)
    for region in dict.fromkeys(regions):
        yield partial(fleet_app.partner_client, region)


def _words(error: fleet.FleetError) -> str:
    return fleet.errors.explain(error).title
