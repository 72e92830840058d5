"""Small verbs that several test modules of this folder use."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.members import prove_address
from simulator.ledger import Call
from simulator.testing import RunningSimulator
from tests.factories import PASSWORD
from tokens.models import AccessToken, TeslaGrant
from tokens.services import access_tokens

MakeGrant = Callable[..., TeslaGrant]
ClientOf = Callable[[User], Client]
Run = Callable[..., object]
TOKEN_PATH = "/auth/oauth2/v3/token"


def expire(grant: TeslaGrant) -> None:
    """Let the access token that we hold be over since a second."""
    change(grant, tesla_access_token_expires_at=timezone.now() - timedelta(seconds=1))


def change(grant: TeslaGrant, **columns: Any) -> None:
    """Change columns of a grant, in the database and in this row."""
    TeslaGrant.objects.filter(pk=grant.pk).update(**columns)
    grant.refresh_from_db()


def token_calls(simulator: RunningSimulator) -> list[Call]:
    """Return the calls at Tesla's token endpoint so far."""
    return [call for call in simulator.calls if call.path == TOKEN_PATH]


def tesla_side(simulator: RunningSimulator, email: str = "alice@example.com") -> Any:
    """Return what Tesla itself keeps of a person's consent to our application."""
    found = simulator.hub.store.grant(settings.TESLA_CLIENT_ID, email)
    assert found is not None
    return found


def proved(client: Client) -> Client:
    """Let a client's session have proved who it is a moment ago."""
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "socialaccount", "provider": "tesla", "at": time.time()}
    ]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
    return client


def fresh_client(user: User) -> Client:
    """Return a client whose user has just typed the password."""
    client = Client()
    prove_address(user)
    answer = client.post(
        "/accounts/login/", {"login": user.email, "password": PASSWORD}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/console/")
    return client


def remove(made: AccessToken) -> None:
    """Remove a token in a thread of its own, whose connection ends with it."""
    access_tokens.remove(made)
    connection.close()
