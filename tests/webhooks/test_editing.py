"""The forms of a webhook: adding one shows its secret once, changing keeps what is set."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEntry, User
from tests.factories import client_for, make_bare_grant, make_vehicle
from tests.tokens.helpers import proved
from tests.webhooks.making import URL, VIN, make_endpoint
from tests.webhooks.test_pages import text_of
from webhooks import words
from webhooks.models import MOST_ENDPOINTS, Endpoint, Kind
from webhooks.services import sealing

pytestmark = pytest.mark.django_db
ADD = "/console/webhooks/add"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,}")


@pytest.fixture(autouse=True)
def _nothing_is_open(settings: Settings) -> None:
    """Send into no private network, as it is where nobody set anything."""
    settings.WEBHOOKS_PRIVATE_NETWORKS = []


@pytest.fixture
def client(alice: User) -> Client:
    return proved(client_for(alice))


def filled(**fields: Any) -> dict[str, Any]:
    """Return a form as the page would send it, with these fields otherwise."""
    plain = {
        "form_id": "",
        "url": URL,
        "format": "teslemetry",
        "kinds": ["state"],
        "which_cars": "all",
        "verify_tls": "on",
        "max_rate": "10",
        "batch_ms": "0",
        "batch_max": "1",
    }
    return {**plain, **fields}


def test_form_explains_what_can_be_chosen(alice: User, client: Client) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, name="Red")
    answer = client.get(ADD)
    text, page = text_of(answer), answer.content.decode()
    for told in (*words.KINDS.values(), *words.FORMATS.values()):
        assert told.title in text
        assert told.words in text
    assert '{"key":"BatteryLevel","value":{"doubleValue":81.5}}' in text
    assert "Red" in text
    assert "WEBHOOKS_PRIVATE_NETWORKS" in text
    assert page.count('name="kinds" value=') == page.count("checked") - 3
    assert "no-store" in answer["Cache-Control"]


def test_form_names_the_networks_that_are_open(
    client: Client, settings: Settings
) -> None:
    settings.WEBHOOKS_PRIVATE_NETWORKS = ["192.168.0.0/16"]
    text = text_of(client.get(ADD))
    assert "plain http:// inside 192.168.0.0/16" in text
    assert "No car is known yet" in text


def test_car_named_in_the_address_is_chosen_already(
    alice: User, client: Client
) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN)
    page = client.get(f"{ADD}?vin={VIN}").content.decode()
    assert re.search(rf'value="{VIN}"[^>]*checked', page)
    assert re.search(r'value="some"[^>]*checked', page)
    other = client.get(f"{ADD}?vin=5YJ3E1EA4PF999999").content.decode()
    assert re.search(r'value="all"[^>]*checked', other)


def test_add_shows_the_secret_once(alice: User, client: Client) -> None:
    answer = client.post(ADD, filled(name="Home", kinds=["state", "data"]))
    (secret,) = set(SECRET.findall(answer.content.decode()))
    row = Endpoint.objects.get()
    assert (row.user, row.url, row.name) == (alice, URL, "Home")
    assert (row.kinds, row.vins, row.verify_tls) == (["data", "state"], [], True)
    assert sealing.take(row, "secret_sealed") == secret
    assert "no-store" in answer["Cache-Control"].split(", ")
    assert secret not in client.get(f"/console/webhooks/{row.pk}").content.decode()
    assert secret not in str(dict(client.session))
    assert AuditEntry.objects.filter(action="webhook.added").count() == 1


def test_answer_loaded_again_adds_no_second(client: Client) -> None:
    page = client.get(ADD).content.decode()
    found = re.search(r'name="form_id" value="([0-9a-f]{32})"', page)
    assert found is not None
    form = filled(form_id=found.group(1))
    assert client.post(ADD, form).status_code == 200
    again = client.post(ADD, form, follow=True)
    assert "was added already" in text_of(again)
    assert Endpoint.objects.count() == 1


def test_add_keeps_all_that_is_said(alice: User, client: Client) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN)
    form = filled(
        format="splunk",
        which_cars="some",
        vins=[VIN],
        authorization="Splunk 123",
        header_name_0="X-One",
        header_value_0="1",
        header_name_3="X-Two",
        header_value_3="2",
        max_rate="5",
        batch_ms="500",
        batch_max="20",
    )
    del form["verify_tls"]
    answer = client.post(ADD, form)
    assert answer.status_code == 200
    row = Endpoint.objects.get()
    assert (row.format, row.vins, row.verify_tls) == ("splunk", [VIN], False)
    assert (row.max_rate, row.batch_ms, row.batch_max) == (5, 500, 20)
    assert sealing.authorization(row) == "Splunk 123"
    assert sealing.headers(row) == {"X-One": "1", "X-Two": "2"}
    assert b"Splunk 123" not in answer.content


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": ""}, "Type the address of your receiver."),
        ({"url": "http://example.com/"}, "It must begin with https://."),
        ({"url": "https://user:pw@example.com/"}, "Put no user name or password in it"),
        ({"url": "https://example.com:22/"}, "not sent to port 22"),
        ({"url": "https://127.0.0.1/"}, "It leads into a private network."),
        ({"url": "https://[::ffff:7f00:1]/"}, "It leads into a private network."),
        ({"url": "https://2130706433/"}, "It leads into a private network."),
        ({"kinds": []}, "Choose at least one kind of news."),
        ({"kinds": ["config"]}, "Select a valid choice"),
        ({"format": "xml"}, "Select a valid choice"),
        ({"which_cars": "some"}, "Choose at least one car, or all."),
        ({"which_cars": "some", "vins": [VIN]}, "Select a valid choice"),
        ({"max_rate": "51"}, "less than or equal to 50"),
        ({"batch_ms": "10001"}, "less than or equal to 10000"),
        ({"batch_max": "101"}, "less than or equal to 100"),
        ({"batch_ms": "5"}, "allow more than one in a request"),
        ({"header_value_0": "x"}, "This value has no name."),
        ({"header_name_0": "X-One"}, "This header has no value."),
        ({"header_name_0": "Host", "header_value_0": "x"}, "Host is set by Keyfob"),
        (
            {"header_name_0": "X: y", "header_value_0": "x"},
            "letters, digits and hyphens",
        ),
        ({"header_name_0": "X-One", "header_value_0": "a\r\nB: c"}, "one line"),
        ({"authorization": "a\r\nB: c"}, "one line"),
        ({"name": "x" * 81}, "at most 80 characters"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    client: Client, fields: dict[str, Any], said: str
) -> None:
    answer = client.post(ADD, filled(**fields))
    assert answer.status_code == 400
    assert said in text_of(answer)
    assert Endpoint.objects.count() == 0


def test_typed_secrets_are_not_sent_back(client: Client) -> None:
    form = filled(url="", authorization="opensesame", header_value_0="opensesame")
    assert b"opensesame" not in client.post(ADD, form).content


def test_other_fields_are_not_heard(alice: User, bob: User, client: Client) -> None:
    extra = {"user": str(bob.pk), "secret_sealed": "x", "delivered_count": "9"}
    client.post(ADD, filled(**extra))
    row = Endpoint.objects.get()
    assert (row.user, row.delivered_count) == (alice, 0)
    assert row.secret_sealed != "x"


def test_eleventh_is_refused_in_words(alice: User, client: Client) -> None:
    for _ in range(MOST_ENDPOINTS):
        make_endpoint(alice)
    assert "as many as one login may have" in text_of(client.get(ADD))
    answer = client.post(ADD, filled())
    assert answer.status_code == 409
    assert "as many as one login may have" in text_of(answer)
    assert Endpoint.objects.count() == MOST_ENDPOINTS


def test_old_sign_in_is_proved_before_anything_is_typed(alice: User) -> None:
    client = client_for(alice)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    change = f"/console/webhooks/{make_endpoint(alice).pk}/change"
    for address in (ADD, change):
        for answer in (client.get(address), client.post(address, filled())):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert Endpoint.objects.count() == 1


def test_change_keeps_secrets_that_are_not_typed_anew(
    alice: User, client: Client
) -> None:
    kept = {"X-One": "opensesame", "X-Two": "opensesame"}
    row = make_endpoint(alice, authorization="opensesame", headers=kept)
    address = f"/console/webhooks/{row.pk}/change"
    page = client.get(address).content.decode()
    assert "opensesame" not in page
    assert page.count('<span class="tag ok">set</span>') == 3
    form = filled(
        url="https://new.example.com/",
        header_name_0="X-One",
        header_name_1="X-Three",
        header_value_1="new",
    )
    answer = client.post(address, form, follow=True)
    assert "Changed. The next request goes by it." in text_of(answer)
    row.refresh_from_db()
    assert row.url == "https://new.example.com/"
    assert sealing.headers(row) == {"X-One": "opensesame", "X-Three": "new"}
    assert sealing.authorization(row) == "opensesame"
    client.post(address, filled(authorization="another"))
    row.refresh_from_db()
    assert sealing.authorization(row) == "another"
    client.post(address, filled(forget_authorization="on"))
    row.refresh_from_db()
    assert sealing.authorization(row) == ""
    assert sealing.headers(row) == {}
    assert AuditEntry.objects.filter(action="webhook.changed").count() == 3


def test_change_that_cannot_be_changes_nothing(alice: User, client: Client) -> None:
    row = make_endpoint(alice, verify_tls=False)
    address = f"/console/webhooks/{row.pk}/change"
    assert client.get(address).content.decode().count("<details open>") == 1
    for url in ("https://10.0.0.1/", ""):
        answer = client.post(address, filled(url=url, kinds=list(Kind.values)))
        assert answer.status_code == 400
    row.refresh_from_db()
    assert (row.url, row.verify_tls) == (URL, False)


def test_headers_that_no_key_opens_are_typed_anew(alice: User, client: Client) -> None:
    row = make_endpoint(alice, headers={"X-One": "1"})
    Endpoint.objects.update(headers_sealed="v1:gone:AAAA")
    address = f"/console/webhooks/{row.pk}/change"
    assert client.get(address).status_code == 200
    answer = client.post(address, filled(header_name_0="X-One"))
    assert "This header has no value." in text_of(answer)
