"""Open a checkout, once however often it is asked for, and see how it ended."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from billing.errors import AlreadySubscribed, BillingError, UnknownPlan
from billing.models import Checkout, Customer, Subscription
from billing.plans import Selection
from billing.provider.shapes import Order, Provider
from billing.services import catalog as catalogs, payments, providers, subscriptions
from billing.services.leases import lease

_State = Checkout.State
_Purpose = Checkout.Purpose
_GIVEN_UP_AFTER = timedelta(days=3)
_LOOKED_AT_AGAIN_AFTER = timedelta(minutes=2)


def current(user: User) -> Checkout | None:
    """Return the user's open checkout of a subscription, None without one."""
    return Checkout.objects.filter(
        user=user, state=_State.OPEN, purpose=_Purpose.SUBSCRIBE
    ).first()


def begin(user: User, provider_name: str, selection: Selection) -> Checkout:
    """Open the one checkout of a user, or put the new selection into the open one.

    Raises `AlreadySubscribed`, `UnknownPlan`, `BeingDone` when it is just being opened,
    and the provider's errors; after those it can be begun again.
    """
    running = Subscription.objects.of(user).running().filter(provider=provider_name)
    if running.exists():
        raise AlreadySubscribed
    lines = catalogs.read(provider_name).lines(selection)
    if not lines:
        raise UnknownPlan("nothing was selected")
    checkout = _the_open_one(user, provider_name, selection)
    provider = providers.of(provider_name)
    with lease(checkout):
        if checkout.state != _State.OPEN:
            raise AlreadySubscribed
        customer_id = checkout.customer_id or _customer(user, provider_name, provider)
        order = Order(str(checkout.pk), customer_id, selection.currency, lines)
        _ask_for_transaction(checkout, provider, order, selection)
    return checkout


def _the_open_one(user: User, provider_name: str, selection: Selection) -> Checkout:
    found = current(user)
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Checkout.objects.create(
                user=user,
                provider=provider_name,
                purpose=_Purpose.SUBSCRIBE,
                **_columns(selection),
            )
    except IntegrityError:
        # Another click came first; its checkout is there now.
        return Checkout.objects.get(
            user=user, state=_State.OPEN, purpose=_Purpose.SUBSCRIBE
        )


def _columns(selection: Selection) -> dict[str, object]:
    return {
        "currency": selection.currency,
        "cycle": selection.cycle,
        "vehicles": selection.vehicles,
        "sites": selection.sites,
        "products": list(selection.products),
    }


def _customer(user: User, provider_name: str, provider: Provider) -> str:
    """Return the user's customer id; empty for who has no address to be known by."""
    known = Customer.objects.filter(user=user, provider=provider_name).first()
    if known is not None:
        return known.external_id
    if not user.email:
        return ""
    external_id = provider.customer(user.email, str(user.pk))
    row, _ = Customer.objects.get_or_create(
        provider=provider_name, external_id=external_id, defaults={"user": user}
    )
    # A customer with this address may be another user's, who changed theirs since.
    return external_id if row.user_id == user.pk else ""


def _ask_for_transaction(
    checkout: Checkout, provider: Provider, order: Order, selection: Selection
) -> None:
    if checkout.asked_at is not None and not checkout.transaction_id:
        checkout.transaction_id = provider.find_checkout(order, checkout.asked_at)
    if checkout.transaction_id:
        if checkout.selection != selection:
            provider.change_checkout(checkout.transaction_id, order)
    else:
        # Written before the call: an answer that is lost is looked for next time.
        checkout.asked_at = timezone.now()
        checkout.customer_id = order.customer_id
        checkout.save(update_fields=["asked_at", "customer_id"])
        checkout.transaction_id = provider.open_checkout(order)
    for name, value in _columns(selection).items():
        setattr(checkout, name, value)
    checkout.save(update_fields=["transaction_id", *_columns(selection)])


def confirm(checkout: Checkout) -> bool:
    """Ask the provider whether a checkout was paid; apply what it says.

    Makes up for notifications that are late or lost. Returns whether it is completed.
    Raises the provider's errors.
    """
    provider = providers.of(checkout.provider)
    payment = provider.payment(checkout.transaction_id)
    if not payment.is_completed:
        return False
    catalog = catalogs.read(checkout.provider)
    payments.paid(
        checkout.provider, payment, catalog, payment.billed_at or timezone.now()
    )
    if payment.subscription_id:
        snapshot = provider.subscription(payment.subscription_id)
        subscriptions.apply(checkout.provider, snapshot, catalog)
    return True


def confirm_open(now: datetime) -> int:
    """Look after all open checkouts; return how many were completed by that.

    One that was opened days ago is closed: its transaction is looked at a last time.
    """
    looked_long_ago = now - _LOOKED_AT_AGAIN_AFTER
    begun = Checkout.objects.filter(state=_State.OPEN).exclude(transaction_id="")
    due = begun.filter(opened_at__lte=looked_long_ago).exclude(
        looked_at__gt=looked_long_ago
    )
    completed = 0
    for checkout in due.order_by("opened_at")[:100]:
        Checkout.objects.filter(pk=checkout.pk).update(looked_at=now)
        try:
            completed += confirm(checkout)
        except (BillingError, subscriptions.UnknownOwner):
            continue
    old = Checkout.objects.filter(
        state=_State.OPEN, opened_at__lt=now - _GIVEN_UP_AFTER
    )
    old.update(state=_State.CLOSED)
    return completed
