"""The list of webhooks, one webhook's page, and its removal."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests.factories import client_for, make_bare_grant, make_vehicle
from tests.webhooks.making import VIN, make_attempt, make_delivery, make_endpoint
from webhooks.models import MOST_ENDPOINTS, Attempt, Delivery, Endpoint

pytestmark = pytest.mark.django_db
LIST = "/console/webhooks"


@pytest.fixture
def client(alice: User) -> Client:
    return client_for(alice)


def text_of(answer: Any) -> str:
    """Return the words of an answer's main part, one blank between them."""
    page = answer.content.decode()
    page = page.partition("<main")[2] or page
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def at(endpoint: Endpoint, rest: str = "") -> str:
    """Return the address of a webhook's page."""
    return f"{LIST}/{endpoint.pk}{rest}"


def test_list_of_a_new_user_teaches(client: Client) -> None:
    text = text_of(client.get(LIST))
    assert "0 of 10" in text
    assert "A webhook tells a receiver of yours what happens" in text
    assert text.count("Add webhook") == 1


def test_list_tells_how_each_does(alice: User, client: Client) -> None:
    now = timezone.now()
    good = make_endpoint(alice, name="Home", last_success_at=now)
    for ms in (10, 20, 30):
        make_attempt(good, duration_ms=ms)
    make_attempt(good, http_status=500, error_kind="status")
    make_delivery(good, state=Delivery.State.PENDING)
    make_endpoint(
        alice,
        "https://failing.example.com/hook",
        first_failure_at=now - timedelta(hours=3),
        last_error_kind="timeout",
        dropped_count=7,
    )
    make_endpoint(alice, "https://paused.example.com/", paused_at=now)
    make_endpoint(
        alice,
        "https://gone.example.com/",
        disabled_at=now,
        disabled_reason=Endpoint.Disabled.GONE,
        vins=[VIN],
        kinds=["state", "alerts"],
    )
    make_endpoint(alice, "https://new.example.com/")
    text = text_of(client.get(LIST))
    assert "5 of 10" in text
    home, failing, paused, gone, new = re.split("Open ", text)[:5]
    assert "Home Delivering" in home
    assert "75.0 %" in home
    assert "20 ms" in home
    assert "Waiting 1" in home
    assert "all cars: everything" in home
    assert "failing.example.com Failing since 3 h ago" in failing
    assert "did not answer in time. If nothing is accepted for 21 h more" in failing
    assert "Dropped, too old 7" in failing
    assert "Paused just now" in paused
    assert "Disabled just now" in gone
    assert "answered 410 Gone" in gone
    assert "1 car: state, alerts" in gone
    assert "Nothing sent yet" in new


def test_list_explains_the_limit(alice: User, client: Client) -> None:
    for number in range(MOST_ENDPOINTS):
        make_endpoint(alice, name=f"Number {number}")
    answer = client.get(LIST)
    assert "as many as one login may have" in text_of(answer)
    assert f"{LIST}/add" not in answer.content.decode()


def test_list_shows_one_s_own_alone(alice: User, charlie: User) -> None:
    make_endpoint(alice, name="Secret receiver")
    assert "Secret receiver" not in text_of(client_for(charlie).get(LIST))


def test_page_of_a_new_webhook_teaches(alice: User, client: Client) -> None:
    text = text_of(client.get(at(make_endpoint(alice))))
    assert "receiver.example.com" in text
    assert "Nothing was sent yet" in text
    assert "Send a test event" in text
    assert "KEYFOB_WEBHOOK_SECRET" in text
    assert "Nothing was missed" not in text


def test_log_tells_each_request(alice: User, client: Client) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, name="Red")
    endpoint, later = make_endpoint(alice), timezone.now() + timedelta(hours=2)
    done = make_delivery(endpoint, attempts=1)
    make_attempt(endpoint, done, duration_ms=17)
    again = make_delivery(
        endpoint,
        "alerts",
        state=Delivery.State.PENDING,
        attempts=2,
        tries=2,
        next_at=later,
    )
    for number in (1, 2):
        make_attempt(
            endpoint, again, number=number, http_status=503, error_kind="status"
        )
    make_attempt(endpoint, events=4, http_status=None, error_kind="timeout")
    make_delivery(
        endpoint,
        "credits",
        state=Delivery.State.PENDING,
        purpose=Delivery.Purpose.TEST,
    )
    answer = client.get(at(endpoint))
    page = answer.content.decode()
    rows = [
        html.unescape(" ".join(re.sub(r"<[^>]+>", " ", row).split()))
        for row in re.findall(r"<tr>\s*<td>.*?</tr>", page, re.DOTALL)
    ]
    assert len(rows) == 5
    assert rows[0].startswith("Credits test")
    assert "Waiting" in rows[0]
    assert rows[1].startswith("Telemetry 4 events")
    assert "timeout" in rows[1]
    assert rows[2].startswith("Alerts")
    assert "503 next try" in rows[2]
    assert "Red" in rows[2]
    assert "next try" not in rows[3]
    assert rows[4].startswith("State")
    assert "200" in rows[4]
    assert "17 ms" in rows[4]
    assert f'href="{at(endpoint, f"/deliveries/{done.pk}")}"' in page
    assert re.search(rf'href="{at(endpoint)}/attempts/\d+"', page)


@pytest.mark.parametrize(
    ("outcome", "seen"),
    [
        ("ok", "State"),
        ("bad", "Telemetry errors"),
        ("open", "Alerts"),
        ("missed", "Telemetry errors"),
    ],
)
def test_log_is_narrowed(alice: User, client: Client, outcome: str, seen: str) -> None:
    endpoint = make_endpoint(alice)
    make_attempt(endpoint, make_delivery(endpoint))
    bad = make_delivery(endpoint, "errors", state=Delivery.State.FAILED)
    make_attempt(endpoint, bad, http_status=404, error_kind="status")
    make_delivery(endpoint, "alerts", state=Delivery.State.PENDING)
    page = client.get(at(endpoint, f"?outcome={outcome}")).content.decode()
    (row,) = re.findall(r"<tr>\s*<td>.*?</tr>", page, re.DOTALL)
    assert seen in row
    assert ("Failed</span>" in row) is (outcome == "missed")


@pytest.mark.parametrize("outcome", ["", "open"])
def test_log_goes_on_page_by_page(alice: User, client: Client, outcome: str) -> None:
    endpoint = make_endpoint(alice)
    for _ in range(60):
        if outcome:
            make_delivery(endpoint, state=Delivery.State.PENDING)
        else:
            make_attempt(endpoint)
    address, counts = at(endpoint, f"?outcome={outcome}"), []
    for _ in range(3):
        page = client.get(address).content.decode()
        counts.append(len(re.findall(r"<tr>\s*<td>", page)))
        found = re.search(r'href="([^"]+before=\d+)#log"', page)
        address = html.unescape(found.group(1)) if found else ""
    assert counts == [25, 25, 10]
    assert address == ""
    nothing = client.get(at(endpoint, f"?outcome={outcome}&before=1"))
    assert "nothing of that kind that is older" in text_of(nothing)
    odd = client.get(at(endpoint, "?outcome=odd&before=-1"))
    assert odd.status_code == 200


def test_page_is_asked_again_until_something_changes(
    alice: User, client: Client
) -> None:
    endpoint = make_endpoint(alice)
    pending = make_delivery(endpoint, state=Delivery.State.PENDING)
    htmx = {"HX-Request": "true"}
    page = client.get(at(endpoint)).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "http-equiv" in page
    found = re.search(r'hx-get="([^"]+seen=[^"]+)"', page)
    assert found is not None
    address = html.unescape(found.group(1))
    assert client.get(address, headers=htmx).status_code == 204
    Delivery.objects.filter(pk=pending.pk).update(state=Delivery.State.DELIVERED)
    make_attempt(endpoint, pending)
    part = client.get(address, headers=htmx)
    assert part.status_code == 200
    assert part.content.decode().lstrip().startswith('<div id="live"')
    assert 'hx-trigger="every 10s"' in part.content.decode()


def test_page_says_when_nobody_sends(alice: User, client: Client) -> None:
    endpoint = make_endpoint(alice)
    long_ago = timezone.now() - timedelta(minutes=1)
    make_delivery(endpoint, state=Delivery.State.PENDING, next_at=long_ago)
    assert "Nothing has picked this up yet" in text_of(client.get(at(endpoint)))
    make_attempt(endpoint)
    assert "Nothing has picked this up" not in text_of(client.get(at(endpoint)))
    Attempt.objects.all().delete()
    Endpoint.objects.update(paused_at=timezone.now())
    assert "Nothing has picked this up" not in text_of(client.get(at(endpoint)))


def test_disabled_webhook_offers_what_it_missed(alice: User, client: Client) -> None:
    now = timezone.now()
    endpoint = make_endpoint(
        alice,
        disabled_at=now,
        disabled_reason=Endpoint.Disabled.FAILING,
        last_error_kind="tls",
    )
    make_delivery(endpoint, state=Delivery.State.DISABLED)
    make_delivery(endpoint, state=Delivery.State.FAILED)
    text = text_of(client.get(at(endpoint)))
    assert "Nothing was accepted for 24 hours" in text
    assert "certificate is not trusted" in text
    assert "Enable again and send what it missed (2)" in text
    Endpoint.objects.update(disabled_at=None, disabled_reason="")
    text = text_of(client.get(at(endpoint)))
    assert "Missed: 2 events" in text


def test_settings_say_set_and_no_secret(alice: User, client: Client) -> None:
    endpoint = make_endpoint(
        alice,
        authorization="Bearer opensesame",
        headers={"X-Api-Key": "opensesame"},
        vins=[VIN],
        verify_tls=False,
        batch_ms=500,
        batch_max=20,
    )
    for address in (at(endpoint), at(endpoint, "/remove"), LIST):
        answer = client.get(address)
        assert b"opensesame" not in answer.content
        assert not re.search(rb"whsec_[A-Za-z0-9+/]{20}", answer.content)
    text = text_of(client.get(at(endpoint)))
    assert "Authorization set" in text
    assert "Not checked" in text
    assert "A car that you do not see" in text
    assert "Up to 20 events of 500 ms" in text


def test_names_are_text_everywhere(alice: User, client: Client) -> None:
    odd = "<script>alert(1)</script>"
    endpoint = make_endpoint(alice, name=odd)
    for rest in ("", "/remove"):
        page = client.get(at(endpoint, rest)).content.decode()
        assert odd not in page
        assert "&lt;script&gt;alert(1)" in page


def test_remove_asks_once_and_removes(alice: User, client: Client) -> None:
    endpoint = make_endpoint(alice, name="Old one")
    make_delivery(endpoint, state=Delivery.State.PENDING)
    text = text_of(client.get(at(endpoint, "/remove")))
    assert "Remove Old one?" in text
    assert "(1 event)" in text
    assert Endpoint.objects.count() == 1
    answer = client.post(at(endpoint, "/remove"), follow=True)
    assert "Old one is removed." in text_of(answer)
    assert Endpoint.objects.count() == Delivery.objects.count() == 0
    assert AuditEntry.objects.filter(action="webhook.removed").count() == 1


def test_pages_want_a_sign_in(alice: User) -> None:
    endpoint = make_endpoint(alice)
    for address in (LIST, at(endpoint), at(endpoint, "/remove")):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=")
