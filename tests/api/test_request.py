"""What is odd about a request is refused before anything is asked of anybody."""

import asyncio
import json
import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from api.door import Door
from api.request import whole_body
from api.responses import Refusal
from tests.api.conftest import MakePerson, Program
from tokens import auth

BEARER = b"authorization"


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((BEARER, b""),),
        ((BEARER, b"Bearer"),),
        ((BEARER, b"Bearer "),),
        ((BEARER, b"Bearer " + b"k" * 10_000),),
        ((BEARER, "Bearer kf_äöü".encode()),),
        ((BEARER, b"Bearer kf_\x00"),),
        ((BEARER, b"Bearer kf_" + b"A" * 38),),
        ((BEARER, b"Basic YWxpY2U6c2VjcmV0"),),
        ((b"cookie", b"token=kf_whatever; sessionid=abc"),),
    ],
)
def test_wrong_credential_gets_401_without_a_query(
    ask: Any, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = ask("", "/api/1/products", headers=headers)
    assert answer.status == 401
    assert answer.error in {"missing_token", "invalid_token"}
    assert answer.headers["www-authenticate"] == 'Bearer realm="keyfob"'
    assert len(queries) == 0


def test_token_in_the_body_is_ignored(
    ask: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token
    answer = ask(
        "",
        "/api/1/vehicles/fleet_status",
        method="POST",
        headers=(),
        body=b'{"token": "%s", "vins": []}' % token.encode(),
    )
    assert (answer.status, answer.error) == (401, "missing_token")


def test_token_in_header_or_query_or_both_is_accepted(
    ask: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token
    query = f"token={token}".encode()
    for request in (
        {},
        {"headers": (), "query": query},
        {"query": query},
        {"headers": ((BEARER, f"bearer {token}".encode()),)},
    ):
        answer = ask(token, "/api/test", **request)
        assert (answer.status, answer.json) == (200, {"response": True})


def test_header_and_query_that_differ_are_refused(
    ask: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token
    answer = ask(token, "/api/test", query=b"token=kf_another")
    assert (answer.status, answer.error) == (400, "invalid_request")


def test_token_in_query_can_be_switched_off(
    ask: Any, alice: User, person: MakePerson, settings: Any
) -> None:
    token = person(alice).access_token
    settings.TOKEN_IN_QUERY = False
    answer = ask("", "/api/test", headers=(), query=f"token={token}".encode())
    assert (answer.status, answer.error) == (401, "missing_token")


@pytest.mark.parametrize(
    "raw_path",
    [
        b"/api/1/vehicles/%2e%2e/%2e%2e/oauth2/token",
        b"/api/1/vehicles/../../oauth2/token",
        b"/api//1/products",
        b"/api/1/products;a=b",
        b"/api/1/products%00",
        b"/api/1/products%0d%0ax: y",
        b"/api/1\\products",
        "/api/1/prodücts".encode(),
    ],
)
def test_odd_path_reaches_nobody(
    ask: Any, alice: User, person: MakePerson, registered: Any, raw_path: bytes
) -> None:
    token = person(alice).access_token
    answer = ask(token, "/api/1/products", raw_path=raw_path)
    assert (answer.status, answer.error) == (400, "invalid_request")
    assert registered.calls == []


@pytest.mark.parametrize(
    "query", [b"endpoints=a&endpoints=b", b"a=%ff", "a=ü".encode(), b"a=" + b"b" * 9000]
)
def test_unreadable_query_is_refused(
    ask: Any, alice: User, person: MakePerson, query: bytes
) -> None:
    answer = ask(person(alice).access_token, "/api/test", query=query)
    assert (answer.status, answer.error) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b'{"vins": ["\xff"]}', 400),
        (b'{"vins": [], "vins": []}', 400),
        (b'{"vins":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"vins": "' + b"a" * 10_000_000 + b'"}', 413),
        (b'{"vins": []}', 400),
        (b'{"vins": [1]}', 400),
        (b'{"vins": ["NOT-A-VIN"]}', 400),
    ],
)
def test_bad_body_is_refused(
    ask: Any,
    alice: User,
    person: MakePerson,
    registered: Any,
    body: bytes,
    status: int,
) -> None:
    token = person(alice).access_token
    answer = ask(token, "/api/1/vehicles/fleet_status", method="POST", body=body)
    assert answer.status == status
    assert answer.error in {"invalid_request", "invalid_field"}
    assert registered.calls == []


def test_body_of_another_type_is_refused(
    ask: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token
    answer = ask(
        "",
        "/api/1/vehicles/fleet_status",
        method="POST",
        body=b"vins=1",
        headers=(
            (BEARER, f"Bearer {token}".encode()),
            (b"content-type", b"application/x-www-form-urlencoded"),
        ),
    )
    assert (answer.status, answer.error) == (406, "not_acceptable")


def test_body_that_does_not_come_is_not_awaited() -> None:
    with pytest.raises(Refusal) as caught:
        asyncio.run(whole_body(asyncio.Future, within_s=0.01))
    answer = caught.value.response()
    assert (answer.status, caught.value.code) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PURGE"])
def test_foreign_method_gets_405(ask: Any, transactional_db: None, method: str) -> None:
    answer = ask("", "/api/1/products", method=method)
    assert (answer.status, answer.error) == (405, "invalid_method")


def test_method_override_is_ignored(
    ask: Any, alice: User, person: MakePerson, registered: Any
) -> None:
    someone = person(alice)
    vin = someone.grant.vehicle_accesses.all()[0].vehicle.vin
    answer = ask(
        "",
        f"/api/1/vehicles/{vin}/wake_up",
        headers=(
            (BEARER, f"Bearer {someone.access_token}".encode()),
            (b"x-http-method-override", b"POST"),
        ),
    )
    assert (answer.status, answer.error) == (405, "invalid_method")
    assert answer.headers["allow"] == "POST"
    assert registered.calls == []


def test_client_that_leaves_costs_nothing(alice: User, person: MakePerson) -> None:
    token = person(alice).access_token

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    async def leave() -> None:
        door = Door()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/1/vehicles/fleet_status",
            "query_string": b"",
            "headers": [(BEARER, f"Bearer {token}".encode())],
        }
        await door(scope, receive, send)
        await door.close()

    asyncio.run(leave())


def test_removed_token_is_refused_within_a_second(
    play: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)

    def remove() -> None:
        someone.user.access_tokens.all().delete()
        connection.close()

    async def story(program: Program) -> tuple[int, int, float]:
        before = await program.call("/api/test")
        await asyncio.to_thread(remove)
        removed_s = time.monotonic()
        status = before.status
        while status == 200 and time.monotonic() < removed_s + 5:
            await asyncio.sleep(0.02)
            status = (await program.call("/api/test")).status
        return before.status, status, time.monotonic() - removed_s

    before, after, took_s = play(story, someone.access_token)
    assert (before, after) == (200, 401)
    # The promise is one second; the rest is this machine's.
    assert took_s < 3
    assert auth.REMEMBERED_S <= 1


def test_disabled_user_is_refused(ask: Any, alice: User, person: MakePerson) -> None:
    token = person(alice).access_token
    User.objects.filter(pk=alice.pk).update(is_active=False)
    answer = ask(token, "/api/test")
    assert (answer.status, answer.error) == (401, "invalid_token")


def test_last_use_is_noted_with_the_program_that_called(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)
    ask(
        "",
        "/api/test",
        headers=(
            (BEARER, f"Bearer {someone.access_token}".encode()),
            (b"user-agent", b"curl/8"),
            (b"x-library", b"python tesla_fleet_api\r\n 1.5\x00"),
        ),
    )
    row = alice.access_tokens.get()
    assert row.last_used_by == "python tesla_fleet_api 1.5"
    assert row.last_used_at is not None


def test_failure_of_our_own_tells_nothing_of_the_inside(
    alice: User, person: MakePerson, caplog: pytest.LogCaptureFixture
) -> None:
    token = person(alice).access_token

    async def receive() -> dict[str, Any]:
        raise RuntimeError("/srv/secret.py: SELECT digest FROM tokens")

    async def fail() -> dict[str, Any]:
        door = Door()
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/1/vehicles/fleet_status",
            "query_string": b"",
            "headers": [(BEARER, f"Bearer {token}".encode())],
        }
        await door(scope, receive, send)
        await door.close()
        return {"status": sent[0]["status"], **json.loads(sent[1]["body"])}

    assert asyncio.run(fail()) == {
        "status": 500,
        "response": None,
        "error": "internal_error",
        "error_description": "Keyfob failed. Its log says why.",
    }
    assert "SELECT digest" in caplog.text
    assert token not in caplog.text
