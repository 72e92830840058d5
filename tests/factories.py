"""Make rows for tests: what is not said has a plain value, and nothing else happens."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from accounts.models import User
from console.models import Heartbeat
from console.tasks import WORKER
from energy.models import EnergySite, SiteAccess
from tokens.models import TeslaGrant
from vehicles.models import Vehicle, VehicleAccess

SCOPES = (
    "openid",
    "offline_access",
    "user_data",
    "vehicle_device_data",
    "vehicle_location",
    "vehicle_cmds",
    "vehicle_charging_cmds",
    "energy_device_data",
    "energy_cmds",
)
PASSWORD = "a long password of tests"


def make_user(email: str, *, name: str = "", **fields: object) -> User:
    """Make a member who can sign in with `PASSWORD`."""
    return User.objects.create_user(email, PASSWORD, name=name, **fields)


def client_for(user: User) -> Client:
    """Return a test client in which this user is signed in."""
    client = Client()
    client.force_login(
        user, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def make_bare_grant(
    user: User, *, region: str = "na", scopes: tuple[str, ...] = SCOPES
) -> TeslaGrant:
    """Make a grant that Tesla knows nothing of; it cannot call anybody."""
    return TeslaGrant.objects.create(
        user=user,
        tesla_sub=str(uuid4()),
        region=region,
        scopes=list(scopes),
        tesla_access_token_expires_at=timezone.now() + timedelta(hours=8),
    )


def make_vehicle(
    grant: TeslaGrant,
    *,
    vin: str = "5YJ3E1EA4PF000001",
    name: str = "Red",
    access_type: str = VehicleAccess.AccessType.OWNER,
    tesla_id: str = "",
    **fields: object,
) -> VehicleAccess:
    """Make what a grant sees of a car; the car itself too, when it is new.

    `fields` are those of `Vehicle`.
    """
    vehicle, _ = Vehicle.objects.get_or_create(
        vin=vin, defaults={"name": name, **fields}
    )
    return VehicleAccess.objects.create(
        vehicle=vehicle,
        grant=grant,
        access_type=access_type,
        tesla_id=tesla_id or str(1492930000000000 + vehicle.pk),
        seen_at=timezone.now(),
    )


def make_heartbeat(beaten_at: datetime) -> Heartbeat:
    """Let the worker have beaten then, whatever one that really runs has written."""
    beat, _ = Heartbeat.objects.update_or_create(
        name=WORKER, defaults={"beaten_at": beaten_at}
    )
    return beat


def make_energy_site(
    grant: TeslaGrant,
    *,
    site_id: int = 2252142071,
    name: str = "Home",
    **fields: object,
) -> SiteAccess:
    """Make what a grant sees of a site; the site itself too, when it is new.

    `fields` are those of `EnergySite`.
    """
    site, _ = EnergySite.objects.get_or_create(
        site_id=site_id, defaults={"name": name, **fields}
    )
    return SiteAccess.objects.create(site=site, grant=grant, seen_at=timezone.now())
