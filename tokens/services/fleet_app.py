"""The operator's Tesla application: where Tesla is, who we are, where we are known."""

from django.conf import settings

import fleet
from fleet import oauth
from fleet.regions import Region
from tokens.models import Registration
from tokens.services import signing_keys

CALLBACK_PATH = "/accounts/tesla/callback"


class KeyMismatch(fleet.FleetError):
    """Tesla holds another public key for our domain than the one we sign with."""


def hosts() -> fleet.Hosts:
    """Return Tesla's addresses, as the settings have them."""
    found: fleet.Hosts = settings.TESLA_HOSTS
    return found


def application() -> fleet.Application:
    """Return the operator's application: its id, secret, callback and scopes."""
    return fleet.Application(
        client_id=settings.TESLA_CLIENT_ID,
        client_secret=settings.TESLA_CLIENT_SECRET,
        redirect_uri=f"{settings.PUBLIC_URL}{CALLBACK_PATH}",
        scopes=tuple(settings.TESLA_SCOPES),
    )


def register(region: str) -> Registration:
    """Make the application known in one of Tesla's regions; safe to repeat.

    Asks first which key Tesla holds for our domain and registers only when it is not
    ours. Raises `FleetError`: `KeyDownloadFailed` when Tesla cannot read the public
    key at our domain, `NotRegistered` when the domain is no allowed origin of the
    application, `KeyMismatch` when Tesla keeps another key.
    Source: Tesla's page on partner endpoints.
    """
    domain = settings.TESLA_DOMAIN
    ours = signing_keys.public_hex()
    partner = oauth.partner_token(hosts(), application(), Region(region))
    client = fleet.Client(hosts().base_urls[region], partner.access_token)
    if _held(client, domain) != ours:
        client.register_partner(domain)
        if _held(client, domain) != ours:
            raise KeyMismatch("Tesla holds another public key for this domain.")
    registration, _ = Registration.objects.update_or_create(
        region=region, defaults={"domain": domain, "public_key_hex": ours}
    )
    return registration


def partner_client(region: str) -> fleet.Client:
    """Return a client that calls Tesla with the application's own token.

    Raises `FleetError`; `fleet.OutOfRegion` when the region is not set up here.
    """
    base_url = hosts().base_urls.get(region)
    if base_url is None:
        raise fleet.OutOfRegion(f"Region {region!r} is not set up.")
    partner = oauth.partner_token(hosts(), application(), Region(region))
    return fleet.Client(base_url, partner.access_token)


def _held(client: fleet.Client, domain: str) -> str:
    """Return the key that Tesla holds for the domain, in hex; empty for none."""
    try:
        return client.partner_public_key(domain).lower()
    except (fleet.NotFound, fleet.NotRegistered):
        return ""
