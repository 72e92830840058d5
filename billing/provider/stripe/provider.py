"""Do at Stripe what the console asks of a provider."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from billing.errors import NotPossible, ProviderAway
from billing.plans import Line, Price
from billing.provider.reading import mapping, objects, text
from billing.provider.shapes import (
    Event,
    News,
    Order,
    Payment,
    Preview,
    Reversal,
    Snapshot,
)
from billing.provider.stripe import entities, signature
from billing.provider.stripe.client import Client, Told

_PER_PAGE = 100
_MOST_PAGES = 10_000
_SUBSCRIPTIONS = frozenset(
    {"created", "updated", "deleted", "paused", "resumed", "trial_will_end"}
)
_KEPT = frozenset({"checkout.session.completed", "invoice.paid"})


@dataclass(frozen=True, slots=True)
class Stripe:
    """Stripe as a provider.

    `price_ids` are keyed by kind and cycle, that which is sold first; `public_url` is
    where buyers come back to.
    """

    client: Client
    price_ids: Mapping[tuple[str, str], tuple[str, ...]]
    webhook_secrets: tuple[str, ...] = field(repr=False)
    public_url: str = ""

    def prices(self) -> list[Price]:
        """Read the prices that the settings name. Raises ValueError for wrong ones."""
        found: list[Price] = []
        with_all = _whole("currency_options")
        for (kind, cycle), price_ids in self.price_ids.items():
            for price_id in price_ids:
                told = self._ask("prices", "retrieve", price_id, with_all)
                found.extend(entities.prices(told.data, kind, cycle))
        return found

    def customer(self, email: str, user_id: str) -> str:
        """Make the user's customer; the same one however often it is asked for."""
        content = {"email": email, "metadata": {"account": user_id}}
        told = self._ask("customers", "create", content, key=f"customer-{user_id}")
        return text(told.data, "id")

    def find_checkout(self, order: Order, since: datetime) -> str:
        """Return nothing: who asks again for the same order gets the same checkout."""
        return ""

    def open_checkout(self, order: Order) -> str:
        """Open a checkout on our side of the wire: a browser never names prices."""
        return self._open(order, "first")

    def change_checkout(self, transaction_id: str, order: Order) -> str:
        """Close a checkout that is not paid yet, and open one with other lines."""
        self._sessions("expire", transaction_id)
        return self._open(order, transaction_id)

    def _open(self, order: Order, after: str) -> str:
        """Ask for a checkout; the same order after the same one is asked for once."""
        back = f"{self.public_url}/console/subscription"
        notes = {"checkout": order.checkout_id}
        content = {
            "mode": "subscription",
            "customer": order.customer_id,
            "currency": order.currency.lower(),
            "line_items": [
                {"price": line.price.external_id, "quantity": line.quantity}
                for line in order.lines
            ],
            "metadata": notes,
            "subscription_data": {"metadata": notes},
            "success_url": f"{back}/confirm/{order.checkout_id}",
            "cancel_url": back,
        }
        said = json.dumps([after, content], sort_keys=True).encode()
        key = f"{order.checkout_id}-{hashlib.sha256(said).hexdigest()}"
        return text(self._sessions("create", content, key=key).data, "id")

    def close_checkout(self, transaction_id: str) -> None:
        """Close a checkout that is not paid yet."""
        self._sessions("expire", transaction_id)

    def checkout_url(self, transaction_id: str) -> str:
        """Return the address of Stripe's page for an open checkout; empty when over."""
        return text(self._sessions("retrieve", transaction_id).data, "url")

    def payment(self, transaction_id: str) -> Payment:
        """Read one checkout."""
        told = self._sessions("retrieve", transaction_id, _whole("invoice"))
        return entities.session(told.data)

    def subscription(self, external_id: str) -> Snapshot:
        """Read one subscription, as it is just now."""
        return snapshot_of(self._ask("subscriptions", "retrieve", external_id))

    def subscriptions(self) -> Iterator[Snapshot]:
        """Read all subscriptions, those that have ended too."""
        query: dict[str, Any] = {"status": "all", "limit": _PER_PAGE}
        for _ in range(_MOST_PAGES):
            told = self._ask("subscriptions", "list", query)
            page = objects(told.data, "data")
            for data in page:
                yield entities.snapshot(data, told.at)
            if told.data.get("has_more") is not True or not page:
                return
            query = {**query, "starting_after": text(page[-1], "id")}

    def preview(self, external_id: str, lines: tuple[Line, ...]) -> Preview:
        """Refuse: numbers are not changed at Stripe any more."""
        _only_there()

    def change(self, external_id: str, lines: tuple[Line, ...]) -> Snapshot:
        """Refuse: numbers are not changed at Stripe any more."""
        _only_there()

    def pause(self, external_id: str, *, at_once: bool = False) -> Snapshot:
        """Refuse: a subscription of this age is not paused."""
        raise NotPossible("A subscription through Stripe cannot be paused here.")

    def resume(self, external_id: str) -> Snapshot:
        """Resume a pause, by either of the names that Stripe has for one."""
        told = self._ask("subscriptions", "retrieve", external_id)
        if mapping(told.data, "pause_collection"):
            return self._update(external_id, {"pause_collection": ""})
        content = {"billing_cycle_anchor": "now"}
        return snapshot_of(self._ask("subscriptions", "resume", external_id, content))

    def cancel(self, external_id: str, *, at_once: bool = False) -> Snapshot:
        """Cancel at the end of the paid time, or at once."""
        if at_once:
            return snapshot_of(self._ask("subscriptions", "cancel", external_id))
        return self._update(external_id, {"cancel_at_period_end": True})

    def undo(self, external_id: str) -> Snapshot:
        """Take back the end that is scheduled."""
        return self._update(external_id, {"cancel_at_period_end": False})

    def hand_over(self, external_id: str, move_id: str) -> Snapshot:
        """Have it end with its period, noting for which move. Safe to repeat."""
        content = {"cancel_at_period_end": True, "metadata": {"migrated_to": move_id}}
        return self._update(external_id, content)

    def payment_method_checkout(self, external_id: str) -> str:
        """Refuse: payment details are changed on Stripe's own page, by `portal_url`."""
        _only_there()

    def portal_url(self, customer_id: str, back: str, *, card_only: bool) -> str:
        """Return a short-lived page of Stripe's. Never stored, never logged."""
        content: dict[str, Any] = {"customer": customer_id, "return_url": back}
        if card_only:
            content["flow_data"] = {"type": "payment_method_update"}
        call = self.client.v1.billing_portal.sessions.create
        return text(self.client.ask(call, content).data, "url")

    def is_genuine(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> bool:
        """Tell whether Stripe signed these bytes just now."""
        header = headers.get(signature.HEADER, "")
        secrets = self.webhook_secrets
        return signature.is_genuine(raw, header, secrets, now_s=now.timestamp())

    def read_event(self, raw: bytes) -> Event:
        """Read a genuine notification. Raises `ValueError` for what is none."""
        body = json.loads(raw)
        if not isinstance(body, dict):
            raise ValueError("an event is an object")  # noqa: TRY004 - wrong news, not a wrong call
        at = entities.moment(body, "created")
        event_id, event_type = text(body, "id"), text(body, "type")
        if at is None or not event_id or not event_type:
            raise ValueError("an event has an id, a type and a time")
        data = mapping(mapping(body, "data"), "object")
        kept = data if self.news(event_type) is not News.OTHER else {}
        return Event(event_id, event_type, text(data, "id")[:64], at, kept)

    def news(self, event_type: str) -> News:
        """Return what kind of thing an event of this type tells."""
        entity, _, what = event_type.rpartition(".")
        if entity == "customer.subscription" and what in _SUBSCRIPTIONS:
            return News.SUBSCRIPTION
        return News.PAYMENT if event_type in _KEPT else News.OTHER

    def subscription_told(self, event: Event) -> Snapshot:
        """Read the subscription in an event; the event's time counts."""
        return entities.snapshot(event.body, event.occurred_at)

    def payment_told(self, event: Event) -> Payment:
        """Read the invoice or the checkout in an event."""
        if event.event_type == "invoice.paid":
            return entities.invoice(event.body)
        return entities.session(event.body)

    def reversal_told(self, event: Event) -> Reversal | None:
        """Return nothing: money that goes back is seen to at Stripe."""
        return None

    def _update(self, external_id: str, content: Mapping[str, Any]) -> Snapshot:
        return snapshot_of(self._ask("subscriptions", "update", external_id, content))

    def _sessions(self, verb: str, *arguments: Any, key: str = "") -> Told:
        call = getattr(self.client.v1.checkout.sessions, verb)
        return self.client.ask(call, *arguments, key=key)

    def _ask(self, kind: str, verb: str, *arguments: Any, key: str = "") -> Told:
        call = getattr(getattr(self.client.v1, kind), verb)
        return self.client.ask(call, *arguments, key=key)


def _whole(name: str) -> dict[str, list[str]]:
    return {"expand": [name]}


def snapshot_of(told: Told) -> Snapshot:
    """Read the subscription in an answer. Raises `ProviderAway` for what is none."""
    try:
        return entities.snapshot(told.data, told.at)
    except ValueError as error:
        raise ProviderAway("the answer is no subscription") from error


def _only_there() -> NoReturn:
    raise NotPossible("This can only be done on Stripe's own page.")
