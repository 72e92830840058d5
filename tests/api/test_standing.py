"""The gateway's 402: who has no subscription is told so, within a second."""

import asyncio
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.models import Subscription
from tests.api.conftest import MakePerson, Program
from vehicles.models import VehicleAccess

CALLS = ("/api/test", "/api/metadata", "/api/1/products", "/api/1/users/me")


@pytest.fixture
def sold(settings: Settings) -> None:
    settings.BILLING_PROVIDER = "paddle"


def make_subscription(user: User, *products: str) -> Subscription:
    return Subscription.objects.create(
        user=user,
        provider="paddle",
        external_id="sub_1",
        status="active",
        vehicles=1,
        products=list(products),
        occurred_at=timezone.now(),
    )


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("path", CALLS)
def test_api_without_a_subscription_is_refused_with_a_link(
    ask: Any, alice: User, person: MakePerson, path: str
) -> None:
    answer = ask(person(alice).access_token, path)
    assert (answer.status, answer.error) == (402, "subscription_required")
    page = "http://localhost:8000/console/subscription"
    assert page in answer.json["error_description"]
    assert answer.json["url"] == page


@pytest.mark.usefixtures("sold")
def test_ping_is_always_answered(ask: Any, alice: User, person: MakePerson) -> None:
    assert ask(person(alice).access_token, "/api/ping").status == 200


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("path", CALLS)
def test_api_with_a_subscription_is_answered(
    ask: Any, alice: User, person: MakePerson, path: str
) -> None:
    token = person(alice).access_token
    make_subscription(alice)
    assert ask(token, path).status == 200


@pytest.mark.usefixtures("sold")
def test_change_is_noticed_within_a_second(
    play: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token
    rows = Subscription.objects.filter(pk=make_subscription(alice).pk)

    async def story(program: Program) -> list[int]:
        statuses = [(await program.call("/api/test")).status]
        await program.door.threads.quickly(lambda: rows.update(status="paused"))
        statuses.append((await program.call("/api/test")).status)
        await asyncio.sleep(1.1)
        statuses.append((await program.call("/api/test")).status)
        return statuses

    first, _, last = play(story, token)
    assert (first, last) == (200, 402)


@pytest.mark.usefixtures("sold")
def test_policy_per_product_opens_the_named_car_alone(
    ask: Any, alice: User, person: MakePerson, settings: Settings
) -> None:
    settings.BILLING_POLICY = "per_product"
    whose = person(alice)
    accesses = VehicleAccess.objects.filter(grant=whose.grant)
    vins = sorted(accesses.values_list("vehicle__vin", flat=True))
    make_subscription(alice, vins[0])
    assert ask(whose.access_token, f"/api/1/vehicles/{vins[0]}").status == 200
    refused = ask(whose.access_token, f"/api/1/vehicles/{vins[1]}")
    assert (refused.status, refused.error) == (402, "subscription_required")
    assert vins[1] in refused.json["error_description"]
    unknown = ask(whose.access_token, "/api/1/vehicles/5YJ3E1EA4PF999999")
    assert unknown.status == 404


def test_without_a_provider_no_query_is_made(
    ask: Any, alice: User, person: MakePerson
) -> None:
    token = person(alice).access_token
    with CaptureQueriesContext(connection) as queries:
        assert ask(token, "/api/test").status == 200
    assert [one for one in queries if "billing" in one["sql"]] == []
