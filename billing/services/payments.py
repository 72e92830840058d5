"""Note payments that were made, and those that were taken back."""

from datetime import datetime
from uuid import UUID

from billing.models import Alert, Checkout, Customer, Invoice, Subscription
from billing.plans import Catalog
from billing.provider.shapes import Payment, Reversal
from billing.services.alerts import alert
from billing.services.subscriptions import UnknownOwner, checkout_named


def paid(
    provider_name: str, payment: Payment, catalog: Catalog, occurred_at: datetime
) -> Invoice:
    """Note a completed payment once; it ends what an earlier refund withdrew.

    Raises `UnknownOwner` when it belongs to nobody here.
    """
    checkout = Checkout.objects.filter(
        provider=provider_name, transaction_id=payment.external_id
    ).first()
    user_id = _owner_id(provider_name, payment, checkout)
    if checkout is not None:
        _complete(checkout, payment)
    named = checkout_named(payment.checkout_id)
    if named is not None and named.user_id != user_id:
        alert(Alert.Code.FOREIGN_CLAIM, payment.external_id)
    if not catalog.is_usual(payment.items, payment.currency):
        alert(Alert.Code.WRONG_AMOUNT, payment.external_id)
    Subscription.objects.filter(
        provider=provider_name,
        external_id=payment.subscription_id,
        withdrawn_at__lt=occurred_at,
    ).update(withdrawn_at=None)
    invoice, _ = Invoice.objects.get_or_create(
        provider=provider_name,
        transaction_id=payment.invoice_id or payment.external_id,
        defaults={
            "user_id": user_id,
            "subscription_id": payment.subscription_id,
            "number": payment.number[:64],
            "minor": payment.total.minor if payment.total else 0,
            "currency": payment.total.currency[:3] if payment.total else "",
            "billed_at": payment.billed_at or occurred_at,
        },
    )
    if payment.number and not invoice.number:
        invoice.number = payment.number[:64]
        invoice.save(update_fields=["number"])
    return invoice


def taken_back(
    provider_name: str, reversal: Reversal, occurred_at: datetime
) -> Subscription:
    """Withdraw what a refunded or charged back payment had opened, once.

    A part that is refunded withdraws nothing. Raises `UnknownOwner`.
    """
    row = Subscription.objects.filter(
        provider=provider_name, external_id=reversal.subscription_id
    ).first()
    if row is None:
        raise UnknownOwner(reversal.subscription_id)
    if reversal.is_chargeback:
        alert(Alert.Code.CHARGEBACK, row.external_id)
    same = Subscription.objects.filter(pk=row.pk)
    if reversal.is_undone:
        same.filter(withdrawn_at__lt=occurred_at).update(withdrawn_at=None)
    elif reversal.is_whole:
        same.filter(withdrawn_at=None).update(withdrawn_at=occurred_at)
    return row


def _owner_id(provider_name: str, payment: Payment, checkout: Checkout | None) -> UUID:
    if checkout is not None:
        return checkout.user_id
    known = (
        Subscription.objects.filter(
            provider=provider_name, external_id=payment.subscription_id
        ).first()
        or Customer.objects.filter(
            provider=provider_name, external_id=payment.customer_id
        ).first()
    )
    if known is None:
        raise UnknownOwner(payment.external_id)
    return known.user_id


def _complete(checkout: Checkout, payment: Payment) -> None:
    if payment.customer_id:
        Customer.objects.get_or_create(
            provider=checkout.provider,
            external_id=payment.customer_id,
            defaults={"user_id": checkout.user_id},
        )
    checkout.subscription_id = payment.subscription_id or checkout.subscription_id
    checkout.save(update_fields=["subscription_id"])
    if _is_here(checkout):
        checkout.state = Checkout.State.COMPLETED
        checkout.save(update_fields=["state"])


def _is_here(checkout: Checkout) -> bool:
    """Tell whether the subscription that was paid for is known already.

    Until it is, nothing is open to its user, and the checkout is still looked after.
    """
    return Subscription.objects.filter(
        provider=checkout.provider, external_id=checkout.subscription_id
    ).exists()
