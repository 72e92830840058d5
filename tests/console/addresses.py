"""Every address of the console, filled in with somebody's things."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from allauth.usersessions.models import UserSession
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import invitations
from billing.models import Checkout, Move, Subscription
from console.services import export_jobs
from energy.models import SiteAccess
from tests.factories import client_for, make_bare_grant, make_energy_site, make_vehicle
from tests.webhooks.making import make_attempt, make_delivery, make_endpoint
from tokens.models import Inquiry, TeslaGrant
from tokens.services import access_tokens, inquiries
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import commands

# What may be opened without a sign-in.
PUBLIC = frozenset(
    {
        "console:front",
        "console:status",
        "api:docs",
        "api:endpoint",
        "api:openapi",
        "api:fields",
        "accounts:welcome",
        "accounts:invitation",
        "billing:webhook",
        "console:goodbye",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "tokens:tesla_sign_in",
        "tokens:connect",
        "tokens:oauth_token",
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


_AT_STRIPE = (
    "console:subscription_stripe_move",
    "console:subscription_stripe_portal",
    "console:subscription_stripe_act",
)


@dataclass(frozen=True, slots=True)
class Address:
    """One address: the name of its view, its path, and whether it names a thing."""

    name: str
    path: str
    names_a_thing: bool


Names = Mapping[str, Mapping[str, object]]


def names() -> Iterator[tuple[str, frozenset[str]]]:
    """Return the name of each view with the arguments that its address takes.

    Those of the operator's admin are left out: who may see it is its own matter.
    """

    def walk(
        patterns: list[URLPattern | URLResolver], space: str, taken: frozenset[str]
    ) -> Iterator[tuple[str, frozenset[str]]]:
        for one in patterns:
            if isinstance(one, URLResolver) and one.namespace == "admin":
                continue
            takes = taken | frozenset(one.pattern.regex.groupindex)
            if isinstance(one, URLResolver):
                inner = f"{one.namespace}:" if one.namespace else ""
                yield from walk(one.url_patterns, space + inner, takes)
            else:
                yield space + str(one.name), takes

    yield from walk(get_resolver().url_patterns, "", frozenset())


def addresses(things: Names) -> list[Address]:
    """Return every address; `things` gives arguments by view, or by app, or for all.

    Raises KeyError for an argument that nobody has thought of.
    """
    found = []
    for name, wanted in names():
        known = {**things[""], **things.get(name.partition(":")[0], {})}
        known |= things.get(name, {})
        path = reverse(name, kwargs={each: known[each] for each in wanted})
        names_a_thing = bool(wanted) and ":" in name and name not in PUBLIC
        found.append(Address(name, path, names_a_thing))
    return found


def things_of(user: User, vin: str, site_id: int) -> Names:
    """Make a car, a site, questions, a token, a session; return their names."""
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
    invitation, _ = invitations.invite(user, "secret@example.com", "member")
    export = export_jobs.ask(user)
    export_jobs.run(export.pk)
    checkout = Checkout.objects.create(
        user=user,
        provider="paddle",
        purpose="subscribe",
        cycle="month",
        currency="USD",
        transaction_id="txn_secret",
        looked_at=now + timedelta(minutes=1),
    )
    subscription = Subscription.objects.create(
        user=user,
        provider="stripe",
        external_id="sub_secret",
        status="active",
        cycle="month",
        currency="USD",
        occurred_at=now,
        paid_until=now + timedelta(days=9),
    )
    Move.objects.create(user=user, source=subscription, ends_at=now)
    endpoint = make_endpoint(user, "https://secret.example.com/", name="Secret hook")
    delivery = make_delivery(endpoint)
    attempt = make_attempt(endpoint, delivery)
    client_for(user)
    session = UserSession.objects.get(user=user)
    return {
        "": {
            "vin": vin,
            "site_id": site_id,
            "key": "5-nothing",
            "uidb36": "5",
            "secret": "nobody-knows",
            "name": "vehicle",
            "provider_name": "paddle",
            "verb": "pause",
        },
        "accounts": {"pk": user.pk},
        "console:goodbye": {"pk": uuid4()},
        "console:export_download": {"pk": export.pk},
        "console:subscription_confirm": {"pk": checkout.pk},
        "console:alert_settle": {"pk": 1},
        **{key: {"pk": subscription.pk, "what": "card"} for key in _AT_STRIPE},
        "accounts:session_end": {"pk": session.pk},
        "accounts:invitation_withdraw": {"pk": invitation.pk},
        "mfa_edit_webauthn": {"pk": 1},
        "mfa_remove_webauthn": {"pk": 1},
        "vehicles": {"inquiry_id": about_car.pk, "command_id": command.pk},
        "energy": {"inquiry_id": about_site.pk},
        "tokens:access_token_remove": {"pk": token.pk},
        "console:grant_unlink": {"pk": grant.pk},
        "webhooks": {
            "pk": endpoint.pk,
            "delivery_id": delivery.pk,
            "attempt_id": attempt.pk,
        },
    }


def nothing() -> Names:
    """Return names of things that nobody has."""
    return {
        "": {
            "vin": "5YJ3E1EA4PF999999",
            "site_id": 404,
            "inquiry_id": uuid4(),
            "command_id": uuid4(),
            "delivery_id": 0,
            "attempt_id": 0,
            "pk": uuid4(),
            "key": "5-nothing",
            "uidb36": "5",
            "secret": "nobody-knows",
            "name": "vehicle",
            "provider_name": "nobody",
            "verb": "nothing",
            "what": "nothing",
        },
        "accounts:session_end": {"pk": 0},
        "console:alert_settle": {"pk": 0},
        "mfa_edit_webauthn": {"pk": 0},
        "mfa_remove_webauthn": {"pk": 0},
    }


def _answered(user: User, grant: TeslaGrant, endpoint: str, subject: str) -> Inquiry:
    asked = inquiries.ask(user, grant, endpoint, subject)
    Inquiry.objects.filter(pk=asked.pk).update(
        state=Inquiry.State.ANSWERED, answer={}, answered_at=timezone.now()
    )
    return asked
