"""Questions of programs that are refused: on a page, or at the address that asked."""

from typing import TypedDict
from urllib.parse import quote

import pytest
from django.test import Client

from tests.tokens.connecting import CALLBACK, HOMEY, MY, Installation, told
from tokens.models import ConnectCode
from tokens.services import programs


class Changes(TypedDict, total=False):
    """Parameters of a question that are not as they should be."""

    response_type: str | None
    code_challenge: str | None
    code_challenge_method: str | None


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "",
        "javascript:alert(1)//auth/external/callback",
        "data:text/html,x",
        "//evil.example/auth/external/callback",
        "/auth/external/callback",
        "ftp://evil.example/auth/external/callback",
        "https://evil.example/",
        "https://evil.example/auth/external/callback/",
        "https://evil.example/auth/external/callback/..",
        "https://evil.example/x/../auth/external/callback",
        "https://evil.example/auth/external/callback?next=x",
        "https://evil.example/auth/external/callback#x",
        "https://evil.example#/auth/external/callback",
        "https://evil.example?/auth/external/callback",
        "https://evil.example/%2fauth/external/callback",
        "https://me@evil.example/auth/external/callback",
        "https://home.local:80@evil.example/auth/external/callback",
        "https://evil.example\\@home.local/auth/external/callback",
        "https://home.local\\.evil.example/auth/external/callback",
        "https://home.local%2eevil.example/auth/external/callback",
        "https://home.local\r\nLocation: https://evil/auth/external/callback",
        "https://home.local /auth/external/callback",
        "https://home.local\t/auth/external/callback",
        "https://home.local;script-src/auth/external/callback",
        "https://hömé.local/auth/external/callback",
        "https://home.local:0/auth/external/callback",
        "https://home.local:99999/auth/external/callback",
        "https://home.local:/auth/external/callback",
        "https:///auth/external/callback",
        "HTTPS://home.local/auth/external/callback\n",
        f"https://{'a' * 400}.example/auth/external/callback",
        "https://my.home-assistant.io.evil.example/redirect/oauth",
        "https://my.home-assistant.io/redirect/oauth/",
        "https://my.home-assistant.io/redirect/oauth?x=1",
        "http://my.home-assistant.io/redirect/oauth",
        HOMEY,
    ],
)
def test_address_of_nobody_known_is_refused_on_a_page(
    alices_client: Client, redirect_uri: str
) -> None:
    one = Installation()
    for ask in (alices_client.get, alices_client.post):
        answer = ask(one.address(redirect_uri=redirect_uri))
        assert answer.status_code == 400, redirect_uri
        assert b"Nothing was connected" in answer.content
        assert b'href="http' not in answer.content
    assert ConnectCode.objects.count() == 0


@pytest.mark.parametrize("client_id", ["", "evil", "HomeAssistant", "homeassistant "])
def test_unknown_program_is_refused_on_a_page(
    alices_client: Client, client_id: str
) -> None:
    answer = alices_client.get(Installation().address(client_id=client_id))
    assert answer.status_code == 400
    assert b"The programs that can are Home Assistant and Homey." in answer.content


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_name_or_address_that_stands_there_twice_is_refused_on_a_page(
    alices_client: Client, name: str
) -> None:
    one = Installation()
    answer = alices_client.get(f"{one.address()}&{name}={quote(one.query[name])}")
    assert answer.status_code == 400


def test_state_beyond_reason_is_refused_on_a_page(alices_client: Client) -> None:
    assert (
        alices_client.get(Installation(state="x" * 1001).address()).status_code == 400
    )
    assert (
        alices_client.get(Installation(state="x" * 1000).address()).status_code == 200
    )


WRONG: list[tuple[Changes, str]] = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": "x" * 42}, "invalid_request"),
    ({"code_challenge": "x" * 42 + "="}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
]


@pytest.mark.parametrize(("other", "code"), WRONG)
def test_wrong_question_of_a_known_address_is_told_there(
    alices_client: Client, other: Changes, code: str
) -> None:
    one = Installation(MY)
    for ask in (alices_client.get, alices_client.post):
        answer = ask(one.address(**other))
        assert answer.status_code == 302
        assert answer["Location"].startswith(f"{MY}?")
        got = told(answer["Location"])
        assert (got["error"], got["state"]) == (code, one.state)
    assert ConnectCode.objects.count() == 0


@pytest.mark.parametrize(("other", "code"), WRONG)
def test_wrong_question_of_a_host_of_somebody_is_told_by_the_person(
    alices_client: Client, other: Changes, code: str
) -> None:
    # Otherwise any site that has this path could be reached by way of ours.
    answer = alices_client.get(Installation().address(**other))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert f'href="{CALLBACK}?error={code}&amp;' in page
    assert "Back to homeassistant.local:8123" in page


def test_parameter_that_stands_there_twice_is_told(alices_client: Client) -> None:
    one = Installation(MY)
    answer = alices_client.get(f"{one.address()}&code_challenge_method=S256")
    assert told(answer["Location"])["error"] == "invalid_request"


def test_wish_of_a_program_without_hosts_of_people_is_its_own_alone() -> None:
    homey = programs.KNOWN["homey"]
    assert homey.allows(HOMEY)
    assert not homey.allows(CALLBACK)
