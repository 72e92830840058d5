"""Roll the secret, pause, resume, test, send again; and a line of the log, opened."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from tests.factories import client_for, make_bare_grant, make_vehicle
from tests.tokens.helpers import proved
from tests.webhooks.making import VIN, make_attempt, make_delivery, make_endpoint
from tests.webhooks.test_editing import SECRET
from tests.webhooks.test_pages import at, text_of
from webhooks import log
from webhooks.models import Attempt, Delivery, Endpoint, Kind
from webhooks.services import sealing

pytestmark = pytest.mark.django_db
FAILED, PENDING = Delivery.State.FAILED, Delivery.State.PENDING


@pytest.fixture
def client(alice: User) -> Client:
    return proved(client_for(alice))


@pytest.fixture
def endpoint(alice: User) -> Endpoint:
    return make_endpoint(alice, name="Home")


def test_roll_shows_a_new_secret_once(client: Client, endpoint: Endpoint) -> None:
    address, old = at(endpoint, "/secret"), sealing.take(endpoint, "secret_sealed")
    page = client.get(address).content.decode()
    assert "stops working at once" not in page
    found = re.search(r'name="stand" value="([^"]+)"', page)
    assert found is not None
    answer = client.post(address, {"stand": found.group(1)})
    (secret,) = set(SECRET.findall(answer.content.decode()))
    endpoint.refresh_from_db()
    assert sealing.take(endpoint, "secret_sealed") == secret != old
    assert sealing.take(endpoint, "old_secret_sealed") == old
    assert "24 hours more" in text_of(answer)
    assert "no-store" in answer["Cache-Control"]
    again = client.post(address, {"stand": found.group(1)}, follow=True)
    assert "rolled already" in text_of(again)
    assert not SECRET.search(again.content.decode())
    endpoint.refresh_from_db()
    assert sealing.take(endpoint, "secret_sealed") == secret
    assert "stops working at once" in client.get(address).content.decode()
    assert AuditEntry.objects.filter(action="webhook.secret_rolled").count() == 1


def test_secret_that_no_key_opens_can_be_rolled_once(
    client: Client, endpoint: Endpoint
) -> None:
    Endpoint.objects.update(secret_sealed="v1:gone:AAAA")
    address = at(endpoint, "/secret")
    assert "can no longer be decrypted" in text_of(client.get(address))
    answer = client.post(address, {"stand": "first"})
    (secret,) = set(SECRET.findall(answer.content.decode()))
    assert "24 hours more" not in text_of(answer)
    again = client.post(address, {"stand": "first"}, follow=True)
    assert "rolled already" in text_of(again)
    endpoint.refresh_from_db()
    assert sealing.take(endpoint, "secret_sealed") == secret


def test_page_says_which_secret_to_renew(client: Client, endpoint: Endpoint) -> None:
    Endpoint.objects.update(
        first_failure_at=timezone.now(), last_error_kind="secrets_unreadable"
    )
    said = {
        "secret_sealed": "Roll it.",
        "authorization_sealed": "Its Authorization can no longer be decrypted.",
        "headers_sealed": "Its headers can no longer be decrypted.",
    }
    for column, words in said.items():
        before = getattr(endpoint, column)
        Endpoint.objects.update(**{column: "v1:gone:AAAA"})
        text = text_of(client.get(at(endpoint)))
        assert [one for one in said.values() if one in text] == [words]
        assert "it is disabled" not in text
        Endpoint.objects.update(**{column: before})


def test_roll_wants_a_proof(alice: User, endpoint: Endpoint) -> None:
    client = client_for(alice)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    for answer in (
        client.get(at(endpoint, "/secret")),
        client.post(at(endpoint, "/secret"), {"stand": "first"}),
    ):
        assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    endpoint.refresh_from_db()
    assert endpoint.old_secret_until is None


def test_pause_and_resume(client: Client, endpoint: Endpoint) -> None:
    text = text_of(client.post(at(endpoint, "/pause"), follow=True))
    assert "Paused. Events wait" in text
    endpoint.refresh_from_db()
    paused_at = endpoint.paused_at
    assert paused_at is not None
    client.post(at(endpoint, "/pause"))
    endpoint.refresh_from_db()
    assert endpoint.paused_at == paused_at
    text = text_of(client.post(at(endpoint, "/resume"), follow=True))
    assert "It is sent to again." in text
    endpoint.refresh_from_db()
    assert endpoint.is_sending
    client.post(at(endpoint, "/resume"))
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert sorted(a for a in actions if a.startswith("webhook")) == [
        "webhook.added",
        "webhook.paused",
        "webhook.resumed",
    ]


@pytest.mark.parametrize(("wanted", "waiting"), [("yes", 2), ("no", 0)])
def test_enable_again_sends_what_was_missed_on_demand(
    client: Client, endpoint: Endpoint, wanted: str, waiting: int
) -> None:
    make_delivery(endpoint, state=Delivery.State.DISABLED)
    make_delivery(endpoint, state=FAILED)
    make_delivery(endpoint, state=FAILED, purpose=Delivery.Purpose.TEST)
    make_delivery(endpoint)
    Endpoint.objects.update(
        disabled_at=timezone.now(), disabled_reason=Endpoint.Disabled.FAILING
    )
    answer = client.post(at(endpoint, "/resume"), {"missed": wanted}, follow=True)
    assert "It is sent to again" in text_of(answer)
    assert Delivery.objects.filter(state=PENDING).count() == waiting
    endpoint.refresh_from_db()
    assert endpoint.is_sending


@pytest.mark.parametrize("kind", Kind.values)
def test_test_of_each_kind_is_sent(
    client: Client, endpoint: Endpoint, kind: str
) -> None:
    answer = client.post(at(endpoint, "/test"), {"kind": kind})
    sent = Delivery.objects.get()
    assert (sent.purpose, sent.state, sent.message.topic) == ("test", PENDING, kind)
    assert answer["Location"] == at(endpoint, f"/deliveries/{sent.pk}")
    text = text_of(client.get(answer["Location"]))
    assert "On its way." in text
    assert '{"createdAt":' in text


def test_tests_are_not_sent_without_end(client: Client, endpoint: Endpoint) -> None:
    for _ in range(log.MOST_TESTS):
        client.post(at(endpoint, "/test"), {"kind": "state"})
    answer = client.post(at(endpoint, "/test"), {"kind": "state"}, follow=True)
    assert "Wait until the tests before this one are sent." in text_of(answer)
    assert Delivery.objects.count() == log.MOST_TESTS
    assert client.post(at(endpoint, "/test"), {"kind": "x"}).status_code == 400


def test_resend_puts_it_back(client: Client, endpoint: Endpoint) -> None:
    row = make_delivery(endpoint, state=FAILED, attempts=3, tries=3)
    make_attempt(endpoint, row, http_status=500, error_kind="status", number=3)
    address = at(endpoint, f"/deliveries/{row.pk}")
    assert "Resend" in text_of(client.get(address))
    answer = client.post(f"{address}/resend")
    assert answer["Location"] == address
    row.refresh_from_db()
    assert row.state == PENDING
    assert "On its way." in text_of(client.get(address))


def test_nothing_is_resent_while_disabled(client: Client, endpoint: Endpoint) -> None:
    row = make_delivery(endpoint, state=FAILED)
    Endpoint.objects.update(disabled_at=timezone.now(), disabled_reason="gone")
    for answer in (
        client.post(at(endpoint, f"/deliveries/{row.pk}/resend"), follow=True),
        client.post(at(endpoint, "/resend"), {"hours": "24"}, follow=True),
    ):
        assert "Enable it again first." in text_of(answer)
    row.refresh_from_db()
    assert row.state == FAILED
    assert "Resend" not in text_of(client.get(at(endpoint, f"/deliveries/{row.pk}")))


def test_all_missed_since_are_resent(client: Client, endpoint: Endpoint) -> None:
    now = timezone.now()
    for ago_h in (0.5, 2, 48):
        at_ = now - timedelta(hours=ago_h)
        make_delivery(endpoint, state=FAILED, occurred_at=at_)
    said = []
    for hours in ("1", "6", "6", "720"):
        answer = client.post(at(endpoint, "/resend"), {"hours": hours}, follow=True)
        found = re.search(
            r"(\d events? (is|are)|Nothing of that time)", text_of(answer)
        )
        said.append(found.group(1) if found else "")
    assert said == ["1 event is", "1 event is", "Nothing of that time", "1 event is"]
    assert client.post(at(endpoint, "/resend"), {"hours": "5"}).status_code == 400


def test_delivery_opens_with_each_try(
    alice: User, client: Client, endpoint: Endpoint
) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, name="Red")
    odd = "<script>alert(1)</script>"
    row = make_delivery(endpoint, attempts=2)
    make_attempt(
        endpoint, row, http_status=502, error_kind="status", response_excerpt=odd
    )
    make_attempt(endpoint, row, number=2, response_excerpt="")
    answer = client.get(at(endpoint, f"/deliveries/{row.pk}"))
    text, page = text_of(answer), answer.content.decode()
    assert odd not in page
    assert re.search(r"<pre[^>]*>&lt;script&gt;alert\(1\)&lt;/script&gt;</pre>", page)
    assert text.index("Try 2: 200") < text.index("Try 1: 502")
    assert "The receiver has a fault of its own." in text
    assert "webhook-id: msg_1 authorization: ***" in text
    assert "It had no body." in text
    assert "Red" in text
    assert "198.51.100.7" in text
    assert "Accepted" in text


def test_delivery_without_an_answer_says_why(
    client: Client, endpoint: Endpoint
) -> None:
    later = timezone.now() + timedelta(hours=1)
    row = make_delivery(endpoint, state=PENDING, attempts=1, tries=1, next_at=later)
    make_attempt(endpoint, row, http_status=None, error_kind="dns", response_excerpt="")
    text = text_of(client.get(at(endpoint, f"/deliveries/{row.pk}")))
    assert "name could not be found" in text
    assert "No answer came." in text
    assert "Send it now" in text
    assert "Next try" in text


def test_delivery_says_what_it_waits_for(client: Client, endpoint: Endpoint) -> None:
    now = timezone.now()
    row = make_delivery(endpoint, state=PENDING)
    address = at(endpoint, f"/deliveries/{row.pk}")
    for columns, said in (
        ({"paused_at": now}, "It is sent when the webhook is resumed."),
        (
            {"paused_at": None, "closed_until": now + timedelta(minutes=5)},
            "The receiver has failed several times on end.",
        ),
    ):
        Endpoint.objects.update(**columns)
        text = text_of(client.get(address))
        assert said in text
        assert "On its way." not in text
        assert "Send it now" not in text
        page = client.get(at(endpoint)).content.decode()
        assert 'hx-trigger="every 10s"' in page
    Delivery.objects.update(purpose=Delivery.Purpose.TEST)
    assert "On its way." in text_of(client.get(address))


@pytest.mark.parametrize("state", ["expired", "disabled"])
def test_delivery_that_was_given_up_says_so(
    client: Client, endpoint: Endpoint, state: str
) -> None:
    row = make_delivery(endpoint, state=state)
    text = text_of(client.get(at(endpoint, f"/deliveries/{row.pk}")))
    assert {"expired": "Too old", "disabled": "Not sent: disabled"}[state] in text


def test_delivery_is_asked_again_until_it_is_there(
    client: Client, endpoint: Endpoint
) -> None:
    row = make_delivery(endpoint, state=PENDING)
    address, htmx = at(endpoint, f"/deliveries/{row.pk}"), {"HX-Request": "true"}
    page = client.get(address).content.decode()
    assert "http-equiv" in page
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found is not None
    assert client.get(found.group(1), headers=htmx).status_code == 204
    Delivery.objects.filter(pk=row.pk).update(state="ok", attempts=1)
    part = client.get(found.group(1), headers=htmx)
    assert "hx-get" not in part.content.decode()
    assert "<html" not in part.content.decode()


def test_telemetry_opens_as_one_request(client: Client, endpoint: Endpoint) -> None:
    row = make_attempt(endpoint, events=3)
    text = text_of(client.get(at(endpoint, f"/attempts/{row.pk}")))
    assert "Telemetry is not sent again" in text
    assert "Try 1: 200" in text


def test_things_of_another_webhook_are_not_found_there(
    alice: User, client: Client, endpoint: Endpoint
) -> None:
    other = make_endpoint(alice)
    row = make_delivery(other, state=FAILED)
    tried = make_attempt(other, row)
    assert client.get(at(endpoint, f"/deliveries/{row.pk}")).status_code == 404
    assert client.post(at(endpoint, f"/deliveries/{row.pk}/resend")).status_code == 404
    assert client.get(at(endpoint, f"/attempts/{tried.pk}")).status_code == 404
    row.refresh_from_db()
    assert row.state == FAILED


def test_stranger_can_do_nothing(
    charlie: User, endpoint: Endpoint, client_of: Callable[[User], Client]
) -> None:
    stranger = proved(client_of(charlie))
    row = make_delivery(endpoint, state=FAILED)
    tried = make_attempt(endpoint, row)
    acts = (
        *("/pause", "/resume", "/test", "/resend", "/remove", "/secret", "/change"),
        f"/deliveries/{row.pk}/resend",
    )
    for act in acts:
        form = {"kind": "state", "hours": "24", "stand": "first"}
        assert stranger.post(at(endpoint, act), form).status_code == 404, act
    looks = ("", "/remove", "/secret", "/change", f"/deliveries/{row.pk}")
    for look in (*looks, f"/attempts/{tried.pk}"):
        assert stranger.get(at(endpoint, look)).status_code == 404, look
    endpoint.refresh_from_db()
    assert endpoint.is_sending
    assert (Delivery.objects.count(), Attempt.objects.count()) == (1, 1)


def test_acts_are_no_links(client: Client, endpoint: Endpoint) -> None:
    for act in ("/pause", "/resume", "/test", "/resend"):
        assert client.get(at(endpoint, act)).status_code == 405
