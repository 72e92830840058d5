"""End what would still be charged when its user leaves."""

from accounts.models import User
from billing.errors import BillingError, NotPossible, ProviderRefused
from billing.models import Alert, Checkout, Move, Subscription
from billing.services import acting, providers
from billing.services.alerts import alert


def cancel_for_deletion(user: User) -> int:
    """Cancel all running subscriptions at once; return how many were.

    Safe to call again. Raises `BillingError` while a provider does not answer; one
    that refuses, or is no longer set up here, is told to the owner instead.
    """
    open_ones = Checkout.objects.filter(user=user, state=Checkout.State.OPEN)
    open_ones.update(state=Checkout.State.CLOSED)
    over = [Move.State.DONE, Move.State.UNDONE]
    Move.objects.filter(user=user).exclude(state__in=over).update(
        state=Move.State.UNDONE
    )
    canceled = 0
    waiting: BillingError | None = None
    for subscription in Subscription.objects.of(user).running():
        if subscription.provider not in providers.names():
            alert(Alert.Code.NOT_CANCELED, subscription.external_id)
            continue
        try:
            acting.cancel(subscription, at_once=True)
            canceled += 1
        except NotPossible:
            continue
        except ProviderRefused:
            alert(Alert.Code.NOT_CANCELED, subscription.external_id)
        except BillingError as error:
            waiting = error
    if waiting is not None:
        raise waiting
    return canceled
