"""How connected programs get their tokens, and how those who may not get none."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from accounts.services import ending
from tests.tokens.connecting import (
    CALLBACK,
    HOMEY,
    MY,
    TOKEN,
    Installation,
    error,
    exchanged,
    holder,
    migrate,
    post,
    post_json,
    refresh,
)
from tokens import auth, tasks
from tokens.models import MOST_ACCESS_TOKENS, AccessToken, ConnectCode, HourlyToken
from tokens.services import access_tokens, connections

pytestmark = pytest.mark.django_db(transaction=True)


def test_code_is_turned_into_tokens(alice: User, alices_client: Client) -> None:
    one = Installation()
    answer = one.exchange(one.allowed(alices_client))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    tokens = answer.json()
    assert tokens.keys() == {
        "access_token",
        "refresh_token",
        "expires_in",
        "token_type",
    }
    assert (tokens["expires_in"], tokens["token_type"]) == (3600, "Bearer")
    row = AccessToken.objects.get()
    assert (row.user, row.name) == (alice, "Home Assistant · Home")
    assert (row.client_id, row.digest) == ("homeassistant", None)
    assert holder(tokens["access_token"]) == auth.Caller(row.pk, alice.pk, row.name)
    kept = str([*AccessToken.objects.values(), *HourlyToken.objects.values()])
    for text in (tokens["access_token"], tokens["refresh_token"]):
        assert text not in kept
        assert access_tokens.digest(text) in kept


def test_json_is_read_as_forms_are(alices_client: Client) -> None:
    one = Installation(HOMEY, client_id="homey")
    answer = post_json(
        grant_type="authorization_code",
        code=one.allowed(alices_client),
        redirect_uri=one.query["redirect_uri"],
        client_id="homey",
        code_verifier=one.verifier,
        software_version=None,
    )
    assert answer.status_code == 200
    assert AccessToken.objects.get().name == "Homey · Home"


def test_code_that_comes_twice_ends_what_it_gave(alices_client: Client) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    tokens = one.exchange(code).json()
    other = Installation().connect(alices_client)
    assert error(one.exchange(code, code_verifier="y" * 43)) == (400, "invalid_grant")
    assert holder(tokens["access_token"]) is None
    assert error(refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert holder(other["access_token"]) is not None
    assert AuditEntry.objects.filter(action="program.ended").count() == 1
    assert error(one.exchange(code)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "other",
    [
        {"code_verifier": "x" * 43},
        {"client_id": "homey"},
        {"redirect_uri": MY},
        {"redirect_uri": CALLBACK + "/"},
        {"code": "kfc_" + "0" * 38},
        {"code": "x\x00y"},
    ],
)
def test_code_is_good_for_who_asked_for_it_alone(
    alices_client: Client, other: dict[str, str]
) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    assert error(one.exchange(**{"code": code, **other})) == (400, "invalid_grant")
    assert AccessToken.objects.count() == 0
    # A guess costs the program nothing.
    assert one.exchange(code).status_code == 200


def test_challenge_is_no_verifier(alices_client: Client) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    answer = one.exchange(code, code_verifier=one.query["code_challenge"])
    assert error(answer) == (400, "invalid_grant")


def test_code_expires(alices_client: Client) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    with time_machine.travel(timezone.now() + connections.CODE_LIFE):
        assert error(one.exchange(code)) == (400, "invalid_grant")
        tasks.forget_expired_tokens()
    assert ConnectCode.objects.count() == 0


@pytest.mark.parametrize("name", ["grant_type", "client_id", "code", "redirect_uri"])
def test_what_is_missing_is_named(alices_client: Client, name: str) -> None:
    answer = Installation().exchange(**{"code": "kfc_x", name: ""})
    assert error(answer) == (400, "invalid_request")
    assert answer.json()["error_description"] == f"{name} is missing."


def test_others_are_told_what_is_wrong() -> None:
    code = {"grant_type": "authorization_code", "code": "x", "redirect_uri": MY}
    assert error(post(**code, client_id="evil")) == (400, "invalid_client")
    odd = post(grant_type="password", client_id="homeassistant")
    assert error(odd) == (400, "unsupported_grant_type")
    for kind, text in (
        ("text/plain", "grant_type=refresh_token"),
        ("application/json", "[1]"),
        ("application/json", '{"a": "1", "a": "2"}'),
        ("application/json", "{" * 3000),
        ("application/json", "\ufeff{"),
        ("application/x-www-form-urlencoded", "client_id=a&client_id=b"),
        ("application/x-www-form-urlencoded", "&".join(["a=1"] * 31)),
        ("application/x-www-form-urlencoded", "a=" + "x" * 20_000),
    ):
        answer = Client().post(TOKEN, text, content_type=kind)
        assert error(answer) == (400, "invalid_request"), text[:30]
    wrong = Client().get(TOKEN)
    assert error(wrong) == (405, "invalid_request")
    assert wrong["Allow"] == "POST"
    bytes_ = Client().post(TOKEN, b"\xff", content_type="application/json")
    assert error(bytes_) == (400, "invalid_request")


def test_refresh_gives_another_hour_and_keeps_the_refresh_token(
    alices_client: Client,
) -> None:
    tokens = Installation().connect(alices_client)
    for _ in range(2):
        answer = refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        assert answer.json()["refresh_token"] == tokens["refresh_token"]
        assert answer.json()["expires_in"] == 3600
        new = answer.json()["access_token"]
        assert holder(new) is not None
        # The answer may be lost: then the program goes on with what it has.
        assert holder(tokens["access_token"]) is not None
    assert AccessToken.objects.count() == 1
    assert HourlyToken.objects.count() == 3


def test_hourly_token_ends_and_is_swept_and_the_next_one_works(
    alices_client: Client,
) -> None:
    tokens = Installation().connect(alices_client)
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=59)):
        assert holder(tokens["access_token"]) is not None
    with time_machine.travel(now + timedelta(minutes=61)):
        assert holder(tokens["access_token"]) is None
        tasks.forget_expired_tokens()
        assert HourlyToken.objects.count() == 0
        new = refresh(tokens["refresh_token"]).json()
        assert holder(new["access_token"]) is not None
    with time_machine.travel(now + timedelta(days=3650)):
        assert refresh(tokens["refresh_token"]).status_code == 200
        assert HourlyToken.objects.count() == 1


def test_few_hourly_tokens_are_kept(alices_client: Client) -> None:
    tokens = Installation().connect(alices_client)
    given = [refresh(tokens["refresh_token"]).json()["access_token"] for _ in range(12)]
    assert HourlyToken.objects.count() == connections.MOST_HOURLY_TOKENS
    assert [holder(text) is not None for text in given] == [False] * 2 + [True] * 10


@pytest.mark.parametrize("kind", ["access_token", "code", "junk"])
def test_what_is_no_refresh_token_refreshes_nothing(
    alices_client: Client, kind: str
) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    tokens = one.exchange(code).json()
    _, console_token = access_tokens.issue(User.objects.get(), "console")
    texts = {
        "access_token": [tokens["access_token"], console_token],
        "code": [code],
        "junk": ["x", "kfr_" + "0" * 38],
    }
    for text in texts[kind]:
        assert error(refresh(text)) == (400, "invalid_grant")
    assert error(refresh(tokens["refresh_token"], "homey")) == (400, "invalid_grant")
    assert refresh(tokens["refresh_token"]).status_code == 200


def test_refresh_token_and_code_open_no_door(alices_client: Client) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    tokens = one.exchange(code).json()
    for text in (code, tokens["refresh_token"]):
        assert not access_tokens.is_well_formed(text)
        assert auth.holder(access_tokens.digest(text)) is None


def test_removal_ends_all_tokens_at_once(alices_client: Client) -> None:
    tokens = Installation().connect(alices_client)
    new = refresh(tokens["refresh_token"]).json()
    row = AccessToken.objects.get()
    assert row.pk in auth.holders_of([row.pk])
    alices_client.post(f"/console/tokens/{row.pk}/remove")
    assert auth.holders_of([row.pk]) == {}
    for text in (tokens["access_token"], new["access_token"]):
        assert holder(text) is None
    answer = refresh(tokens["refresh_token"])
    assert error(answer) == (400, "invalid_grant")
    assert "Connect again" in answer.json()["error_description"]


def test_suspended_and_leaving_people_get_nothing(
    alice: User, alices_client: Client
) -> None:
    one = Installation()
    tokens = Installation().connect(alices_client)
    code = one.allowed(alices_client)
    _, text = access_tokens.issue(alice, "console")
    ending.lock_out(alice)
    assert holder(tokens["access_token"]) is None
    assert error(refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert error(one.exchange(code)) == (400, "invalid_grant")
    assert error(migrate(text)) == (400, "invalid_grant")
    assert AccessToken.objects.count() == 2


def test_full_list_keeps_the_code_for_a_second_try(
    alice: User, alices_client: Client
) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    for number in range(MOST_ACCESS_TOKENS):
        access_tokens.issue(alice, str(number))
    answer = one.exchange(code)
    assert error(answer) == (400, "invalid_grant")
    assert "10 access tokens" in answer.json()["error_description"]
    access_tokens.remove(AccessToken.objects.all()[0])
    assert one.exchange(code).status_code == 200


def test_connection_counts_as_one_token(alice: User, alices_client: Client) -> None:
    tokens = Installation().connect(alices_client)
    refresh(tokens["refresh_token"])
    for number in range(MOST_ACCESS_TOKENS - 1):
        access_tokens.issue(alice, str(number))
    with pytest.raises(access_tokens.TooManyAccessTokens):
        access_tokens.issue(alice, "one more")


def test_use_of_an_hourly_token_is_noted_at_its_connection(
    alices_client: Client,
) -> None:
    tokens = Installation().connect(alices_client)
    now = timezone.now()
    digest = access_tokens.digest(tokens["access_token"])
    assert access_tokens.touch({digest: (now, "HA/2026.11")}) == 1
    row = AccessToken.objects.get()
    assert (row.last_used_at, row.last_used_by) == (now, "HA/2026.11")


def test_nothing_given_is_in_what_is_shown_of_it(alices_client: Client) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    pair = exchanged(code, one)
    for text in (pair.access_token, pair.refresh_token, code):
        assert text not in repr(pair)
    assert str(HourlyToken.objects.get()).startswith("until 20")
