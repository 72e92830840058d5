"""What a user's subscription opens, by the policy table."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from billing.models import Subscription
from billing.policy import POLICIES, Capability, Standing
from billing.services import providers


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one user may do; can be asked again as time passes.

    Without a provider there are no subscriptions, and everything is allowed.
    """

    is_free: bool
    subscriptions: tuple[Subscription, ...] = ()

    def allows(
        self, capability: Capability, *, product: str = "", now: datetime | None = None
    ) -> bool:
        """Tell whether a capability is open, for one product where one is meant.

        `product` is a VIN or a site's id as text; only the policy that names products
        looks at it. One subscription that opens it is enough.
        """
        if self.is_free:
            return True
        policy = POLICIES[settings.BILLING_POLICY]
        if capability in policy.opens[Standing.NEVER]:
            return True
        at = now or timezone.now()
        return any(
            capability in policy.opens[one.standing(at)]
            and (not policy.names_products or not product or one.includes(product))
            for one in self.subscriptions
        )


FREE = Entitlement(is_free=True)


def load(user_id: UUID) -> Entitlement:
    """Read what a user has subscribed to: one query, none without a provider."""
    if not providers.is_on():
        return FREE
    return Entitlement(
        is_free=False, subscriptions=tuple(Subscription.objects.filter(user=user_id))
    )


def allows(user_id: UUID, capability: Capability, *, product: str = "") -> bool:
    """Tell whether a capability is open to a user just now."""
    return load(user_id).allows(capability, product=product)
