"""What a person does with a subscription: pause, resume, cancel, undo, change."""

from collections.abc import Callable

from django.utils import timezone

from billing.errors import NotPossible
from billing.models import Checkout, Subscription
from billing.plans import Line, Selection
from billing.provider.shapes import Preview, Provider, Snapshot
from billing.services import catalog as catalogs, providers, subscriptions
from billing.services.leases import lease

_Status = Subscription.Status
_Action = Subscription.Action
_WORKS = frozenset({_Status.TRIALING, _Status.ACTIVE})
_ENDED = "This subscription has ended. Restart it instead."


def pause(subscription: Subscription, *, at_once: bool = False) -> None:
    """Pause at the end of the paid time, or at once.

    Nothing is given back for the rest; within it, `resume` costs nothing. Raises
    `NotPossible` and `BillingError`.
    """

    def check() -> None:
        if subscription.status not in _WORKS:
            raise NotPossible("Only a subscription that runs can be paused.")
        _refuse_scheduled(subscription)

    _act(
        subscription,
        check,
        lambda to: to.pause(subscription.external_id, at_once=at_once),
    )


def resume(subscription: Subscription) -> None:
    """Resume a paused subscription. Raises `NotPossible` and `BillingError`."""

    def check() -> None:
        if subscription.status != _Status.PAUSED:
            raise NotPossible("This subscription is not paused.")

    _act(subscription, check, lambda to: to.resume(subscription.external_id))


def cancel(subscription: Subscription, *, at_once: bool = False) -> None:
    """Cancel at the end of the paid time, a paused one at once.

    Raises `NotPossible` and `BillingError`.
    """

    def check() -> None:
        if subscription.status == _Status.CANCELED:
            raise NotPossible(_ENDED)
        if not at_once and subscription.scheduled_action == _Action.CANCEL:
            raise NotPossible("This subscription is canceled already.")
        if not at_once and subscription.scheduled_action == _Action.PAUSE:
            _refuse_scheduled(subscription)

    now = at_once or subscription.status == _Status.PAUSED
    _act(
        subscription, check, lambda to: to.cancel(subscription.external_id, at_once=now)
    )


def undo(subscription: Subscription) -> None:
    """Take back a scheduled pause or end. Raises `NotPossible` and `BillingError`."""

    def check() -> None:
        if not subscription.scheduled_action:
            raise NotPossible("Nothing is scheduled that could be undone.")

    _act(subscription, check, lambda to: to.undo(subscription.external_id))


def preview(subscription: Subscription, selection: Selection) -> Preview:
    """Ask what a change would cost. Raises `NotPossible` and `BillingError`."""
    lines = _lines(subscription, selection)
    provider = providers.of(subscription.provider)
    return provider.preview(subscription.external_id, lines)


def change(subscription: Subscription, selection: Selection) -> None:
    """Change the numbers at once; the difference is charged or credited.

    Raises `NotPossible` and `BillingError`.
    """
    lines = _lines(subscription, selection)

    def ask(provider: Provider) -> Snapshot:
        snapshot = provider.change(subscription.external_id, lines)
        same = Subscription.objects.filter(pk=subscription.pk)
        same.update(products=list(selection.products))
        return snapshot

    _act(subscription, lambda: _check_change(subscription), ask)


def payment_method(subscription: Subscription) -> Checkout:
    """Open a checkout for new payment details. Raises `NotPossible`, `BillingError`."""
    if subscription.status == _Status.CANCELED:
        raise NotPossible(_ENDED)
    provider = providers.of(subscription.provider)
    transaction_id = provider.payment_method_checkout(subscription.external_id)
    checkout, is_new = Checkout.objects.get_or_create(
        provider=subscription.provider,
        transaction_id=transaction_id,
        defaults={
            "user": subscription.user,
            "purpose": Checkout.Purpose.PAYMENT_METHOD,
            "currency": subscription.currency,
            "cycle": subscription.cycle,
            "subscription_id": subscription.external_id,
            "asked_at": timezone.now(),
        },
    )
    if not is_new and checkout.state == Checkout.State.CLOSED:
        # The same payment is overdue still, and asked for again.
        checkout.state, checkout.opened_at = Checkout.State.OPEN, timezone.now()
        checkout.save(update_fields=["state", "opened_at"])
    return checkout


def portal(subscription: Subscription, back: str, *, card_only: bool) -> str:
    """Return Stripe's own page for a customer, which works for minutes only.

    Raises the provider's errors.
    """
    stripe = providers.stripe()
    return stripe.portal_url(subscription.customer_id, back, card_only=card_only)


def _lines(subscription: Subscription, selection: Selection) -> tuple[Line, ...]:
    _check_change(subscription)
    if not selection.quantities:
        raise NotPossible("To give everything up, cancel the subscription.")
    same = Selection(
        subscription.currency, subscription.cycle, selection.vehicles, selection.sites
    )
    return catalogs.read(subscription.provider).lines(same)


def _check_change(subscription: Subscription) -> None:
    if subscription.status not in _WORKS:
        raise NotPossible("Only a subscription that runs can be changed.")
    _refuse_scheduled(subscription)


def _refuse_scheduled(subscription: Subscription) -> None:
    if subscription.scheduled_action:
        raise NotPossible("Something is scheduled already. Undo it first.")


def _act(
    subscription: Subscription,
    check: Callable[[], None],
    ask: Callable[[Provider], Snapshot],
) -> None:
    """Ask the provider for something while nobody else does, and store its answer."""
    provider = providers.of(subscription.provider)
    with lease(subscription):
        check()
        snapshot = ask(provider)
    catalog = catalogs.read(subscription.provider)
    subscriptions.apply(subscription.provider, snapshot, catalog)
    subscription.refresh_from_db()
