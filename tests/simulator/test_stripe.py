"""The pretend Stripe by itself: strict as the real one, and movable."""

import hashlib
import hmac
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.clock import Clock
from simulator.mailing import Mailer
from simulator.stripe.desk import Desk
from simulator.stripe.entities import period_after
from simulator.stripe.forms import nested, rows, texts, words
from simulator.stripe.known import API_KEY, PRICE_IDS, SECRET, environment
from simulator.stripe.saving import save, take_up
from simulator.stripe.sender import Sender
from simulator.stripe.testing import RunningStripe
from simulator.testing import plain_browser
from tests.ports import free_port

VEHICLE, YEARLY = PRICE_IDS["vehicle:month"], PRICE_IDS["vehicle:year"]
DAY_S = 86_400
at = datetime.fromisoformat


@pytest.fixture(scope="module")
def _running() -> Iterator[RunningStripe]:
    with RunningStripe() as running:
        yield running


@pytest.fixture
def stripe(_running: RunningStripe) -> RunningStripe:
    _running.reset(at=at("2026-01-31T10:00:00Z"))
    return _running


@pytest.fixture
def browser(stripe: RunningStripe) -> Iterator[httpx.Client]:
    with plain_browser() as client:
        client.base_url = httpx.URL(stripe.url)
        client.headers["Authorization"] = f"Bearer {API_KEY}"
        yield client


def ask(browser: httpx.Client, method: str, path: str, **form: str) -> dict[str, Any]:
    answer = browser.request(method, path, data=form or None)
    assert answer.status_code < 300, answer.text
    data: dict[str, Any] = answer.json()
    return data


def refused(browser: httpx.Client, method: str, path: str, **form: str) -> str:
    answer = browser.request(method, path, data=form or None)
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["error"]["code"])


def checkout(browser: httpx.Client, **more: str) -> dict[str, Any]:
    customer = ask(browser, "POST", "/v1/customers", email="a@example.com")
    form = {
        "mode": "subscription",
        "customer": customer["id"],
        "line_items[0][price]": VEHICLE,
        "line_items[0][quantity]": "2",
        "subscription_data[metadata][checkout]": "x",
        "success_url": "http://localhost:1/done?{CHECKOUT_SESSION_ID}",
        "cancel_url": "http://localhost:1/back",
        **more,
    }
    return ask(browser, "POST", "/v1/checkout/sessions", **form)


def sell(browser: httpx.Client, stripe: RunningStripe) -> str:
    """Sell two vehicles; return the subscription's path."""
    return f"/v1/subscriptions/{stripe.pay(checkout(browser)['id']).id}"


def test_form_is_nested_as_stripe_has_it() -> None:
    form = nested(
        [("a[b]", "1"), ("c[0][d]", "2"), ("e[]", "3"), ("]x", "4"), ("a[b][c]", "5")]
    )
    assert form == {"a": {"b": {"c": "5"}}, "c": {"0": {"d": "2"}}, "e": {"0": "3"}}
    assert rows(form, "c") == [{"d": "2"}]
    assert (rows(form, "x"), words(form, "x"), texts(form, "x")) == ([], [], {})


def test_who_has_no_key_is_refused(stripe: RunningStripe) -> None:
    with plain_browser() as browser:
        answer = browser.get(f"{stripe.url}/v1/subscriptions")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"color": "red"}, "parameter_unknown"),
        ({"mode": "payment"}, "parameter_missing"),
        ({"customer": "cus_x"}, "resource_missing"),
        ({"line_items[0][price]": "price_x"}, "resource_missing"),
        ({"line_items[0][quantity]": "0"}, "parameter_invalid_integer"),
        ({"currency": "sek"}, "currency_mismatch"),
        ({"line_items[1][price]": YEARLY, "line_items[1][quantity]": "1"}, "checkout_mixed_intervals"),
    ],
)  # fmt: skip
def test_odd_checkout_is_refused(
    browser: httpx.Client, more: dict[str, str], code: str
) -> None:
    customer = ask(browser, "POST", "/v1/customers", email="a@example.com")
    form = {
        "mode": "subscription",
        "customer": customer["id"],
        "line_items[0][price]": VEHICLE,
        "line_items[0][quantity]": "2",
        "success_url": "http://localhost:1",
        **more,
    }
    assert refused(browser, "POST", "/v1/checkout/sessions", **form) == code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/prices/price_x"),
        ("GET", "/v1/subscriptions/sub_x"),
        ("GET", "/v1/checkout/sessions/cs_x"),
        ("GET", "/v1/subscriptions?starting_after=sub_x"),
        ("POST", "/v1/billing_portal/sessions"),
    ],
)
def test_what_is_not_there_is_not_found(
    browser: httpx.Client, method: str, path: str
) -> None:
    assert refused(browser, method, path) == "resource_missing"


def test_same_key_does_the_same_once(
    stripe: RunningStripe, browser: httpx.Client
) -> None:
    form, key = {"email": "a@example.com"}, {"Idempotency-Key": "k1"}
    first = browser.post("/v1/customers", data=form, headers=key)
    again = browser.post("/v1/customers", data=form, headers=key)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(stripe.machine.customers) == 1
    other = browser.post("/v1/customers", data={"email": "b@c.de"}, headers=key)
    assert other.json()["error"]["type"] == "idempotency_error"
    refusal = browser.post(
        "/v1/customers", data={"x": "y"}, headers={"Idempotency-Key": "k2"}
    )
    assert refusal.json()["error"]["code"] == "parameter_unknown"


def test_buyer_pays_declines_and_comes_back(
    stripe: RunningStripe, browser: httpx.Client
) -> None:
    made = checkout(browser)
    page = f"/pay/{made['id']}"
    assert made["url"].endswith(page)
    assert "Pay 5.00 USD" in browser.get(page).text
    assert "declined" in browser.post(page, data={"verb": "decline"}).text
    answer = browser.post(page, data={"verb": "pay"})
    assert answer.headers["Location"] == f"http://localhost:1/done?{made['id']}"
    assert "Nothing to pay" in browser.post(page, data={"verb": "pay"}).text
    shown = ask(browser, "GET", f"/v1/checkout/sessions/{made['id']}?expand[0]=invoice")
    assert (shown["url"], shown["invoice"]["number"]) == (None, "SIM-0001")
    assert shown["subscription"] == stripe.subscription().id
    assert refused(browser, "POST", f"/v1/checkout/sessions/{made['id']}/expire")


def test_checkout_that_was_closed_cannot_be_paid(
    stripe: RunningStripe, browser: httpx.Client
) -> None:
    made = checkout(browser)
    ask(browser, "POST", f"/v1/checkout/sessions/{made['id']}/expire")
    assert "Nothing to pay" in browser.post(f"/pay/{made['id']}", data={}).text
    assert stripe.machine.subscriptions == {}


def test_subscription_lives_as_it_is_told(
    stripe: RunningStripe, browser: httpx.Client
) -> None:
    path = sell(browser, stripe)
    shown = ask(browser, "GET", path)
    assert shown["metadata"] == {"checkout": "x"}
    assert shown["items"]["data"][0]["current_period_end"] == int(
        at("2026-02-28T10:00:00Z").timestamp()
    )
    ends = ask(browser, "POST", path, cancel_at_period_end="true")
    assert ends["cancel_at_period_end"] is True
    assert ask(browser, "POST", path, **{"metadata[a]": "b"})["metadata"]["a"] == "b"
    assert refused(browser, "POST", path, cancel_at_period_end="perhaps")
    ask(browser, "POST", path, cancel_at_period_end="false")
    assert refused(browser, "POST", f"{path}/resume") == "subscription_not_paused"
    stripe.subscription().status = "paused"
    stripe.advance(90 * DAY_S)
    assert ask(browser, "POST", f"{path}/resume")["status"] == "active"
    assert ask(browser, "DELETE", path)["status"] == "canceled"
    assert refused(browser, "DELETE", path) == "resource_missing"
    assert refused(browser, "POST", path, cancel_at_period_end="true")
    assert ask(browser, "GET", "/v1/subscriptions")["data"] == []
    assert len(ask(browser, "GET", "/v1/subscriptions?status=all")["data"]) == 1


def test_overdue_is_paid_on_the_portal_or_ends(
    stripe: RunningStripe, browser: httpx.Client
) -> None:
    sell(browser, stripe)
    one = stripe.subscription()
    browser.post("/", data={"verb": "break", "subscription": one.id})
    stripe.advance(30 * DAY_S)
    assert one.status == "past_due"
    form = {"customer": one.customer_id, "return_url": "http://localhost:1/back"}
    made = ask(browser, "POST", "/v1/billing_portal/sessions", **form)
    portal = f"/portal/{made['id']}"
    assert "Manage your subscription" in browser.get(portal).text
    for verb in ("card", "cancel", "keep"):
        answer = browser.post(portal, data={"verb": verb, "subscription": one.id})
        assert answer.status_code == 303
    assert (
        browser.post(portal, data={"verb": "x", "subscription": one.id}).status_code
        == 400
    )
    assert browser.post(portal, data={"verb": "card"}).status_code == 404
    assert browser.get("/portal/bps_x").status_code == 404
    assert (one.status, one.ends_with_period, one.card_works) == ("active", False, True)
    odd = form | {"flow_data[type]": "dance"}
    assert refused(browser, "POST", "/v1/billing_portal/sessions", **odd)
    card = ask(
        browser,
        *("POST", "/v1/billing_portal/sessions"),
        **(form | {"flow_data[type]": "payment_method_update"}),
    )
    assert "Update your payment method" in browser.get(f"/portal/{card['id']}").text
    one.card_works = False
    stripe.advance(31 * DAY_S)
    stripe.advance(22 * DAY_S)
    assert one.status == "canceled"
    assert "Nothing runs." in browser.get(portal).text


def test_end_with_the_period_ends_then(
    stripe: RunningStripe, browser: httpx.Client
) -> None:
    path = sell(browser, stripe)
    ask(browser, "POST", path, cancel_at_period_end="true")
    stripe.advance(40 * DAY_S)
    shown = ask(browser, "GET", path)
    assert shown["status"] == "canceled"
    assert shown["canceled_at"] < shown["ended_at"]


def test_levers_move_things(stripe: RunningStripe, browser: httpx.Client) -> None:
    assert "Nobody has subscribed here." in browser.get("/").text
    sell(browser, stripe)
    one = stripe.subscription()
    assert "a@example.com: active" in browser.get("/").text
    browser.post("/", data={"verb": "mend", "subscription": one.id})
    assert one.card_works is True
    assert (
        browser.post("/", data={"verb": "x", "subscription": one.id}).status_code == 400
    )
    assert browser.post("/", data={"verb": "break"}).status_code == 404
    browser.post("/", data={"verb": "advance", "days": "31"})
    assert len(stripe.machine.invoices) == 2
    assert browser.post("/_clock", json={"seconds": 5}).json()["now"] > 0
    browser.post("/_weather", json={"lose": 2})
    assert stripe.desk.sender.weather.lose == 2
    browser.post("/_faults", json={"method": "GET", "path": "/v1/subscriptions"})
    assert refused(browser, "GET", "/v1/subscriptions") == "internal_error"
    assert browser.post("/_clock", json=[1]).status_code == 400


def test_notification_is_signed() -> None:
    sender = Sender(secrets=("old", SECRET))
    header = sender.signature(b"{}", 5)
    expected = hmac.new(SECRET.encode(), b"5.{}", hashlib.sha256).hexdigest()
    assert header.startswith("t=5,v1=")
    assert header.endswith(f",v1={expected}")
    with pytest.raises(NotImplementedError):
        Mailer("", ()).signature(b"", 0)


def test_year_and_short_months() -> None:
    begin = at("2027-12-31T00:00:00Z")
    assert period_after(begin, {"interval": "month"}) == at("2028-01-31T00:00:00Z")
    assert period_after(begin, {"interval": "year"}) == at("2028-12-31T00:00:00Z")


def test_second_start_finds_what_was_sold(
    stripe: RunningStripe, browser: httpx.Client, tmp_path: Path
) -> None:
    fresh = Desk("http://localhost:1", clock=Clock(at("2026-01-31T10:00:00Z")))
    take_up(fresh, tmp_path)
    assert fresh.machine.subscriptions == {}
    sell(browser, stripe)
    stripe.advance(9 * DAY_S)
    save(stripe.desk, tmp_path)
    take_up(fresh, tmp_path)
    for name in ("customers", "invoices", "sessions", "subscriptions"):
        assert getattr(fresh.machine, name) == getattr(stripe.machine, name)
    assert fresh.clock.now() == stripe.desk.clock.now()


def test_environment_names_everything() -> None:
    variables = environment("http://localhost:1")
    assert variables["STRIPE_PRICES"].count("=price_") == 4
    assert variables["STRIPE_API_URL"] == "http://localhost:1"


def test_program_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "simulator.stripe", "--port", str(port)),
        *("--public-url", url, "--webhook-url", url, "--data", str(tmp_path)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert "is ready at" in program.stdout.readline()
        with plain_browser() as browser:
            assert "Simulated Stripe" in browser.get(url).text
        program.terminate()
        assert program.wait(10) == 0
    assert (tmp_path / "stripe.json").exists()
