"""End what would still be charged when its user leaves."""

from django.db.models import Q

from accounts.models import User
from billing.errors import BillingError, NotPossible, ProviderRefused
from billing.models import Alert, Checkout, Move, Subscription
from billing.services import acting, checkouts, providers
from billing.services.alerts import alert
from billing.services.subscriptions import UnknownOwner


def cancel_for_deletion(user: User) -> int:
    """Cancel all running subscriptions at once; return how many were.

    So is what an open checkout has led to unheard; one that is not paid is closed. Safe
    to call again. Raises `BillingError` while a provider does not answer; one that
    refuses, or is no longer set up here, is told to the owner instead.
    """
    waiting = _settle_checkouts(user)
    over = [Move.State.DONE, Move.State.UNDONE]
    Move.objects.filter(user=user).exclude(state__in=over).update(
        state=Move.State.UNDONE
    )
    canceled = 0
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


def _settle_checkouts(user: User) -> BillingError | None:
    """Close what is not paid yet, and take in what is; return what kept one from it."""
    mine = Checkout.objects.filter(user=user)
    is_open, begins = Q(state=Checkout.State.OPEN), Q(purpose__in=checkouts.BEGINNINGS)
    mine.filter(is_open).exclude(begins).update(state=Checkout.State.CLOSED)
    paid = Q(state=Checkout.State.CLOSED) & ~Q(subscription_id="")
    waiting: BillingError | None = None
    for checkout in mine.filter(begins, is_open | paid):
        try:
            _settle(checkout)
        except BillingError as error:
            waiting = error
    return waiting


def _settle(checkout: Checkout) -> None:
    """Close a checkout; where it was paid, make sure that its subscription is known."""
    try:
        is_known = checkouts.close(checkout) and not checkout.is_paid
        if not is_known and checkout.provider in providers.names():
            is_known = checkouts.confirm(checkout)
    except (ProviderRefused, UnknownOwner):
        is_known = False
    if not is_known:
        checkout.refresh_from_db()
        subject = checkout.subscription_id or checkout.transaction_id
        alert(Alert.Code.NOT_CANCELED, subject)
    Checkout.objects.filter(pk=checkout.pk, state=Checkout.State.OPEN).update(
        state=Checkout.State.CLOSED
    )
