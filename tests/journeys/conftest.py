"""Ways to begin a journey in the middle."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from accounts.models import User
from accounts.services.members import prove_address
from energy.services import sites
from tests.answering import answering
from tests.factories import client_for
from tests.fixtures.live import LiveConsole
from tests.fixtures.tesla import MakeGrant
from tests.journeys.receiver import Receiver
from tokens.services import grants
from vehicles.services import vehicles

Enter = Callable[..., None]


@pytest.fixture(autouse=True)
def _same_passwords(settings: Settings) -> None:
    """Store passwords as the running console does.

    It would store a cheaper one anew when it is typed, which ends the session.
    """
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.Argon2PasswordHasher",
    ]


@pytest.fixture
def enter(live_console: LiveConsole, make_grant: MakeGrant) -> Enter:
    """Return a function that lets a page be that of somebody who signed in long ago.

    Each of the Tesla accounts is linked to the user, and its lists are read.
    """

    def begin(page: Page, user: User, *accounts: str) -> None:
        prove_address(user)
        for account in accounts:
            grant = make_grant(user, account)
            client = grants.client_for(grant)
            vehicles.sync(grant, client)
            sites.sync(grant, client)
        cookie = client_for(user).cookies["sessionid"]
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_console.url}]
        )

    return begin


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver on this machine."""
    one = Receiver()
    with answering(one.server):
        yield one
