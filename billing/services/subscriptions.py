"""Keep our rows as the provider's subscriptions are."""

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from billing.models import Alert, Checkout, Customer, Subscription
from billing.plans import Catalog, Kind
from billing.provider.shapes import Snapshot
from billing.services.alerts import alert, settle_all


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of news: the row, and whether it was changed by them.

    `is_tie` when a provider that counts in whole seconds told of the same second before:
    nobody knows which of the two came last.
    """

    subscription: Subscription
    is_new: bool
    is_stale: bool
    is_tie: bool = False


class UnknownOwner(Exception):
    """Nobody here is known to own this; `claims` when two users would."""

    def __init__(self, subject: str, *, claims: bool = False) -> None:
        super().__init__(subject)
        self.claims = claims


def apply(provider_name: str, snapshot: Snapshot, catalog: Catalog) -> Applied:
    """Store a subscription as the provider has it; older news change nothing.

    Raises `UnknownOwner` when neither the row, nor our transaction, nor the customer
    says whose it is. What was written into it at its birth is never trusted alone.
    """
    try:
        applied = _apply(provider_name, snapshot, catalog)
    except IntegrityError:
        # Somebody else stored the new row meanwhile; now it is there.
        applied = _apply(provider_name, snapshot, catalog)
    if not applied.is_stale:
        _look_for_oddities(applied.subscription, snapshot, catalog)
    return applied


def _apply(provider_name: str, snapshot: Snapshot, catalog: Catalog) -> Applied:
    known = Subscription.objects.filter(
        provider=provider_name, external_id=snapshot.external_id
    )
    with transaction.atomic():
        row = known.select_for_update().first()
        is_new, is_tie = row is None, False
        if row is None:
            row = _begin(provider_name, snapshot)
        elif _is_stale(row, snapshot):
            return Applied(row, is_new=False, is_stale=True)
        else:
            is_tie = not snapshot.is_exact and snapshot.occurred_at == row.occurred_at
        _copy(row, snapshot, catalog)
        row.save()
    return Applied(row, is_new=is_new, is_stale=False, is_tie=is_tie)


def _begin(provider_name: str, snapshot: Snapshot) -> Subscription:
    """Return a row that is not stored yet, and complete the checkout that led to it."""
    owner, checkout = _owner(provider_name, snapshot)
    row = Subscription(
        user=owner, provider=provider_name, external_id=snapshot.external_id
    )
    if snapshot.customer_id:
        Customer.objects.get_or_create(
            provider=provider_name,
            external_id=snapshot.customer_id,
            defaults={"user": owner},
        )
    if checkout is not None:
        row.products = checkout.products
        checkout.state = Checkout.State.COMPLETED
        checkout.subscription_id = snapshot.external_id
        checkout.save(update_fields=["state", "subscription_id"])
    settle_all(Alert.Code.UNKNOWN_SUBJECT, snapshot.external_id)
    return row


def _owner(provider_name: str, snapshot: Snapshot) -> tuple[User, Checkout | None]:
    paid = _paid_checkout(provider_name, snapshot)
    customer = Customer.objects.filter(
        provider=provider_name, external_id=snapshot.customer_id
    ).first()
    named = checkout_named(snapshot.checkout_id)
    user = paid.user if paid else customer.user if customer else None
    others = {one.user_id for one in (customer, named) if one and user} - {
        user.pk if user else None
    }
    if user is None or (customer and customer.user_id in others):
        raise UnknownOwner(snapshot.external_id, claims=bool(others))
    if others:
        alert(Alert.Code.FOREIGN_CLAIM, snapshot.external_id)
        named = None
    return user, paid or named


def _paid_checkout(provider_name: str, snapshot: Snapshot) -> Checkout | None:
    """Return the checkout that was paid for this: by its transaction, or by the payment.

    The payment of a checkout names its subscription before that is known here.
    """
    here = Checkout.objects.filter(provider=provider_name)
    begun = here.filter(state=Checkout.State.OPEN).exclude(
        purpose=Checkout.Purpose.PAYMENT_METHOD
    )
    return (
        here.filter(transaction_id=snapshot.transaction_id or None).first()
        or begun.filter(subscription_id=snapshot.external_id).first()
    )


def checkout_named(text: str) -> Checkout | None:
    """Return the checkout that a text names, None for anything else."""
    try:
        pk = UUID(text)
    except ValueError:
        return None
    return Checkout.objects.filter(pk=pk).select_related("user").first()


def _is_stale(row: Subscription, snapshot: Snapshot) -> bool:
    """Tell whether news are older than what is known; an end is final."""
    if row.status == Subscription.Status.CANCELED:
        return snapshot.status != row.status or snapshot.occurred_at < row.occurred_at
    return snapshot.occurred_at < row.occurred_at


def _copy(row: Subscription, snapshot: Snapshot, catalog: Catalog) -> None:
    """Copy what the provider says. A status that is not known changes nothing."""
    counted = {
        kind: sum(
            item.quantity
            for item in snapshot.items
            if catalog.kind_of(item.price_id) == kind
        )
        for kind in Kind
    }
    row.status = snapshot.status or row.status
    row.provider_status = snapshot.provider_status[:40]
    row.customer_id = snapshot.customer_id
    row.currency, row.cycle = snapshot.currency[:3], snapshot.cycle[:8]
    row.vehicles, row.sites = counted[Kind.VEHICLE], counted[Kind.SITE]
    row.paid_until = snapshot.paid_until
    row.next_billed_at = snapshot.next_billed_at
    row.started_at = snapshot.started_at or row.started_at
    row.canceled_at = snapshot.canceled_at
    row.scheduled_action = snapshot.scheduled_action
    row.scheduled_at = snapshot.scheduled_at
    row.occurred_at = snapshot.occurred_at
    if row.status != Subscription.Status.PAST_DUE:
        row.past_due_at = None
    elif row.past_due_at is None:
        row.past_due_at = snapshot.occurred_at
    if row.status == Subscription.Status.CANCELED and row.paid_until is None:
        row.paid_until = snapshot.canceled_at


def _look_for_oddities(row: Subscription, snapshot: Snapshot, catalog: Catalog) -> None:
    if not all(catalog.kind_of(item.price_id) for item in snapshot.items):
        alert(Alert.Code.FOREIGN_PRICE, snapshot.external_id)
    elif not catalog.is_usual(snapshot.items, snapshot.currency):
        alert(Alert.Code.WRONG_AMOUNT, snapshot.external_id)
    twins = Subscription.objects.running().filter(user=row.user, provider=row.provider)
    if row.status != Subscription.Status.CANCELED and twins.count() > 1:
        alert(Alert.Code.TWO_SUBSCRIPTIONS, row.external_id)
