"""The gateway's own addresses: test, ping, and metadata about what a token opens."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from energy.models import SiteAccess
from events.event import Topic
from fleet.scopes import Scope
from tokens.models import TeslaGrant
from tokens.services import news
from vehicles.models import TelemetryConfig, Vehicle, VehicleAccess
from vehicles.services.telemetry.ability import can_stream
from vehicles.services.vehicles import needs_key, preference

Handler = Callable[[UUID], Any]

_FIRST_VALUE_WITHIN = timedelta(days=1)
_HARDWARE_FLAGS = (
    "can_accept_navigation_requests",
    "can_actuate_trunks",
    "cop_user_set_temp_supported",
    "dashcam_clip_save_supported",
    "has_seat_cooling",
    "rhd",
)
_OF_TODAY = (
    *("proxy", "signing", "polling", "firmware"),
    *("discounted", "fleet_telemetry", "issue"),
)
"""What is not told of a car that is gone."""


def test(_user_id: UUID) -> dict[str, Any]:
    """Answer that the access token is good."""
    return {"response": True}


def ping(_user_id: UUID) -> dict[str, Any]:
    """Answer that the server is alive."""
    return {"response": "pong"}


def userdata(user_id: UUID) -> dict[str, Any]:
    """Return who the account is: uid, email (null without one), name, joined_at."""
    user = User.objects.get(pk=user_id)
    return {
        "response": {
            "uid": str(user.pk),
            "email": user.email,
            "name": user.name,
            "joined_at": user.joined_at.isoformat(),
        }
    }


def metadata(user_id: UUID) -> dict[str, Any]:
    """Return what a program must know of the account; flat, no envelope.

    Shape: uid, region (upper case), scopes (in Tesla's order), vehicles by VIN,
    energy_sites by site id as text, subscription, vins.
    """
    user = User.objects.get(pk=user_id)
    grants = list(TeslaGrant.objects.filter(user=user).order_by("linked_at", "id"))
    granted = {scope for grant in grants for scope in grant.scopes}
    vehicles: dict[str, Any] = {}
    accesses = VehicleAccess.objects.filter(grant__user=user)
    joined = accesses.select_related("vehicle__telemetry_config", "grant")
    for access in sorted(joined, key=preference):
        vehicles.setdefault(access.vehicle.vin, _vehicle(access))
    sites: dict[str, Any] = {}
    for site_access in SiteAccess.objects.filter(grant__user=user).select_related(
        "site", "grant"
    ):
        name = str(site_access.site.site_id)
        works = site_access.gone_at is None and _works(site_access.grant)
        if name not in sites or works:
            sites[name] = {"name": site_access.site.name, "access": works}
    return {
        "uid": str(user.pk),
        "region": (grants[0].region if grants else "na").upper(),
        "scopes": [scope.value for scope in Scope if scope in granted],
        "vehicles": vehicles,
        "energy_sites": sites,
        "subscription": {"start": user.joined_at.isoformat()},
        "vins": [vin for vin, one in vehicles.items() if one["access"]],
    }


def _works(grant: TeslaGrant) -> bool:
    return grant.state == TeslaGrant.State.ACTIVE


def _vehicle(access: VehicleAccess) -> dict[str, Any]:
    vehicle = access.vehicle
    told: dict[str, Any] = {
        "name": vehicle.name or None,
        "permission": access.access_type,
        "proxy": vehicle.protocol_required,
        "signing": {"required": True, "off": False}.get(vehicle.command_signing),
        "access": access.gone_at is None and _works(access.grant),
        "polling": _needs_polling(vehicle),
        "firmware": vehicle.firmware or None,
        "discounted": vehicle.discounted,
        "fleet_telemetry": vehicle.fleet_telemetry_version or None,
        "issue": _issue(access),
        "config": _hardware((access.vehicle_data or {}).get("vehicle_config") or {}),
    }
    if access.gone_at is not None:
        # What the car is like now is its new owner's.
        told |= dict.fromkeys(_OF_TODAY)
    return told


def _config_of(vehicle: Vehicle) -> TelemetryConfig | None:
    return getattr(vehicle, "telemetry_config", None)


def _needs_polling(vehicle: Vehicle) -> bool | None:
    """Tell whether a car can only be read by calls; None while that is not known.

    Programs ask a car to stream only where this is false, so it must be false before
    the car streams anything.
    """
    config = _config_of(vehicle)
    is_told = config is not None and (config.synced_at is not None or config.refusal)
    if vehicle.fleet_status_at is None and not is_told:
        return None
    return not can_stream(vehicle, config)


def _issue(access: VehicleAccess) -> str | None:
    """Return what keeps the car from streaming, by the words that programs know.

    `key`: it lacks the virtual key; `streaming_toggle`: the switch in the car is off;
    `no_data`: for a day it has had its settings and has never sent anything.
    """
    vehicle, config = access.vehicle, _config_of(access.vehicle)
    if needs_key(vehicle) or (config is not None and config.refusal == "missing_key"):
        return "key"
    if vehicle.safety_screen_streaming_toggle is False:
        return "streaming_toggle"
    synced_at = config.synced_at if config is not None else None
    if synced_at is not None and timezone.now() - synced_at > _FIRST_VALUE_WITHIN:
        told = news.newest(access.grant.user_id, vehicle.vin)
        if not told.signals and Topic.CONNECTIVITY not in told.others:
            return "no_data"
    return None


def _hardware(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the car is built of, as far as its last reading told."""
    known: dict[str, Any] = {
        name: bool(config[name]) for name in _HARDWARE_FLAGS if name in config
    }
    if "rear_seat_heaters" in config:
        known["rear_seat_heaters"] = config["rear_seat_heaters"]
    if "driver_assist" in config:
        known["driver_assist"] = config["driver_assist"]
    # Tesla writes "None" for a car without one; clients test for truth.
    for name in ("sun_roof_installed", "third_row_seats"):
        if name in config:
            known[name] = str(config[name]) not in {"None", "0", "<invalid>", "False"}
    return known


HANDLERS: Mapping[str, Handler] = {
    "test": test,
    "ping": ping,
    "metadata": metadata,
    "userdata": userdata,
}
"""The handler of each such endpoint by its name; called in a database thread."""

FREE = frozenset({"ping"})
"""The endpoints that need no subscription."""
