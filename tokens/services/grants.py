"""Tesla grants: store them, hand out a fresh token of Tesla's, renew, unlink.

Tesla's refresh token works once, so one keeper renews (docs/decisions/0006): it claims the
grant's lease by a conditional update, calls Tesla outside any transaction, and stores
the new pair in a second transaction before anybody uses it. Whoever finds the lease
taken waits and reads again.
"""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

import fleet
from accounts import crypto
from accounts.models import User
from accounts.services import members
from fleet import oauth
from fleet.regions import Region
from tokens.models import TeslaGrant
from tokens.services import fleet_app, keeper, scope_trail, sealing, spool
from tokens.services.keeper import NeedsRelink, TeslaBusy

__all__ = [
    "LinkedElsewhere",
    "NeedsRelink",
    "OnlyWayIn",
    "TeslaBusy",
    "check_passkey",
    "check_way_in",
    "client_for",
    "move",
    "refresh",
    "refresh_due",
    "store",
    "tesla_access_token",
    "unlink",
]

# A token this close to its end is not handed out: the call must still arrive.
_MARGIN = timedelta(seconds=60)
_JUST_NOW = timedelta(seconds=5)


class LinkedElsewhere(Exception):
    """The Tesla account is linked to another login of this instance."""


class OnlyWayIn(Exception):
    """What shall be removed is the only way in which its user can sign in."""


def store(
    user: User, tesla_tokens: oauth.TeslaTokens, id_claims: oauth.IdClaims
) -> TeslaGrant:
    """Link a Tesla account to a user, or renew its link; return the grant.

    The account is known by its `sub` alone. Raises `LinkedElsewhere` when it belongs
    to another user, and `fleet.InvalidIDToken` when the two tokens name two people.
    """
    claims = oauth.read_claims(tesla_tokens.access_token)
    if claims.sub != id_claims.sub:
        raise fleet.InvalidIDToken("The tokens belong to two Tesla accounts.")
    try:
        grant = _stored(user, tesla_tokens, id_claims, claims)
    except IntegrityError:
        # Somebody linked the same account at the same moment: read what they made.
        grant = _stored(user, tesla_tokens, id_claims, claims)
    spool.clear(grant.pk)
    return grant


def tesla_access_token(grant: TeslaGrant) -> str:
    """Return an access token of Tesla's that is good for another minute at least.

    Renews when needed, which can take up to 20 s; costs no query otherwise. The row
    passed in is brought up to date. Raises `NeedsRelink` when only the person
    can help and `TeslaBusy` when Tesla does not answer; both are `FleetError`.
    """
    if not _is_fresh(grant):
        keeper.reload(grant)
        if not _is_fresh(grant):
            refresh(grant)
        if not _is_fresh(grant):
            # What was renewed came from the spool and is too old by now.
            refresh(grant)
    try:
        return sealing.unsealed(grant, "tesla_access_token_sealed")
    except crypto.Undecryptable as error:
        keeper.flag_undecryptable(grant)
        raise NeedsRelink from error


def refresh(grant: TeslaGrant) -> TeslaGrant:
    """Renew the pair, unless somebody has since this row was read; return the row.

    For a token that Tesla refused before its end, too: one that is only seconds old
    is kept, as another would be refused alike. Raises `NeedsRelink` and `TeslaBusy`.
    """
    if not (_is_fresh(grant) and grant.refreshed_at > timezone.now() - _JUST_NOW):
        keeper.renew(grant)
    return grant


def move(grant_pk: UUID, region: str) -> None:
    """Remember the region that Tesla names for a grant."""
    TeslaGrant.objects.filter(pk=grant_pk).update(region=region)


def client_for(grant: TeslaGrant) -> fleet.Client:
    """Return a client that calls Tesla for this grant, in the grant's region.

    A new region that Tesla names is remembered. Raises what `tesla_access_token`
    raises, and `fleet.OutOfRegion` when the region is not set up here.
    """
    base_url = fleet_app.hosts().base_urls.get(grant.region)
    if base_url is None:
        raise fleet.OutOfRegion(f"Region {grant.region!r} is not set up.")

    def remember(region: Region) -> None:
        move(grant.pk, region)
        grant.region = region

    return fleet.Client(
        base_url,
        tesla_access_token(grant),
        hosts=fleet_app.hosts(),
        on_region=remember,
    )


def refresh_due(*, most: int = 50) -> int:
    """Renew the grants whose time has come, oldest first; return how many.

    Also takes in pairs that a crash left in the spool. What fails is written down
    in the grant and does not keep the others waiting.
    """
    due = list(TeslaGrant.objects.due(timezone.now())[:most])
    renewed = 0
    for grant in [*due, *_spooled(due)]:
        try:
            keeper.renew(grant)
        except (NeedsRelink, TeslaBusy):
            continue
        renewed += 1
    return renewed


def unlink(grant: TeslaGrant) -> None:
    """Forget a grant, its tokens and all that was read with it.

    Tesla has no call for it: the consent itself stays until the person withdraws it
    on Tesla's page. Raises `OnlyWayIn` when its user could not sign in afterwards.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=grant.user_id)
        check_way_in(user, grant.pk)
        TeslaGrant.objects.filter(pk=grant.pk).delete()
    spool.clear(grant.pk)


def check_way_in(user: User, grant_pk: UUID | str) -> None:
    """Raise `OnlyWayIn` for the grant without which its user could not sign in."""
    others = TeslaGrant.objects.of(user).exclude(pk=grant_pk)
    if not others.exists() and not members.has_way_in(user):
        raise OnlyWayIn


def check_passkey(user: User, key_pk: int) -> None:
    """Raise `OnlyWayIn` for the passkey without which its user could not sign in."""
    if TeslaGrant.objects.of(user).exists() or not members.has_way_in(user):
        return
    if not members.has_way_in(user, without=key_pk):
        raise OnlyWayIn


def _spooled(others: list[TeslaGrant]) -> list[TeslaGrant]:
    """Return free grants with a pair to take in; remove files that nobody awaits."""
    found = []
    for pk in spool.waiting() - {grant.pk for grant in others}:
        grant = TeslaGrant.objects.filter(pk=pk).first()
        if grant is None or spool.newest(grant) is None:
            spool.clear(pk)
        elif grant.lease_until is None or grant.lease_until < timezone.now():
            found.append(grant)
    return found


def _is_fresh(grant: TeslaGrant) -> bool:
    return (
        grant.state == TeslaGrant.State.ACTIVE
        and bool(grant.tesla_access_token_sealed)
        and grant.tesla_access_token_expires_at > timezone.now() + _MARGIN
    )


def _stored(
    user: User,
    tesla_tokens: oauth.TeslaTokens,
    id_claims: oauth.IdClaims,
    claims: oauth.Claims,
) -> TeslaGrant:
    with transaction.atomic():
        sub = id_claims.sub
        grant = TeslaGrant.objects.select_for_update().filter(tesla_sub=sub).first()
        if grant is None:
            grant = TeslaGrant(user=user, tesla_sub=sub, generation=0)
        if grant.user_id != user.pk:
            raise LinkedElsewhere
        pair = spool.Pair(
            access_token=tesla_tokens.access_token,
            refresh_token=tesla_tokens.refresh_token or "",
            expires_at=tesla_tokens.expires_at,
        )
        columns = sealing.pair_columns(grant, pair, previous_refresh_token="")
        columns |= {
            "tesla_email": id_claims.email[:254],
            "tesla_name": id_claims.name[:200],
            "region": claims.region or grant.region or _first_region(),
            "linked_at": timezone.now(),
            "synced_vehicles_at": None,
            "synced_energy_at": None,
            "vehicles_failed_at": None,
            "vehicles_failure": "",
            "energy_failed_at": None,
            "energy_failure": "",
        }
        before = grant.scopes
        for column, value in columns.items():
            setattr(grant, column, value)
        grant.save()
        if grant.generation > 1:
            scope_trail.note_change(grant, before, grant.scopes)
    return grant


def _first_region() -> str:
    return next(iter(fleet_app.hosts().base_urls))
