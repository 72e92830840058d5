"""Join the rows into the one table of endpoints."""

from collections.abc import Mapping
from types import MappingProxyType

from fleet.endpoints import accounts, energy, ownership, streaming, vehicles
from fleet.endpoints.commands import access, cabin, charge, climate
from fleet.endpoints.model import Endpoint

COMMANDS: tuple[Endpoint, ...] = (
    *access.ENDPOINTS,
    *charge.ENDPOINTS,
    *climate.ENDPOINTS,
    *cabin.ENDPOINTS,
)
"""Every command to a car, signed or not; wake_up is none of them."""

ENDPOINTS: tuple[Endpoint, ...] = (
    *vehicles.READS,
    *vehicles.WAKING,
    *streaming.ENDPOINTS,
    *vehicles.SHARING,
    *vehicles.PUSH,
    *ownership.ENDPOINTS,
    *vehicles.PARTNER_READS,
    vehicles.SIGNED_COMMAND,
    *COMMANDS,
    *energy.ENDPOINTS,
    *accounts.USERS,
    *accounts.CHARGING,
    *accounts.PARTNER,
    *accounts.SERVER,
)
"""Every endpoint of the Fleet API that Tesla documents, used here or not."""

BY_NAME: Mapping[str, Endpoint] = MappingProxyType(
    {endpoint.name: endpoint for endpoint in ENDPOINTS}
)
