"""Do at Paddle what the console asks of a provider."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from billing.errors import ProviderRefused
from billing.money import Money, minor_of
from billing.plans import Line, Price
from billing.provider.paddle import entities, signature
from billing.provider.paddle.client import Client
from billing.provider.reading import mapping, moment, text
from billing.provider.shapes import (
    Event,
    News,
    Order,
    Payment,
    Preview,
    Reversal,
    Snapshot,
)

_PRORATION: Final = {
    "proration_billing_mode": "prorated_immediately",
    "on_payment_failure": "prevent_change",
}
_COPIED: Final = (
    *("product_id", "description", "name", "billing_cycle", "tax_mode"),
    *("unit_price", "unit_price_overrides", "quantity"),
)
_CLOCKS_MAY_DIFFER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Paddle:
    """Paddle as a provider.

    `price_ids` are keyed by kind and cycle, that which is sold first.
    """

    client: Client
    price_ids: Mapping[tuple[str, str], tuple[str, ...]]
    webhook_secrets: tuple[str, ...] = field(repr=False)

    def prices(self) -> list[Price]:
        """Read the prices that the settings name. Raises ValueError for wrong ones."""
        found: list[Price] = []
        for (kind, cycle), price_ids in self.price_ids.items():
            for price_id in price_ids:
                data = self.client.get("prices", price_id)
                found.extend(entities.prices(data, kind, cycle))
        return found

    def customer(self, email: str, user_id: str) -> str:
        """Return the id of the customer with this address; make one when needed."""
        content = {"email": email, "custom_data": {"account": user_id}}
        try:
            return text(self.client.post("customers", content=content), "id")
        except ProviderRefused as refusal:
            if refusal.code != "customer_already_exists":
                raise
        for data in self.client.all(
            "customers", query={"email": email, "status": "active,archived"}
        ):
            return text(data, "id")
        raise ProviderRefused(409, "customer_already_exists")

    def find_checkout(self, order: Order, since: datetime) -> str:
        """Look for a transaction of this order among those made since then."""
        query = {"created_at[GTE]": _stamp(since - _CLOCKS_MAY_DIFFER)}
        if order.customer_id:
            query["customer_id"] = order.customer_id
        for data in self.client.all("transactions", query=query):
            if text(mapping(data, "custom_data"), "checkout") == order.checkout_id:
                return text(data, "id")
        return ""

    def open_checkout(self, order: Order) -> str:
        """Make a transaction on our side of the wire: a browser never names prices."""
        content: dict[str, Any] = {
            **self._lines_of(order),
            "custom_data": {"checkout": order.checkout_id},
        }
        if order.customer_id:
            content["customer_id"] = order.customer_id
        return text(self.client.post("transactions", content=content), "id")

    def change_checkout(self, transaction_id: str, order: Order) -> str:
        """Put other lines into a transaction that is not paid yet."""
        content = self._lines_of(order)
        self.client.patch("transactions", transaction_id, content=content)
        return transaction_id

    def close_checkout(self, transaction_id: str) -> None:
        """Cancel a transaction that is not paid yet."""
        content = {"status": "canceled"}
        self.client.patch("transactions", transaction_id, content=content)

    def checkout_url(self, transaction_id: str) -> str:
        """Return nothing: Paddle's window opens over a page of ours."""
        return ""

    def payment(self, transaction_id: str) -> Payment:
        """Read one transaction."""
        return entities.payment(self.client.get("transactions", transaction_id))

    def subscription(self, external_id: str) -> Snapshot:
        """Read one subscription."""
        return entities.snapshot(self.client.get("subscriptions", external_id))

    def subscriptions(self) -> Iterator[Snapshot]:
        """Read all subscriptions."""
        for data in self.client.all("subscriptions", query={}):
            yield entities.snapshot(data)

    def preview(self, external_id: str, lines: tuple[Line, ...]) -> Preview:
        """Return what a change would cost; nothing is changed."""
        content = {"items": _items(lines), **_PRORATION}
        data = self.client.patch(
            "subscriptions", external_id, "preview", content=content
        )
        currency = text(data, "currency_code")
        return Preview(
            _total(mapping(data, "immediate_transaction"), currency),
            _total(mapping(data, "recurring_transaction_details"), currency),
        )

    def change(self, external_id: str, lines: tuple[Line, ...]) -> Snapshot:
        """Send the full list of items: what is left out would be removed."""
        content = {"items": _items(lines), **_PRORATION}
        return entities.snapshot(
            self.client.patch("subscriptions", external_id, content=content)
        )

    def pause(self, external_id: str, *, at_once: bool = False) -> Snapshot:
        """Pause at the end of the paid time, or at once."""
        when = "immediately" if at_once else "next_billing_period"
        return self._act(external_id, "pause", effective_from=when)

    def resume(self, external_id: str) -> Snapshot:
        """Resume: within the paid time without a charge, else with a new period."""
        try:
            return self._act(
                external_id,
                "resume",
                effective_from="immediately",
                on_resume="continue_existing_billing_period",
            )
        except ProviderRefused as refusal:
            if refusal.code != "subscription_billing_period_ended":
                raise
        return self._act(
            external_id,
            "resume",
            effective_from="immediately",
            on_resume="start_new_billing_period",
        )

    def cancel(self, external_id: str, *, at_once: bool = False) -> Snapshot:
        """Cancel at the end of the paid time, or at once."""
        when = "immediately" if at_once else "next_billing_period"
        return self._act(external_id, "cancel", effective_from=when)

    def undo(self, external_id: str) -> Snapshot:
        """Take back the pause or the end that is scheduled."""
        content = {"scheduled_change": None}
        return entities.snapshot(
            self.client.patch("subscriptions", external_id, content=content)
        )

    def bill_at(self, external_id: str, at: datetime) -> Snapshot:
        """Move the next payment to a moment; nothing is charged before."""
        content = {
            "next_billed_at": _stamp(at),
            "proration_billing_mode": "do_not_bill",
        }
        return entities.snapshot(
            self.client.patch("subscriptions", external_id, content=content)
        )

    def payment_method_checkout(self, external_id: str) -> str:
        """Return a transaction with which the payment details are renewed."""
        data = self.client.get(
            "subscriptions", external_id, "update-payment-method-transaction"
        )
        return text(data, "id")

    def is_genuine(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> bool:
        """Tell whether Paddle signed these bytes just now."""
        header = headers.get(signature.HEADER, "")
        secrets = self.webhook_secrets
        return signature.is_genuine(raw, header, secrets, now_s=now.timestamp())

    def read_event(self, raw: bytes) -> Event:
        """Read a genuine notification. Raises `ValueError` for what is none."""
        body = json.loads(raw)
        if not isinstance(body, dict):
            raise ValueError("an event is an object")  # noqa: TRY004 - wrong news, not a wrong call
        at = moment(body, "occurred_at")
        event_id, event_type = text(body, "event_id"), text(body, "event_type")
        if at is None or not event_id or not event_type:
            raise ValueError("an event has an id, a type and a time")
        data = mapping(body, "data")
        kept = data if self.news(event_type) is not News.OTHER else {}
        return Event(event_id, event_type, text(data, "id")[:64], at, kept)

    def news(self, event_type: str) -> News:
        """Return what kind of thing an event of this type tells."""
        entity, _, what = event_type.partition(".")
        match entity:
            case "subscription":
                return News.SUBSCRIPTION
            case "transaction" if what == "completed":
                return News.PAYMENT
            case "adjustment":
                return News.REVERSAL
            case "api_key_exposure":
                return News.KEY_EXPOSED
            case _:
                return News.OTHER

    def subscription_told(self, event: Event) -> Snapshot:
        """Read the subscription in an event; the event's time counts."""
        return entities.snapshot(event.body, event.occurred_at.isoformat())

    def payment_told(self, event: Event) -> Payment:
        """Read the transaction in an event."""
        return entities.payment(event.body)

    def reversal_told(self, event: Event) -> Reversal | None:
        """Read the refund in an event; None when it is none, or not approved yet."""
        return entities.reversal(event.body)

    def _lines_of(self, order: Order) -> dict[str, Any]:
        """Return an order's lines: prices of the catalog, or copies with a trial."""
        items = _items(order.lines)
        if order.trial_days:
            items = [self._with_trial(line, order.trial_days) for line in order.lines]
        return {"items": items, "currency_code": order.currency}

    def _with_trial(self, line: Line, days: int) -> dict[str, Any]:
        """Return a line whose price is the catalog's in all but its trial.

        `copy_of` names the price that it stands for. A browser cannot write it.
        """
        listed = self.client.get("prices", line.price.external_id)
        copied = {name: listed[name] for name in _COPIED if listed.get(name)}
        price = {
            **copied,
            "trial_period": {"interval": "day", "frequency": days},
            "custom_data": {"copy_of": line.price.external_id},
        }
        return {"price": price, "quantity": line.quantity}

    def _act(self, external_id: str, verb: str, **content: str) -> Snapshot:
        return entities.snapshot(
            self.client.post("subscriptions", external_id, verb, content=content)
        )


def _items(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    return [
        {"price_id": line.price.external_id, "quantity": line.quantity}
        for line in lines
    ]


def _total(data: Mapping[str, Any], currency: str) -> Money:
    """Return a preview's total: of a transaction or of its details; 0 without one."""
    details = mapping(data, "details") or data
    amount = mapping(details, "totals").get("grand_total")
    return Money(0 if amount is None else minor_of(amount), currency)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
