"""Speak to the Tesla Fleet API: its endpoints, sign-in, clients and errors."""

from fleet.async_client import AsyncClient
from fleet.client import Client
from fleet.errors import (
    DeviceFault,
    FleetError,
    Forbidden,
    InvalidIDToken,
    InvalidRequest,
    KeyDownloadFailed,
    Locked,
    LoginRequired,
    MissingScopes,
    NotAcceptable,
    NotFound,
    NotRegistered,
    NotSupported,
    OutOfRegion,
    PaymentRequired,
    RateLimited,
    Refused,
    ServerFault,
    TimedOut,
    Unauthorized,
    Unreachable,
    Unreadable,
    VehicleUnavailable,
)
from fleet.hosts import Hosts
from fleet.oauth import Application
from fleet.regions import Region

__all__ = [
    "Application",
    "AsyncClient",
    "Client",
    "DeviceFault",
    "FleetError",
    "Forbidden",
    "Hosts",
    "InvalidIDToken",
    "InvalidRequest",
    "KeyDownloadFailed",
    "Locked",
    "LoginRequired",
    "MissingScopes",
    "NotAcceptable",
    "NotFound",
    "NotRegistered",
    "NotSupported",
    "OutOfRegion",
    "PaymentRequired",
    "RateLimited",
    "Refused",
    "Region",
    "ServerFault",
    "TimedOut",
    "Unauthorized",
    "Unreachable",
    "Unreadable",
    "VehicleUnavailable",
]
