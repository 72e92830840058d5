"""Every address of the console, filled in with somebody's things."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from energy.models import SiteAccess
from tests.factories import make_bare_grant, make_energy_site, make_vehicle
from tokens.models import Inquiry, TeslaGrant
from tokens.services import access_tokens, inquiries
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import commands

# What may be opened without a sign-in.
PUBLIC = frozenset(
    {
        "console:front",
        "accounts:welcome",
        "tokens:tesla_sign_in",
        "tokens:tesla_callback",
        "account_login",
        "account_confirm_login_code",
        "account_logout",
        "account_signup",
        "account_inactive",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
)


@dataclass(frozen=True, slots=True)
class Address:
    """One address: the name of its view, its path, and whether it names a thing."""

    name: str
    path: str
    names_a_thing: bool


Names = Mapping[str, Mapping[str, object]]


def names() -> Iterator[tuple[str, frozenset[str]]]:
    """Return the name of each view with the arguments that its address takes."""

    def walk(
        patterns: list[URLPattern | URLResolver], space: str
    ) -> Iterator[tuple[str, frozenset[str]]]:
        for one in patterns:
            if isinstance(one, URLResolver):
                inner = f"{one.namespace}:" if one.namespace else ""
                yield from walk(one.url_patterns, space + inner)
            else:
                yield space + str(one.name), frozenset(one.pattern.regex.groupindex)

    yield from walk(get_resolver().url_patterns, "")


def addresses(things: Names) -> list[Address]:
    """Return every address; `things` gives arguments by view, or by app, or for all.

    Raises KeyError for an argument that nobody has thought of.
    """
    found = []
    for name, wanted in names():
        known = {**things[""], **things.get(name.partition(":")[0], {})}
        known |= things.get(name, {})
        path = reverse(name, kwargs={each: known[each] for each in wanted})
        found.append(Address(name, path, bool(wanted) and ":" in name))
    return found


def things_of(user: User, vin: str, site_id: int) -> Names:
    """Make a car, a site, questions about them and a token, and return their names."""
    grant = make_bare_grant(user)
    car = make_vehicle(
        grant,
        vin=vin,
        name="Secret",
        key_paired=False,
        command_signing=Vehicle.CommandSigning.REQUIRED,
    )
    site = make_energy_site(grant, site_id=site_id, name="Hideaway")
    now = timezone.now()
    VehicleAccess.objects.filter(pk=car.pk).update(
        vehicle_data={"vin": vin, "display_name": "Secret"}, vehicle_data_at=now
    )
    SiteAccess.objects.filter(pk=site.pk).update(
        site_info={"site_name": "Hideaway"}, site_info_at=now
    )
    token, _ = access_tokens.issue(user, "Secret program")
    command = commands.ask(user, vin, "door_lock")
    about_car = _answered(user, grant, "vehicle_data", vin)
    about_site = _answered(user, grant, "site_info", str(site_id))
    return {
        "": {"vin": vin, "site_id": site_id, "key": "5-nothing", "uidb36": "5"},
        "vehicles": {"inquiry_id": about_car.pk, "command_id": command.pk},
        "energy": {"inquiry_id": about_site.pk},
        "tokens:access_token_remove": {"pk": token.pk},
        "tokens:grant_unlink": {"pk": grant.pk},
    }


def nothing() -> Names:
    """Return names of things that nobody has."""
    return {
        "": {
            "vin": "5YJ3E1EA4PF999999",
            "site_id": 404,
            "inquiry_id": uuid4(),
            "command_id": uuid4(),
            "pk": uuid4(),
            "key": "5-nothing",
            "uidb36": "5",
        }
    }


def _answered(user: User, grant: TeslaGrant, endpoint: str, subject: str) -> Inquiry:
    asked = inquiries.ask(user, grant, endpoint, subject)
    Inquiry.objects.filter(pk=asked.pk).update(
        state=Inquiry.State.ANSWERED, answer={}, answered_at=timezone.now()
    )
    return asked
