"""What a person reads when a page cannot be shown."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import path
from pytest_django import Settings

from accounts.models import User
from console import urls

pytestmark = pytest.mark.django_db


def refuse(request: HttpRequest) -> None:
    raise PermissionDenied


def suspect(request: HttpRequest) -> None:
    raise SuspiciousOperation


def break_down(request: HttpRequest) -> None:
    raise ZeroDivisionError


handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500
urlpatterns = [
    path("refuse", refuse),  # type: ignore[arg-type]  # it never answers
    path("suspect", suspect),  # type: ignore[arg-type]  # it never answers
    path("break", break_down),  # type: ignore[arg-type]  # it never answers
    *urls.urlpatterns,
]


@pytest.mark.parametrize(
    ("address", "status", "title"),
    [
        ("suspect", 400, "This request cannot be read"),
        ("refuse", 403, "This page is not for you"),
        ("nowhere", 404, "Nothing is here"),
        ("break", 500, "Something broke here"),
    ],
)
def test_errors_say_in_words_what_happened(
    settings: Settings, address: str, status: int, title: str
) -> None:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    response = client.get(f"/{address}")
    page = response.content.decode()
    assert response.status_code == status
    assert f"<h1>{title}</h1>" in page
    assert f"Error {status}" in page


def test_csrf_failure_says_what_helps(
    client_of: Callable[[User], Client], alice: User
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_of(alice).cookies
    response = strict.post("/console/preferences", {"units": "metric"})
    assert response.status_code == 403
    assert "<h1>That form was too old</h1>" in response.content.decode()
    alice.refresh_from_db()
    assert alice.units == ""


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}, 302),
        ({}, 302),
    ],
)
def test_form_of_another_site_is_refused_even_with_its_secret(
    client_of: Callable[[User], Client],
    alice: User,
    headers: dict[str, str],
    status: int,
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_of(alice).cookies
    strict.get("/console/account")
    form = {
        "units": "metric",
        "csrfmiddlewaretoken": strict.cookies["csrftoken"].value,
    }
    response = strict.post("/console/preferences", form, headers=headers)
    assert response.status_code == status
    alice.refresh_from_db()
    assert alice.units == ("" if status == 403 else "metric")


def test_link_of_another_site_opens_a_page(
    client_of: Callable[[User], Client], alice: User
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client_of(alice).get("/console/", headers=headers).status_code == 200


def test_database_page_needs_neither_request_nor_database() -> None:
    page = render_to_string("503.html", {"csp_nonce": "n0nce"})
    assert "<h1>The database does not answer</h1>" in page
    assert 'nonce="n0nce"' in page
