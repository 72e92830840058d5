"""Without a provider there is no menu, no address, no call and no query."""

import socket
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from billing import tasks
from billing.services import events, providers

pytestmark = pytest.mark.django_db
PK = "00000000-0000-0000-0000-000000000000"
ADDRESSES = [
    reverse("billing:webhook", args=["paddle"]),
    reverse("console:subscription"),
    reverse("console:subscription_change"),
    reverse("console:subscription_checkout"),
    reverse("console:subscription_confirm", args=[PK]),
    reverse("console:subscription_act", args=["cancel"]),
    reverse("console:alert_settle", args=[1]),
    reverse("billing:webhook", args=["stripe"]),
    reverse("console:subscription_stripe"),
    reverse("console:subscription_stripe_undo"),
    reverse("console:subscription_stripe_act", args=[PK, "cancel"]),
    reverse("console:subscription_stripe_move", args=[PK]),
    reverse("console:subscription_stripe_portal", args=[PK, "portal"]),
]


@pytest.fixture
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    opened: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, to: opened.append(to))
    yield opened
    assert opened == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_is_not_found_and_nobody_is_called(
    no_sockets: list[object],
    owner: User,
    client_of: Callable[[User], Client],
    address: str,
) -> None:
    for browser in (client_of(owner), Client()):
        statuses = {browser.get(address).status_code, browser.post(address).status_code}
        assert statuses <= {404, 405}
        assert browser.post(address).status_code in {404, 405}


def test_rail_has_no_link(owner: User, client_of: Callable[[User], Client]) -> None:
    page = client_of(owner).get("/console/account").content.decode()
    assert 'href="/console/account"' in page
    assert "/console/subscription" not in page


def test_tasks_do_nothing_without_a_query(no_sockets: list[object]) -> None:
    with CaptureQueriesContext(connection) as queries:
        tasks.sweep()
        tasks.apply_events()
        tasks.reconcile()
        assert events.apply_due() == 0
    assert len(queries) == 0
    assert providers.names() == ()
    tasks.confirm_checkout(PK)
