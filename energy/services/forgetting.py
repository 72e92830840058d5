"""Forget the sites that somebody saw; a site that others still see stays with them.

What forgets for a person raises `last_answers.StillKept` while Redis is away.
"""

from uuid import UUID

from accounts.models import User
from accounts.services.batches import delete_in_batches
from energy.models import EnergySite, SiteAccess
from tokens.models import TeslaGrant
from tokens.services import news


def forget(user: User) -> dict[str, int]:
    """Delete what a user's grants see of sites, readings included. Safe to repeat."""
    seen = SiteAccess.objects.filter(grant__user=user)
    found = {"energy sites": delete_in_batches(seen)}
    forget_unseen_values(user.pk)
    return found


def forget_grant(grant: TeslaGrant) -> dict[str, int]:
    """Delete what one grant sees of sites, readings included. Safe to repeat."""
    seen = SiteAccess.objects.filter(grant=grant)
    found = {"energy sites": delete_in_batches(seen)}
    forget_unseen_values(grant.user_id)
    return found


def forget_gone(user: User, site_id: int) -> dict[str, int]:
    """Delete what a user saw of one site that Tesla no longer lists. Safe to repeat."""
    gone = SiteAccess.objects.filter(
        grant__user=user, site__site_id=site_id, gone_at__isnull=False
    )
    found = {"energy sites": delete_in_batches(gone)}
    forget_unseen_values(user.pk)
    return found


def forget_unseen_values(account_id: UUID) -> None:
    """Forget what was told of sites that no Tesla account of this person sees.

    Raises `tokens.services.last_answers.StillKept` while Redis is away.
    """
    rows = SiteAccess.objects.filter(grant__user=account_id, gone_at=None)
    seen = {str(site_id) for site_id in rows.values_list("site__site_id", flat=True)}
    news.forget(account_id, lambda product: product.isdecimal() and product not in seen)


def forget_unseen() -> dict[str, int]:
    """Delete the sites that nobody sees any more, whoever saw them last."""
    unseen = EnergySite.objects.filter(accesses=None)
    return {"energy sites nobody else sees": delete_in_batches(unseen)}
