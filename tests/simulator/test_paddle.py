"""The pretend Paddle by itself: strict as the real one, and movable."""

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from simulator.clock import Clock
from simulator.paddle.desk import Desk
from simulator.paddle.entities import period_after
from simulator.paddle.known import API_KEY, PRICE_IDS, SECRET, environment
from simulator.paddle.saving import save, take_up
from simulator.paddle.sender import Sender
from simulator.paddle.testing import RunningPaddle
from simulator.serving import Serving
from simulator.testing import plain_browser
from tests.ports import free_port

VEHICLE, SITE = PRICE_IDS["vehicle:month"], PRICE_IDS["site:month"]
YEARLY = PRICE_IDS["vehicle:year"]
DAY_S = 86_400
at = datetime.fromisoformat


@pytest.fixture(scope="module")
def _running() -> Iterator[RunningPaddle]:
    with RunningPaddle() as running:
        yield running


@pytest.fixture
def paddle(_running: RunningPaddle) -> RunningPaddle:
    _running.reset(at=at("2026-01-31T10:00:00Z"))
    return _running


@pytest.fixture
def browser(paddle: RunningPaddle) -> Iterator[httpx.Client]:
    with plain_browser() as client:
        client.base_url = httpx.URL(paddle.url)
        client.headers["Authorization"] = f"Bearer {API_KEY}"
        yield client


def ask(browser: httpx.Client, method: str, path: str, **body: Any) -> dict[str, Any]:
    answer = browser.request(method, path, json=body if method != "GET" else None)
    assert answer.status_code < 300, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def refused(browser: httpx.Client, method: str, path: str, **body: Any) -> str:
    answer = browser.request(method, path, json=body if method != "GET" else None)
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["error"]["code"])


def sell(browser: httpx.Client, paddle: RunningPaddle, **more: Any) -> str:
    """Sell one vehicle; return the subscription's id."""
    customer = ask(browser, "POST", "/customers", email="a@example.com")
    items = [{"price_id": VEHICLE, "quantity": 1}]
    facts = {"items": items, "customer_id": customer["id"], **more}
    made = ask(browser, "POST", "/transactions", **facts)
    return paddle.pay(made["id"]).subscription_id or ""


def test_who_has_no_key_is_refused(paddle: RunningPaddle) -> None:
    with plain_browser() as browser:
        answer = browser.get(f"{paddle.url}/subscriptions")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_field"),
        ({"items": []}, "invalid_field"),
        ({"items": [{"price_id": VEHICLE, "quantity": 0}]}, "transaction_item_quantity_out_of_range"),
        ({"items": [{"price_id": "pri_x", "quantity": 1}]}, "price_not_found"),
        ({"items": [{"price_id": VEHICLE, "quantity": 1}], "surprise": 1}, "invalid_field"),
        ({"items": [{"price_id": VEHICLE, "quantity": 1}], "customer_id": "ctm_x"}, "customer_not_found"),
        ({"items": [{"price_id": VEHICLE, "quantity": 1}], "currency_code": "SEK"},
         "transaction_currency_code_not_supported"),
        ({"items": [{"price_id": VEHICLE, "quantity": 1}, {"price_id": YEARLY, "quantity": 1}]},
         "transaction_recurring_items_different_billing_cycle"),
    ],
)  # fmt: skip
def test_odd_transaction_is_refused(
    browser: httpx.Client, body: dict[str, Any], code: str
) -> None:
    assert refused(browser, "POST", "/transactions", **body) == code


@pytest.mark.parametrize("content", [b"", b"[]", b"{"])
def test_body_that_is_no_object_is_refused(
    browser: httpx.Client, content: bytes
) -> None:
    answer = browser.post("/transactions", content=content)
    assert answer.json()["error"]["code"] == "bad_request"


def test_address_is_one_customers_only(browser: httpx.Client) -> None:
    ask(browser, "POST", "/customers", email="a@example.com")
    assert (
        refused(browser, "POST", "/customers", email="a@example.com")
        == "customer_already_exists"
    )
    assert refused(browser, "POST", "/customers", email="nobody") == "invalid_field"
    found = browser.get("/customers", params={"email": "a@example.com"}).json()["data"]
    assert [one["email"] for one in found] == ["a@example.com"]


@pytest.mark.parametrize("path", ["/prices/x", "/transactions/x", "/subscriptions/x"])
def test_what_is_not_there_is_not_found(browser: httpx.Client, path: str) -> None:
    assert refused(browser, "GET", path) == "not_found"


def test_price_is_shown_with_its_countries(browser: httpx.Client) -> None:
    price = ask(browser, "GET", f"/prices/{VEHICLE}")
    assert price["unit_price"] == {"amount": "250", "currency_code": "USD"}
    euro = price["unit_price_overrides"][0]
    assert "DE" in euro["country_codes"]
    assert euro["unit_price"] == {"amount": "230", "currency_code": "EUR"}


def test_lists_come_in_pages(paddle: RunningPaddle, browser: httpx.Client) -> None:
    for number in range(5):
        ask(browser, "POST", "/customers", email=f"{number}@example.com")
    seen: list[str] = []
    address = "/customers?per_page=2"
    while address:
        answer = browser.get(address).json()
        seen += [one["email"] for one in answer["data"]]
        pagination = answer["meta"]["pagination"]
        address = pagination["next"] if pagination["has_more"] else ""
    assert sorted(seen) == [f"{number}@example.com" for number in range(5)]


def test_paid_transaction_cannot_be_changed_nor_paid_again(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    sell(browser, paddle)
    (transaction_id,) = paddle.machine.transactions
    path = f"/transactions/{transaction_id}"
    assert refused(browser, "PATCH", path, status="canceled") == "transaction_immutable"
    page = browser.post(f"/buy/{transaction_id}", data={"verb": "pay"})
    assert "Nothing to pay" in page.text
    assert len(paddle.machine.subscriptions) == 1


def test_canceled_transaction_cannot_be_paid(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    items = [{"price_id": VEHICLE, "quantity": 1}]
    made = ask(browser, "POST", "/transactions", items=items, currency_code="JPY")
    assert "Pay 380 JPY" in browser.get(f"/buy/{made['id']}").text
    path = f"/transactions/{made['id']}"
    assert refused(browser, "PATCH", path, status="paid") == "invalid_field"
    ask(browser, "PATCH", path, status="canceled")
    form = {"verb": "pay", "email": "b@example.com"}
    assert "Nothing to pay" in browser.post(f"/buy/{made['id']}", data=form).text
    assert paddle.machine.subscriptions == {}


def test_buyer_without_a_customer_becomes_one(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    items = [{"price_id": SITE, "quantity": 2}]
    made = ask(browser, "POST", "/transactions", items=items)
    form = {"verb": "decline", "email": "b@example.com"}
    assert "declined" in browser.post(f"/buy/{made['id']}", data=form).text
    assert "Paid" in browser.post(f"/buy/{made['id']}", data={"verb": "pay"}).text
    (customer,) = paddle.machine.customers.values()
    assert (customer.email, paddle.subscription().customer_id) == (
        "b@example.com",
        customer.id,
    )
    types = [one.event_type for one in paddle.notifications]
    assert types == [
        "transaction.created",
        "transaction.payment_failed",
        "transaction.paid",
        "subscription.created",
        "subscription.activated",
        "transaction.completed",
    ]


def test_renewals_fall_on_the_last_day_of_short_months(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    sell(browser, paddle)
    assert paddle.subscription().period_end == at("2026-02-28T10:00:00Z")
    paddle.advance(70 * DAY_S)
    assert len(paddle.machine.transactions) == 3
    moments = [one.occurred_at for one in paddle.notifications]
    assert moments == sorted(set(moments))
    cycle = {"interval": "year", "frequency": 1}
    assert period_after(at("2028-02-29T00:00:00Z"), cycle) == at("2029-02-28T00:00:00Z")


def test_trial_is_charged_at_its_end(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    paddle.machine.prices[VEHICLE]["trial_period"] = {"interval": "day", "frequency": 7}
    path = f"/subscriptions/{sell(browser, paddle)}"
    assert ask(browser, "GET", path)["status"] == "trialing"
    items = [{"price_id": VEHICLE, "quantity": 5}]
    ask(browser, "PATCH", path, items=items, proration_billing_mode="do_not_bill")
    assert [one.total for one in paddle.machine.transactions.values()] == [0]
    paddle.advance(8 * DAY_S)
    assert ask(browser, "GET", path)["status"] == "active"
    assert [one.total for one in paddle.machine.transactions.values()] == [0, 1250]


@pytest.mark.parametrize(
    ("state", "verb", "body", "code"),
    [
        ("paused", "pause", {}, "subscription_cannot_be_paused"),
        (
            "active",
            "resume",
            {"effective_from": "immediately"},
            "subscription_not_paused",
        ),
        ("active", "resume", {"effective_from": "later"}, "invalid_field"),
        ("canceled", "cancel", {}, "subscription_is_canceled_action_invalid"),
        ("active", "cancel", {"surprise": 1}, "invalid_field"),
        ("active", "pause", {"effective_from": "never"}, "invalid_field"),
    ],
)
def test_what_the_state_does_not_allow_is_refused(
    paddle: RunningPaddle,
    browser: httpx.Client,
    state: str,
    verb: str,
    body: dict[str, Any],
    code: str,
) -> None:
    path = f"/subscriptions/{sell(browser, paddle)}"
    if state != "active":
        order = {"paused": "pause", "canceled": "cancel"}[state]
        ask(browser, "POST", f"{path}/{order}", effective_from="immediately")
    assert refused(browser, "POST", f"{path}/{verb}", **body) == code


def test_what_is_scheduled_locks_the_subscription(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    path = f"/subscriptions/{sell(browser, paddle)}"
    ask(browser, "POST", f"{path}/cancel")
    change = {
        "items": [{"price_id": VEHICLE, "quantity": 2}],
        "proration_billing_mode": "do_not_bill",
    }
    locked = "subscription_locked_pending_changes"
    assert refused(browser, "PATCH", path, **change) == locked
    assert refused(browser, "POST", f"{path}/cancel") == locked
    odd = {"scheduled_change": {"action": "pause"}}
    assert refused(browser, "PATCH", path, **odd) == "invalid_field"
    ask(browser, "PATCH", path, scheduled_change=None)
    ask(browser, "PATCH", path, **change)
    ask(browser, "POST", f"{path}/cancel", effective_from="immediately")
    assert (
        refused(browser, "PATCH", path, **change)
        == "subscription_is_canceled_action_invalid"
    )
    card = f"{path}/update-payment-method-transaction"
    assert refused(browser, "GET", card) == "subscription_is_canceled_action_invalid"


def test_overdue_subscription_cannot_be_changed(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    path = f"/subscriptions/{sell(browser, paddle)}"
    paddle.subscription().card_works = False
    paddle.advance(30 * DAY_S)
    change = {
        "items": [{"price_id": VEHICLE, "quantity": 2}],
        "proration_billing_mode": "do_not_bill",
    }
    code = "subscription_update_when_past_due"
    assert refused(browser, "PATCH", path, **change) == code


def test_levers_of_the_page_move_things(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    assert "Nobody has subscribed yet." in browser.get("/").text
    name = sell(browser, paddle)
    pull = {"subscription": name}
    browser.post("/", data=pull | {"verb": "break"})
    assert "card fails" in browser.get("/").text
    browser.post("/", data={"verb": "advance", "days": "31"})
    assert paddle.subscription().status == "past_due"
    browser.post("/", data=pull | {"verb": "mend"})
    assert paddle.subscription().card_works is True
    browser.post("/", data=pull | {"verb": "refund"})
    assert paddle.notifications[-1].event_type == "adjustment.updated"
    assert browser.post("/", data=pull | {"verb": "dance"}).status_code == 400
    strange = {"verb": "break", "subscription": "x"}
    assert browser.post("/", data=strange).status_code == 404


def test_levers_for_programs_move_things(
    paddle: RunningPaddle, browser: httpx.Client
) -> None:
    now = browser.post("/_clock", json={"seconds": 60}).json()["now"]
    assert now == "2026-01-31T10:01:00.000000Z"
    browser.post("/_weather", json={"copies": 2})
    assert paddle.desk.sender.weather.copies == 2
    order = {"method": "GET", "path": "/prices/.*", "status": 429, "retry_after_s": 3}
    browser.post("/_faults", json=order)
    answer = browser.get(f"/prices/{VEHICLE}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert browser.get(f"/prices/{VEHICLE}").status_code == 200
    paddle.reset()
    assert paddle.desk.sender.weather.copies == 1


def test_scripts_are_served_to_everybody(paddle: RunningPaddle) -> None:
    with plain_browser() as browser:
        script = browser.get(f"{paddle.url}/paddle.js")
        assert "window.Paddle" in script.text
        assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "postMessage" in browser.get(f"{paddle.url}/checkout.js").text


class Ear:
    """A server that hears notifications; refuses as often as told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.refuse = 0

    def app(self) -> web.Application:
        async def hear(request: web.Request) -> web.Response:
            if self.refuse:
                self.refuse -= 1
                return web.Response(status=500)
            body = await request.read()
            self.heard.append((request.headers["Paddle-Signature"], body))
            return web.Response()

        app = web.Application()
        app.router.add_post("/", hear)
        return app

    def numbers(self) -> list[int]:
        return [json.loads(body)["data"]["number"] for _, body in self.heard]


def speak(ear: Ear, *, wait_for: int, **weather: Any) -> None:
    """Tell three things in some weather, and wait until so many are heard."""

    async def scene(url: str) -> None:
        sender = Sender(url)
        for name, value in weather.items():
            setattr(sender.weather, name, value)
        for number in range(3):
            sender.tell("test.told", at("2026-01-01T00:00:00Z"), {"number": number})
            await asyncio.sleep(0.01)
        end_at = time.monotonic() + 10
        while len(ear.heard) < wait_for and time.monotonic() < end_at:  # noqa: ASYNC110 - the ear is in another thread
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        await sender.close()

    with Serving(ear.app) as serving:
        asyncio.run(scene(serving.url))


def test_notification_is_signed() -> None:
    ear = Ear()
    speak(ear, wait_for=3)
    assert sorted(ear.numbers()) == [0, 1, 2]
    header, body = ear.heard[0]
    ts, _, h1 = header.removeprefix("ts=").partition(";h1=")
    signed = f"{ts}:".encode() + body
    assert hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest() == h1


@pytest.mark.parametrize(
    ("weather", "numbers"),
    [
        ({"copies": 2}, [0, 0, 1, 1, 2, 2]),
        ({"lose": 2}, [2]),
        ({"delay_s": 0.2}, [0, 1, 2]),
    ],
)
def test_weather_of_notifications(weather: dict[str, Any], numbers: list[int]) -> None:
    ear = Ear()
    speak(ear, wait_for=len(numbers), **weather)
    assert sorted(ear.numbers()) == numbers


def test_notifications_can_come_backwards() -> None:
    ear = Ear()
    speak(ear, wait_for=3, reverse_s=0.4)
    assert ear.numbers() == [2, 1, 0]


def test_refused_notification_is_sent_again() -> None:
    ear = Ear()
    ear.refuse = 2
    speak(ear, wait_for=3)
    assert sorted(ear.numbers()) == [0, 1, 2]


def test_notification_to_nobody_is_given_up() -> None:
    async def scene() -> None:
        sender = Sender(f"http://127.0.0.1:{free_port()}")
        sender.tell("test.told", at("2026-01-01T00:00:00Z"), {})
        await asyncio.sleep(0.1)
        await sender.close()

    asyncio.run(scene())


def test_two_secrets_sign_while_one_replaces_the_other() -> None:
    sender = Sender(secrets=("old", "new"))
    assert sender.signature(b"{}", 5).count("h1=") == 2


def test_environment_names_everything() -> None:
    variables = environment("http://localhost:1")
    assert variables["BILLING_PROVIDER"] == "paddle"
    assert Desk("http://localhost:1").public_url == "http://localhost:1"
    assert variables["PADDLE_PRICES"].count("=pri_") == 4


def test_second_start_finds_what_was_sold(
    paddle: RunningPaddle, browser: httpx.Client, tmp_path: Path
) -> None:
    begun = at("2026-01-31T10:00:00Z")
    fresh = Desk("http://localhost:1", clock=Clock(begun))
    take_up(fresh, tmp_path)
    assert fresh.machine.subscriptions == {}
    sell(browser, paddle)
    paddle.subscription().card_works = False
    paddle.advance(29 * DAY_S)
    save(paddle.desk, tmp_path)
    take_up(fresh, tmp_path)
    assert fresh.machine.subscriptions == paddle.machine.subscriptions
    assert fresh.machine.transactions == paddle.machine.transactions
    assert fresh.machine.customers == paddle.machine.customers
    assert fresh.clock.now() == paddle.desk.clock.now()
    assert fresh.machine.invoices == 1


def test_program_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "simulator.paddle", "--port", str(port)),
        *("--public-url", url, "--webhook-url", url, "--checkout-url", url),
        *("--data", str(tmp_path)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert "is ready at" in program.stdout.readline()
        with plain_browser() as browser:
            assert "Simulated Paddle" in browser.get(url).text
        program.terminate()
        assert program.wait(10) == 0
    assert (tmp_path / "paddle.json").exists()
