"""The front page."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_front_offers_both_ways_in(client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.count("<h1>") == 1
    assert 'method="post" action="/accounts/tesla/sign-in"' in page
    assert 'href="/accounts/login/"' in page


def test_front_offers_the_console_to_who_is_signed_in(
    client_of: Callable[[User], Client], alice: User
) -> None:
    page = client_of(alice).get("/").content.decode()
    assert "Signed in as alice@example.com" in page
    assert 'href="/console/"' in page
    assert "Sign in with Tesla" not in page


def test_front_marks_the_simulated_tesla(client: Client, settings: Settings) -> None:
    settings.SIMULATED_TESLA = True
    assert "Simulated Tesla" in client.get("/").content.decode()
    settings.SIMULATED_TESLA = False
    assert "Simulated Tesla" not in client.get("/").content.decode()


def test_front_refuses_other_methods(client: Client) -> None:
    assert client.post("/").status_code == 405


def test_front_asks_nothing_of_the_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        client.get("/")


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><b>', "")],
)
def test_front_takes_the_remembered_theme(
    client: Client, cookie: str, attribute: str
) -> None:
    client.cookies["theme"] = cookie
    page = client.get("/").content.decode()
    assert f'<html lang="en"{attribute}>' in page
