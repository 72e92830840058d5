"""Join the rows into the one table of endpoints."""

from collections.abc import Mapping
from types import MappingProxyType

from fleet.endpoints import (
    accounts,
    energy,
    ownership,
    platform,
    sharing,
    streaming,
    vehicles,
)
from fleet.endpoints.commands import access, cabin, charge, climate, custom
from fleet.endpoints.model import Endpoint

COMMANDS: tuple[Endpoint, ...] = (
    *access.ENDPOINTS,
    *charge.ENDPOINTS,
    *climate.ENDPOINTS,
    *cabin.ENDPOINTS,
)
"""Every command to a car that Tesla documents, signed or not; wake_up is none."""

CUSTOM_COMMANDS: tuple[Endpoint, ...] = custom.ENDPOINTS
"""Every command that a car takes signed, though Tesla has no address for it."""

ENDPOINTS: tuple[Endpoint, ...] = (
    *vehicles.READS,
    *vehicles.WAKING,
    *streaming.ENDPOINTS,
    *sharing.SHARING,
    *sharing.PUSH,
    *ownership.ENDPOINTS,
    *vehicles.PARTNER_READS,
    vehicles.SIGNED_COMMAND,
    *COMMANDS,
    *CUSTOM_COMMANDS,
    *energy.ENDPOINTS,
    *accounts.USERS,
    *accounts.CHARGING,
    *accounts.PARTNER,
    *platform.ENDPOINTS,
)
"""Every endpoint of the Fleet API that Tesla documents, and those of Keyfob."""

BY_NAME: Mapping[str, Endpoint] = MappingProxyType(
    {endpoint.name: endpoint for endpoint in ENDPOINTS}
)
