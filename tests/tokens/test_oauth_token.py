"""How connected programs get their tokens, and how those who may not get none."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, connections as databases
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
from tests.tokens.helpers import fresh_client
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
    assert auth.holder_of(row.pk) is not None
    alices_client.post(f"/console/tokens/{row.pk}/remove")
    assert auth.holder_of(row.pk) is None
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


@pytest.mark.parametrize("how", ["both", "header", "body"])
def test_migrate_makes_a_connection_and_keeps_the_token(alice: User, how: str) -> None:
    old, text = access_tokens.issue(alice, "pasted")
    answer = migrate(text, how=how)
    assert answer.status_code == 200
    tokens = answer.json()
    row = AccessToken.objects.exclude(pk=old.pk).get()
    assert (row.name, row.migrated_from) == ("Home Assistant · Home", old.pk)
    assert holder(tokens["access_token"]) == auth.Caller(row.pk, alice.pk, row.name)
    assert holder(text) is not None
    assert refresh(tokens["refresh_token"]).status_code == 200
    assert AuditEntry.objects.filter(action="program.connected").count() == 1


def test_migrate_that_was_not_heard_is_done_again_and_not_once_more(
    alice: User,
) -> None:
    _, text = access_tokens.issue(alice, "pasted")
    lost, heard = migrate(text).json(), migrate(text).json()
    assert AccessToken.objects.count() == 2
    assert holder(lost["access_token"]) is None
    assert error(refresh(lost["refresh_token"])) == (400, "invalid_grant")
    assert refresh(heard["refresh_token"]).status_code == 200
    # It is in use now: another installation by the same name does not end it.
    other = migrate(text).json()
    assert AccessToken.objects.count() == 3
    for tokens in (heard, other):
        assert refresh(tokens["refresh_token"]).status_code == 200
    assert migrate(text, name="Cabin").status_code == 200
    assert AccessToken.objects.count() == 4


def test_migrate_wants_a_token_made_in_the_console(
    alice: User, alices_client: Client
) -> None:
    tokens = Installation().connect(alices_client)
    for text in (tokens["access_token"], tokens["refresh_token"], "x"):
        assert error(migrate(text)) == (400, "invalid_grant")
    _, text = access_tokens.issue(alice, "pasted")
    headers = {"Authorization": f"Bearer {text}x"}
    fields = {"grant_type": "migrate", "client_id": "homeassistant"}
    two = post_json(headers, **fields, access_token=text)
    assert error(two) == (400, "invalid_request")
    none = post_json({"Authorization": "Basic eDp5"}, **fields)
    assert error(none) == (400, "invalid_request")
    for number in range(MOST_ACCESS_TOKENS - 2):
        access_tokens.issue(alice, str(number))
    assert error(migrate(text)) == (400, "invalid_grant")


def test_refused_calls_of_one_address_are_limited_and_lock_nobody_out(
    alices_client: Client,
) -> None:
    # Behind a proxy that nobody told us of, all households share one address.
    tokens = Installation().connect(alices_client)
    statuses = [refresh("x").status_code for _ in range(60)]
    assert set(statuses) == {400}
    answer = refresh("x")
    assert error(answer) == (429, "slow_down")
    assert answer["Retry-After"] == "60"
    assert refresh(tokens["refresh_token"]).status_code == 200
    assert Installation().connect(alices_client)["token_type"] == "Bearer"


def test_calls_of_one_connection_are_limited_and_of_that_one_alone(
    alices_client: Client,
) -> None:
    tokens, other = (
        Installation().connect(alices_client),
        Installation().connect(alices_client),
    )
    statuses = [refresh(tokens["refresh_token"]).status_code for _ in range(60)]
    assert (statuses[:-1], statuses[-1]) == ([200] * 59, 429)
    assert refresh(other["refresh_token"]).status_code == 200


def test_database_that_takes_no_writes_is_no_reason_to_give_up(
    alices_client: Client,
) -> None:
    tokens = Installation().connect(alices_client)
    switch = "SET default_transaction_read_only = {}"
    if connection.vendor == "sqlite":
        switch = "PRAGMA query_only = {}"
    with connection.cursor() as cursor:
        cursor.execute(switch.format("on"))
    try:
        answer = refresh(tokens["refresh_token"])
    finally:
        with connection.cursor() as cursor:
            cursor.execute(switch.format("off"))
    assert error(answer) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"
    assert refresh(tokens["refresh_token"]).status_code == 200


def test_removal_names_what_a_token_connected(
    alice: User, alices_client: Client
) -> None:
    # Whoever had the token of another may have connected with it.
    old, text = access_tokens.issue(alice, "pasted")
    assert migrate(text).status_code == 200
    made = AccessToken.objects.get(migrated_from=old.pk)
    page = alices_client.get(f"/console/tokens/{old.pk}/remove").content.decode()
    assert f'href="/console/tokens/{made.pk}/remove">Home Assistant · Home</a>' in page
    other = alices_client.get(f"/console/tokens/{made.pk}/remove").content.decode()
    assert "was connected with this token" not in other


def test_database_that_is_away_is_no_reason_to_give_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A thread of its own opens a connection of its own.
    with monkeypatch.context() as patch, ThreadPoolExecutor(1) as thread:
        patch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        answer = thread.submit(refresh, "x").result()
    assert error(answer) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"


def test_code_sent_by_many_at_once_is_good_for_one(alice: User) -> None:
    one = Installation()
    code = one.allowed(fresh_client(alice))
    many, answers = 4, []
    gate = threading.Barrier(many)

    def send() -> None:
        gate.wait()
        try:
            answers.append(one.exchange(code))
        finally:
            databases.close_all()

    threads = [threading.Thread(target=send) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [400] * (many - 1)
    assert AccessToken.objects.count() <= 1


def test_nothing_given_is_in_what_is_shown_of_it(alices_client: Client) -> None:
    one = Installation()
    code = one.allowed(alices_client)
    pair = exchanged(code, one)
    for text in (pair.access_token, pair.refresh_token, code):
        assert text not in repr(pair)
    assert str(HourlyToken.objects.get()).startswith("until 20")
