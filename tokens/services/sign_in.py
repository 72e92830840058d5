"""Sign in with Tesla: from the code of a callback to a user and a stored grant."""

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import invitations
from fleet import oauth
from fleet.regions import region_of_code
from tokens.models import TeslaGrant
from tokens.services import fleet_app, grants


class SignUpClosed(Exception):
    """Nobody here has this Tesla account, and new members are not let in."""


class AddressTaken(Exception):
    """The Tesla account's e-mail address is that of another login here."""


class Disabled(Exception):
    """The user of this Tesla account is disabled."""


class NoIdentity(Exception):
    """The person did not share who they are: the scope `openid` is missing."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back from Tesla, and what Tesla gave us for them."""

    tesla_tokens: oauth.TeslaTokens
    id_claims: oauth.IdClaims


def arrival(code: str, nonce: str) -> Arrival:
    """Trade a callback's code for tokens, and verify who came.

    Raises `NoIdentity`, and `FleetError` when Tesla refuses the code, does not answer,
    or proves somebody else than the nonce was made for.
    """
    hosts, application = fleet_app.hosts(), fleet_app.application()
    region = region_of_code(code)
    base_urls = hosts.base_urls
    audience = base_urls.get(region or "") or next(iter(base_urls.values()))
    tesla_tokens = oauth.exchange_code(hosts, application, code, audience=audience)
    if tesla_tokens.id_token is None:
        raise NoIdentity
    jwks = oauth.fetch_jwks(hosts)
    id_claims = oauth.verify_id_token(
        hosts, application, tesla_tokens.id_token, nonce, jwks
    )
    return Arrival(tesla_tokens, id_claims)


def link(user: User, arrived: Arrival) -> TeslaGrant:
    """Store the grant under a user who is signed in. Raises `grants.LinkedElsewhere`."""
    return grants.store(user, arrived.tesla_tokens, arrived.id_claims)


def sign_in(arrived: Arrival, *, invitation: str = "") -> TeslaGrant:
    """Store the grant under the user whose Tesla account it is, or a new member.

    Known by Tesla's `sub` alone, never by e-mail address. `invitation` is the secret
    of one, which a new member uses up. Raises `SignUpClosed`, `AddressTaken`,
    `Disabled` and `InvitationError`; then nothing is stored.
    """
    try:
        return _signed_in(arrived, invitation)
    except (
        IntegrityError,
        grants.LinkedElsewhere,
        AddressTaken,
        invitations.InvitationError,
    ):
        # A second tab may have made the member a moment ago: then it is known now.
        return _signed_in(arrived, invitation)


def _signed_in(arrived: Arrival, invitation: str) -> TeslaGrant:
    claims = arrived.id_claims
    with transaction.atomic():
        known = TeslaGrant.objects.filter(tesla_sub=claims.sub).select_related("user")
        grant = known.first()
        user = grant.user if grant is not None else _new_member(claims, invitation)
        if not user.is_active:
            raise Disabled
        return link(user, arrived)


def _new_member(claims: oauth.IdClaims, invitation: str) -> User:
    if invitation:
        return invitations.accept(invitation, name=claims.name)
    if not settings.SIGNUP_OPEN:
        raise SignUpClosed
    if claims.email and User.objects.filter(email__iexact=claims.email).exists():
        raise AddressTaken
    return User.objects.create_user(claims.email or None, name=claims.name[:200])
