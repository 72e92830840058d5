"""A program that connects as Home Assistant does: its PKCE, its questions, its calls."""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.test import Client

from accounts.models import User
from tokens import auth
from tokens.models import ConnectCode, HourlyToken
from tokens.services import access_tokens, connections, programs

CALLBACK = "http://homeassistant.local:8123/auth/external/callback"
MY = "https://my.home-assistant.io/redirect/oauth"
HOMEY = "https://callback.athom.com/oauth2/callback"
ASK, TOKEN = "/console/connect", "/oauth/token"


class Installation:
    """One installation of a program: what it asks, and what it makes of the answer."""

    def __init__(self, redirect_uri: str = CALLBACK, **other: str) -> None:
        self.verifier = secrets.token_urlsafe(96)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.state = secrets.token_urlsafe(16)
        self.query = {
            "response_type": "code",
            "client_id": "homeassistant",
            "redirect_uri": redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "name": "Home",
            **other,
        }

    def address(self, path: str = ASK, **other: str | None) -> str:
        """Return where the browser is sent; None leaves a parameter out."""
        asked: dict[str, str | None] = {**self.query, **other}
        query = {name: value for name, value in asked.items() if value}
        return f"{path}?{urlencode(query)}"

    def allowed(self, browser: Client) -> str:
        """Have the person allow it; return the code."""
        answer = browser.post(self.address())
        assert answer.status_code == 302, answer.content
        got = told(answer["Location"])
        assert got["state"] == self.state
        return got["code"]

    def exchange(self, code: str, **other: str) -> Any:
        """Ask for tokens with a code, as a form."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.query["redirect_uri"],
            "client_id": "homeassistant",
            "code_verifier": self.verifier,
            "name": self.query["name"],
            **other,
        }
        return post(**fields)

    def connect(self, browser: Client) -> dict[str, Any]:
        """Connect to the end; return the tokens."""
        answer = self.exchange(self.allowed(browser))
        assert answer.status_code == 200, answer.content
        tokens: dict[str, Any] = answer.json()
        return tokens


def connected_program(user: User) -> tuple[ConnectCode, HourlyToken]:
    """Let a user's Home Assistant have connected; return its code and hourly token."""
    code = ConnectCode.objects.get(access_token=connected(user).connection)
    return code, HourlyToken.objects.get(access_token=code.access_token)


def connected(user: User, **other: str) -> connections.Pair:
    """Let a user's Home Assistant connect without a browser; return what it got."""
    one = Installation(**other)
    return exchanged(allowed(user, one), one)


def allowed(user: User, one: Installation) -> str:
    """Let a user allow an installation without a browser; return the code."""
    wish = programs.read({name: [value] for name, value in one.query.items()})
    return connections.allow(user, wish)


def exchanged(code: str, one: Installation) -> connections.Pair:
    """Turn a code into a connection without a request."""
    return connections.exchange(
        code,
        client_id="homeassistant",
        redirect_uri=one.query["redirect_uri"],
        verifier=one.verifier,
    )


def post(**fields: str) -> Any:
    """Ask for tokens as a form."""
    return Client().post(
        TOKEN, urlencode(fields), content_type="application/x-www-form-urlencoded"
    )


def post_json(headers: dict[str, str] | None = None, **fields: Any) -> Any:
    """Ask for tokens as JSON."""
    return Client().post(
        TOKEN, fields, content_type="application/json", headers=headers
    )


def refresh(refresh_token: str, client_id: str = "homeassistant") -> Any:
    """Ask for the token of the next hour."""
    return post(
        grant_type="refresh_token", refresh_token=refresh_token, client_id=client_id
    )


def migrate(text: str, *, how: str = "both", name: str = "Home") -> Any:
    """Ask for tokens with one made in the console, in the header, the body or both."""
    fields = {"grant_type": "migrate", "client_id": "homeassistant", "name": name}
    if how != "header":
        fields["access_token"] = text
    headers = {"Authorization": f"Bearer {text}"} if how != "body" else None
    return post_json(headers, **fields)


def holder(text: str) -> auth.Caller | None:
    """Return who holds a token, as the doors look it up."""
    assert access_tokens.is_well_formed(text)
    return auth.holder(access_tokens.digest(text))


def error(answer: Any) -> tuple[int, str]:
    """Return an error's status and code, after a look at the rest of the answer."""
    content = answer.json()
    assert content.keys() == {"error", "error_description"}
    assert content["error_description"].endswith(".")
    assert "no-store" in answer["Cache-Control"]
    return answer.status_code, content["error"]


def told(location: str) -> dict[str, str]:
    """Return what an address tells a program, each name once."""
    found = parse_qs(urlsplit(location).query, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def public(path: str) -> str:
    """Return an address of this Keyfob in full."""
    return f"{settings.PUBLIC_URL}{path}"
