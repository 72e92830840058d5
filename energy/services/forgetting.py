"""Forget the sites that somebody saw; a site that others still see stays with them."""

from accounts.models import User
from accounts.services.batches import delete_in_batches
from energy.models import EnergySite, SiteAccess
from tokens.models import TeslaGrant


def forget(user: User) -> dict[str, int]:
    """Delete what a user's grants see of sites, readings included. Safe to repeat."""
    seen = SiteAccess.objects.filter(grant__user=user)
    return {"energy sites": delete_in_batches(seen)}


def forget_grant(grant: TeslaGrant) -> dict[str, int]:
    """Delete what one grant sees of sites, readings included. Safe to repeat."""
    return {"energy sites": delete_in_batches(SiteAccess.objects.filter(grant=grant))}


def forget_gone(user: User, site_id: int) -> dict[str, int]:
    """Delete what a user saw of one site that Tesla no longer lists. Safe to repeat."""
    gone = SiteAccess.objects.filter(
        grant__user=user, site__site_id=site_id, gone_at__isnull=False
    )
    return {"energy sites": delete_in_batches(gone)}


def forget_unseen() -> dict[str, int]:
    """Delete the sites that nobody sees any more, whoever saw them last."""
    unseen = EnergySite.objects.filter(accesses=None)
    return {"energy sites nobody else sees": delete_in_batches(unseen)}
