"""Hold the one table of the Fleet API: every endpoint, its scopes and its price."""

from fleet.endpoints.energy import GATEWAY_HELPERS
from fleet.endpoints.matching import Match, is_path_value, match, methods
from fleet.endpoints.model import (
    PRICE_USD,
    Content,
    Domain,
    Endpoint,
    Kind,
    Param,
    Price,
    Subject,
    Where,
)
from fleet.endpoints.platform import SNAPSHOT_TOPICS
from fleet.endpoints.table import BY_NAME, COMMANDS, CUSTOM_COMMANDS, ENDPOINTS
from fleet.endpoints.vehicles import VEHICLE_DATA_GROUPS

__all__ = [
    "BY_NAME",
    "COMMANDS",
    "CUSTOM_COMMANDS",
    "ENDPOINTS",
    "GATEWAY_HELPERS",
    "PRICE_USD",
    "SNAPSHOT_TOPICS",
    "VEHICLE_DATA_GROUPS",
    "Content",
    "Domain",
    "Endpoint",
    "Kind",
    "Match",
    "Param",
    "Price",
    "Subject",
    "Where",
    "is_path_value",
    "match",
    "methods",
]
