"""Stripe's objects are read in the library's version and in older ones."""

from datetime import UTC, datetime
from typing import Any

import pytest

from billing.provider.shapes import News
from billing.provider.stripe import entities
from billing.provider.stripe.client import Client
from billing.provider.stripe.provider import Stripe

NOW = datetime(2026, 11, 20, tzinfo=UTC)
END_S = 1_800_000_000
END = datetime.fromtimestamp(END_S, UTC)
PROVIDER = Stripe(Client("http://127.0.0.1:9", "sk_test_x"), {}, ("whsec_x",))


def facts(**more: Any) -> dict[str, Any]:
    """Return a subscription as an old account's webhook tells it."""
    price = {
        "id": "price_1",
        "currency": "usd",
        "unit_amount": 250,
        "recurring": {"interval": "month", "interval_count": 1},
    }
    return {
        "id": "sub_1",
        "status": "active",
        "customer": "cus_1",
        "currency": "usd",
        "current_period_end": END_S,
        "items": {"data": [{"price": price, "quantity": 2}]},
        **more,
    }


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "active"),
        ({"status": "unpaid"}, "past_due"),
        ({"status": "incomplete_expired"}, "canceled"),
        ({"status": "dormant"}, ""),
        ({"pause_collection": {"behavior": "void"}}, "paused"),
        ({"status": "past_due", "pause_collection": {"behavior": "void"}}, "past_due"),
    ],
)
def test_status_has_our_word(more: dict[str, Any], status: str) -> None:
    assert entities.snapshot(facts(**more), NOW).status == status


def test_end_of_the_period_above_the_items_is_read() -> None:
    told = entities.snapshot(facts(), NOW)
    assert (told.paid_until, told.next_billed_at, told.currency) == (END, END, "USD")


@pytest.mark.parametrize("more", [{"cancel_at_period_end": True}, {"cancel_at": END_S}])
def test_end_is_scheduled_by_either_name(more: dict[str, Any]) -> None:
    told = entities.snapshot(facts(**more), NOW)
    assert (told.scheduled_action, told.scheduled_at) == ("cancel", END)
    assert told.next_billed_at is None


def test_end_is_when_it_ended_not_when_it_was_asked_for() -> None:
    more = {"status": "canceled", "canceled_at": END_S - 9, "ended_at": END_S}
    told = entities.snapshot(facts(**more), NOW)
    assert (told.canceled_at, told.paid_until, told.next_billed_at) == (END, END, None)


def test_price_without_an_amount_of_its_own_is_read() -> None:
    data = facts(items={"data": [{"price": {"id": "price_2"}, "quantity": 1}]})
    (item,) = entities.snapshot(data, NOW).items
    assert (item.price_id, item.each) == ("price_2", None)
    assert entities.snapshot(facts(items={}), NOW).cycle == ""


def test_invoice_of_an_old_version_is_read() -> None:
    told = entities.invoice(
        {
            "id": "in_1",
            "status": "paid",
            "currency": "eur",
            "total": 230,
            "subscription": {"id": "sub_1"},
            "lines": {"data": [{"price": {"id": "price_1"}, "quantity": 1}]},
        }
    )
    assert (told.subscription_id, str(told.total)) == ("sub_1", "2.30 EUR")
    assert told.items[0].price_id == "price_1"
    assert told.billed_at is None


@pytest.mark.parametrize(
    "read",
    [
        lambda data: entities.snapshot(data, NOW),
        entities.session,
        entities.invoice,
    ],
)
def test_something_else_is_refused(read: Any) -> None:
    with pytest.raises(ValueError, match="this is no"):
        read({"id": "cus_1"})


def test_time_that_is_none_is_refused() -> None:
    assert entities.moment({"at": "soon"}, "at") is None
    with pytest.raises(ValueError, match="no time"):
        entities.moment({"at": 10**30}, "at")


@pytest.mark.parametrize(
    "raw", [b"[]", b"{}", b'{"id":"evt_1","type":"x","created":"soon"}', b"\xff", b"{"]
)
def test_event_that_is_none_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        PROVIDER.read_event(raw)


@pytest.mark.parametrize(
    ("event_type", "news"),
    [
        ("customer.subscription.deleted", News.SUBSCRIPTION),
        ("customer.subscription.pending_update_applied", News.OTHER),
        ("invoice.paid", News.PAYMENT),
        ("checkout.session.completed", News.PAYMENT),
        ("invoice.payment_failed", News.OTHER),
        ("charge.refunded", News.OTHER),
    ],
)
def test_news_by_type(event_type: str, news: News) -> None:
    assert PROVIDER.news(event_type) == news
