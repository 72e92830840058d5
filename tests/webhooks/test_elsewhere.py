"""What other pages say of webhooks: the dashboard, a car's page, a lapsed subscription."""

import re
from datetime import timedelta

import pytest
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.policy import Capability
from billing.services import entitlements
from tests.factories import client_for, make_user
from tests.webhooks.making import VIN, make_endpoint
from tests.webhooks.test_pages import LIST, at, text_of
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(alice: User) -> Client:
    return client_for(alice)


@pytest.mark.parametrize("hours", [0, 2])
def test_dashboard_tells_of_a_webhook_that_needs_somebody(
    client: Client, alice: User, hours: int
) -> None:
    since = timezone.now() - timedelta(hours=hours)
    make_endpoint(alice, name="Barn", first_failure_at=since, last_error_kind="dns")
    make_endpoint(alice, name="Paused", first_failure_at=since, paused_at=since)
    make_endpoint(make_user("d@example.com"), name="Other", disabled_at=since)
    text = text_of(client.get("/console/"))
    assert ("The webhook Barn has failed since 2 h ago" in text) is bool(hours)
    assert "Other" not in text
    assert "webhook Paused" not in text


def test_dashboard_tells_of_a_disabled_webhook(client: Client, alice: User) -> None:
    reason = Endpoint.Disabled.FAILING
    make_endpoint(
        alice, name="Barn", disabled_at=timezone.now(), disabled_reason=reason
    )
    text = text_of(client.get("/console/"))
    assert "The webhook Barn is disabled." in text
    assert "enable the webhook again" in text


def shown_of_car(user: User, vin: str) -> str:
    """Return what a page about a car shows of webhooks."""
    request = RequestFactory().get("/")
    request.user = user
    text = Template("{% load car_webhooks %}{% webhooks_of_car vin %}")
    return text.render(RequestContext(request, {"vin": vin}))


def test_page_of_a_car_shows_who_is_told_of_it(alice: User, bob: User) -> None:
    empty = shown_of_car(alice, VIN)
    assert "Nobody is told of this car yet" in empty
    assert f'href="{LIST}/add?vin={VIN}"' in empty
    make_endpoint(alice, name="All", last_success_at=timezone.now())
    make_endpoint(alice, name="One", vins=[VIN], kinds=["state"])
    make_endpoint(alice, name="Other", vins=["5YJ3E1EA4PF000002"])
    make_endpoint(bob, name="Foreign")
    page = shown_of_car(alice, VIN)
    assert re.findall(r"<strong>(\w+)</strong>", page) == ["All", "One"]
    assert "Delivering" in page
    assert ">state<" in page
    assert f'href="{LIST}/add?vin={VIN}"' in page


@pytest.mark.parametrize("policy", ["default", "per_product"])
def test_pages_say_when_a_subscription_is_missing(
    alice: User, client: Client, settings: Settings, policy: str
) -> None:
    words = "Webhooks need a subscription."
    endpoint = make_endpoint(alice)
    assert words not in text_of(client.get(LIST))
    settings.BILLING_PROVIDER, settings.BILLING_POLICY = "paddle", policy
    is_closed = not entitlements.allows(alice.pk, Capability.WEBHOOKS)
    for address in (LIST, at(endpoint)):
        assert (words in text_of(client.get(address))) is is_closed
    assert is_closed is (policy == "per_product")
