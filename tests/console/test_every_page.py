"""What holds for every page: who may see it, and what its answer tells the browser."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as of_tests
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.services.members import prove_address
from tests.console.addresses import (
    PUBLIC,
    Address,
    Names,
    addresses,
    names,
    nothing,
    things_of,
)

ClientOf = Callable[[User], Client]
VIN = "5YJ3E1EA4PF000001"
SITE = 2252142071
SECRETS = re.compile(rf"{VIN}|{SITE}|Secret|Hideaway|alice@example\.com")
CHANGING = re.compile(r'nonce="[^"]*"|X-CSRFToken[^}]*|csrfmiddlewaretoken" value="\w+')


@pytest.fixture
def alices(alice: User, settings: Settings) -> Names:
    """Return the names of Alice's things: a car, a site, questions, a token, a grant.

    Subscriptions are sold, so that their pages are there.
    """
    settings.BILLING_PROVIDER = "paddle"
    # Nobody answers there.
    settings.STRIPE_API_KEY, settings.STRIPE_API_URL = "sk", "http://127.0.0.1:9"
    return things_of(alice, VIN, SITE)


@pytest.fixture
def alices_pages(alices: Names) -> list[Address]:
    """Return every address, about Alice's things where it is about something."""
    return addresses(alices)


def shown(answer: Any) -> tuple[int, str]:
    """Return an answer's status and words, without what is new in each answer."""
    return answer.status_code, CHANGING.sub("", answer.content.decode())


def test_addresses_that_need_no_sign_in_all_exist() -> None:
    assert {name for name, _ in names()} >= PUBLIC


def test_stranger_finds_of_alices_things_what_is_to_be_found_of_none(
    alice: User, charlie: User, client_of: ClientOf, alices_pages: list[Address]
) -> None:
    unknown = {one.name: one.path for one in addresses(nothing())}
    checked = [one for one in alices_pages if one.names_a_thing]
    assert len(checked) >= 12
    for ask in ("get", "post"):
        for headers in ({}, {"HX-Request": "true"}):
            for one in checked:
                stranger, hers = client_of(charlie), client_of(alice)
                answer = getattr(stranger, ask)(one.path, headers=headers)
                none = getattr(stranger, ask)(unknown[one.name], headers=headers)
                owners = getattr(hers, ask)(one.path, headers=headers)
                assert answer.status_code in {404, 405}, one
                assert shown(answer) == shown(none), one
                assert not SECRETS.search(answer.content.decode()), one
                assert owners.status_code != 404 or ask == "post", one


def test_nobody_sees_anything_without_a_sign_in(
    client: Client, alices_pages: list[Address]
) -> None:
    checked = [one for one in alices_pages if one.name not in PUBLIC]
    assert len(checked) >= 20
    for one in checked:
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(one.path, headers=headers)
            assert answer.status_code in {302, 405}, one
            if answer.status_code == 302:
                assert answer["Location"].startswith("/accounts/login/?next="), one
            assert not SECRETS.search(answer.content.decode()), one
        answer = client.post(one.path)
        assert answer.status_code in {302, 405}, one
        assert not SECRETS.search(answer.content.decode()), one


def test_every_answer_binds_the_browser(
    alice: User, client_of: ClientOf, alices_pages: list[Address]
) -> None:
    client, nonces, pages = client_of(alice), set(), 0
    for one in [*alices_pages, Address("", "/nowhere", names_a_thing=False)]:
        answer = client.get(one.path)
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, one
        assert "unsafe" not in policy, one
        assert answer["X-Frame-Options"] == "DENY", one
        assert answer["X-Content-Type-Options"] == "nosniff", one
        assert "no-store" in answer["Cache-Control"], one
        (nonce,) = re.findall(r"'nonce-([^']+)'", policy)
        nonces.add(nonce)
        body = answer.content.decode()
        scripts = re.findall(r"<script[^>]*>", body)
        assert all(f'nonce="{nonce}"' in tag or "src=" in tag for tag in scripts), one
        pages += bool(scripts)
    assert len(nonces) == len(alices_pages) + 1
    assert pages >= 15


def test_every_page_says_where_it_is(
    alice: User, client_of: ClientOf, alices_pages: list[Address]
) -> None:
    prove_address(alice)
    client, places = client_of(alice), {}
    for one in alices_pages:
        body = client.get(one.path).content.decode()
        if rail := re.search(r'<nav class="rail".*?</nav>', body, re.DOTALL):
            current = re.findall(r'href="(\S+)" aria-current="(\w+)"', rail.group())
            places[one.name] = current
    assert {name for name, current in places.items() if len(current) != 1} == set()
    assert places["console:dashboard"] == [("/console/", "page")]
    below = {name for name, (one,) in places.items() if one == ("/console/", "true")}
    assert below == {
        "vehicles:vehicle",
        "vehicles:inquiry",
        "vehicles:commands",
        "vehicles:telemetry",
        "energy:energy_site",
        "energy:inquiry",
    }


def _rows() -> list[dict[str, Any]]:
    """Return all rows but the heartbeats of a worker that may run beside the tests."""
    rows = json.loads(connection.creation.serialize_db_to_string())
    return [row for row in rows if row["model"] != "console.heartbeat"]


def test_reading_changes_nothing(
    alice: User, client_of: ClientOf, alices_pages: list[Address]
) -> None:
    prove_address(alice)
    client = client_of(alice)
    before = _rows()
    assert VIN in str(before)
    for one in alices_pages:
        if one.name == "console:subscription_stripe_portal":
            # A way out to Stripe's own page; that it is away is said on the next one.
            continue
        client.get(one.path)
        client.head(one.path)
        client.get(one.path, headers={"HX-Request": "true"})
    assert _rows() == before


def test_templates_hold_no_script_and_no_style_of_their_own() -> None:
    folder = Path(of_tests.BASE_DIR) / "templates"
    forbidden = re.compile(
        r"\son[a-z]+=|\sstyle=|<style|javascript:|hx-on|hx-vals=.js|"
        r"<script(?![^>]*\bsrc=)",
        re.IGNORECASE,
    )
    assert forbidden.search('<a onclick="x">')
    pages = [*folder.rglob("*.html")]
    assert len(pages) > 50
    wrong = {
        path.name: found.group()
        for path in pages
        if (found := forbidden.search(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/__debug__/",
        "/debug",
        "/.git/config",
        "/.env",
        "/static/../console/settings.py",
        "/static/%2e%2e/console/settings.py",
        "/static/..%2f..%2fdata/keyfob.sqlite3",
        "/console/settings.py",
        "/manage.py",
        "/metrics",
        "/server-status",
        "/accounts/social/connections/",
    ],
)
def test_what_should_not_be_there_is_not(
    client_of: ClientOf, owner: User, path: str
) -> None:
    answer = client_of(owner).get(path)
    assert answer.status_code == 404
    assert "SECRET" not in answer.content.decode()
