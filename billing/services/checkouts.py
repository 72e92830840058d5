"""Open a checkout, once however often it is asked for, and see how it ended."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from accounts.models import User
from billing.errors import (
    AlreadySubscribed,
    BeingDone,
    BillingError,
    ProviderRefused,
    UnknownPlan,
)
from billing.models import (
    Alert,
    Checkout,
    Customer,
    Move,
    ProviderName,
    Subscription,
)
from billing.plans import Selection
from billing.provider.shapes import Order, Payment, Provider
from billing.services import catalog as catalogs, payments, providers, subscriptions
from billing.services.alerts import alert
from billing.services.leases import lease

_LOG = logging.getLogger(__name__)
_State = Checkout.State
_Purpose = Checkout.Purpose
BEGINNINGS = (_Purpose.SUBSCRIBE, _Purpose.MOVE)
_PADDLE = ProviderName.PADDLE.value
_GIVEN_UP_AFTER = timedelta(days=3)
_LOOKED_AT_AGAIN_AFTER = timedelta(minutes=2)


def current(user: User) -> Checkout | None:
    """Return the user's open checkout of a subscription, None without one."""
    return Checkout.objects.filter(
        user=user, state=_State.OPEN, purpose__in=BEGINNINGS
    ).first()


def begin(user: User, provider_name: str, selection: Selection) -> Checkout:
    """Open the one checkout of a user, or put the new selection into the open one.

    Raises `AlreadySubscribed`, also when it was just paid, `UnknownPlan`, `BeingDone`
    when it is just being opened, and the provider's errors; after those it can be begun
    again.
    """
    return _open(user, provider_name, selection, None, 0)


def begin_move(move: Move, selection: Selection, trial_days: int) -> Checkout:
    """Open the one checkout of a move to Paddle, which costs nothing for some days.

    Raises as `begin` does.
    """
    return _open(move.user, _PADDLE, selection, move, trial_days)


def _open(
    user: User,
    provider_name: str,
    selection: Selection,
    move: Move | None,
    trial_days: int,
) -> Checkout:
    _refuse_second(user, move)
    lines = catalogs.read(provider_name).lines(selection)
    if not lines:
        raise UnknownPlan("nothing was selected")
    checkout = _the_open_one(user, provider_name, selection, move)
    provider = providers.of(provider_name)
    with lease(checkout):
        if checkout.state != _State.OPEN or checkout.subscription_id:
            raise AlreadySubscribed
        # Asked again: it may have come while this waited for its turn.
        _refuse_second(user, move)
        customer_id = checkout.customer_id or _customer(user, provider_name, provider)
        order = Order(
            str(checkout.pk), customer_id, selection.currency, lines, trial_days
        )
        _ask_for_transaction(checkout, provider, order, selection)
    return checkout


def _refuse_second(user: User, move: Move | None) -> None:
    """Raise `AlreadySubscribed` for who has one; a move begins its second at Paddle."""
    running = Subscription.objects.of(user).running()
    if (running.filter(provider=_PADDLE) if move else running).exists():
        raise AlreadySubscribed


def close(checkout: Checkout) -> bool:
    """Give an open checkout up, so that nobody can pay it; False when it was paid.

    Raises `BeingDone` while its payment is under way, and the provider's errors.
    """
    with lease(checkout):
        if checkout.state != _State.OPEN:
            return checkout.state == _State.CLOSED
        if checkout.is_paid:
            return False
        if checkout.transaction_id and checkout.provider in providers.names():
            try:
                providers.of(checkout.provider).close_checkout(checkout.transaction_id)
            except ProviderRefused:
                if _was_paid(checkout):
                    return False
        Checkout.objects.filter(pk=checkout.pk, state=_State.OPEN).update(
            state=_State.CLOSED
        )
    return True


def _was_paid(checkout: Checkout) -> bool:
    """Tell why a checkout cannot be closed: it was paid meanwhile, or else is closed."""
    payment = _payment(checkout)
    if payment.is_under_way:
        raise BeingDone
    try:
        return _take_in(checkout, payment) or checkout.is_paid
    except subscriptions.UnknownOwner:
        return True


def page_of(checkout: Checkout) -> str:
    """Return the provider's page on which to pay; empty where it is one of ours.

    Raises the provider's errors.
    """
    provider = providers.of(checkout.provider)
    return provider.checkout_url(checkout.transaction_id)


def _the_open_one(
    user: User, provider_name: str, selection: Selection, move: Move | None
) -> Checkout:
    found = current(user)
    if found is not None and (found.provider, found.move_id) != (
        provider_name,
        move.pk if move else None,
    ):
        # It is for something else, and at most one may be open.
        if not close(found):
            raise AlreadySubscribed
        found = None
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Checkout.objects.create(
                user=user,
                provider=provider_name,
                purpose=_Purpose.MOVE if move else _Purpose.SUBSCRIBE,
                move=move,
                **_columns(selection),
            )
    except IntegrityError:
        # Another click came first; its checkout is there now.
        return Checkout.objects.get(
            user=user, state=_State.OPEN, purpose__in=BEGINNINGS
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
        if (checkout.selection, checkout.trial_days) != (selection, order.trial_days):
            changed = provider.change_checkout(checkout.transaction_id, order)
            checkout.transaction_id = changed
    else:
        # Written before the call: an answer that is lost is looked for next time.
        checkout.asked_at = timezone.now()
        checkout.customer_id = order.customer_id
        checkout.save(update_fields=["asked_at", "customer_id"])
        checkout.transaction_id = provider.open_checkout(order)
    columns = {**_columns(selection), "trial_days": order.trial_days}
    for name, value in columns.items():
        setattr(checkout, name, value)
    checkout.save(update_fields=["transaction_id", *columns])


def confirm(checkout: Checkout) -> bool:
    """Ask the provider whether a checkout was paid; apply what it says.

    Makes up for notifications that are late or lost. Returns whether it is completed.
    Raises the provider's errors.
    """
    return _take_in(checkout, _payment(checkout))


def _payment(checkout: Checkout) -> Payment:
    return providers.of(checkout.provider).payment(checkout.transaction_id)


def _take_in(checkout: Checkout, payment: Payment) -> bool:
    """Apply a payment and what it led to; return whether the checkout is completed."""
    if not payment.is_completed:
        return False
    provider, catalog = (
        providers.of(checkout.provider),
        catalogs.read(checkout.provider),
    )
    payments.paid(
        checkout.provider, payment, catalog, payment.billed_at or timezone.now()
    )
    if payment.subscription_id:
        snapshot = provider.subscription(payment.subscription_id)
        subscriptions.apply(checkout.provider, snapshot, catalog)
    checkout.refresh_from_db(fields=["state", "subscription_id"])
    return checkout.state == _State.COMPLETED


def confirm_open(now: datetime) -> int:
    """Look after all open checkouts; return how many were completed by that.

    One that was opened days ago is closed: its transaction is looked at a last time. One
    that was paid stays open, and the owner is told that its subscription is not found.
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
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - the others go on
            _LOG.exception("A checkout cannot be confirmed.")
    _give_up_old(now)
    return completed


def _give_up_old(now: datetime) -> None:
    """Close what was opened days ago, at the provider too; it is tried again later."""
    old = Checkout.objects.filter(
        state=_State.OPEN, opened_at__lt=now - _GIVEN_UP_AFTER
    )
    # New payment details may be those of a payment that is overdue: that stays there.
    old.exclude(purpose__in=BEGINNINGS).update(state=_State.CLOSED)
    for checkout in old.order_by("opened_at")[:100]:
        if checkout.is_paid:
            alert(Alert.Code.UNKNOWN_SUBJECT, checkout.subscription_id)
            continue
        try:
            close(checkout)
        except BillingError as error:
            _LOG.warning("An old checkout could not be closed: %r", error)
