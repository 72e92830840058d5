"""The headers of each page, and what a person reads when the database is away."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch

from accounts.models import User
from console.context import site
from console.middleware import (
    database_away,
    one_address,
    security_headers,
)
from console.policy import CSP_NONCE


def _answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


def _policy(request: HttpRequest) -> dict[str, list[str]]:
    policy = security_headers(_answer)(request).headers["Content-Security-Policy"]
    rules = [rule.split() for rule in policy.split(";")]
    return {name: values for name, *values in rules}


def test_policy_allows_only_our_own_and_the_nonce(rf: RequestFactory) -> None:
    request = rf.get("/")
    policy = _policy(request)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'", f"'nonce-{request.META[CSP_NONCE]}'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert not any("unsafe" in word for words in policy.values() for word in words)


def test_policy_lets_forms_lead_to_tesla(rf: RequestFactory) -> None:
    authorize, consent = (
        urlsplit(address)
        for address in (
            settings.TESLA_HOSTS.authorize_url,
            settings.TESLA_HOSTS.consent_url,
        )
    )
    origins = {f"{one.scheme}://{one.netloc}" for one in (authorize, consent)}
    assert set(_policy(rf.get("/"))["form-action"]) == {"'self'", *origins}


def test_nonce_is_new_for_each_page(rf: RequestFactory) -> None:
    requests = [rf.get("/"), rf.get("/")]
    nonces = {_policy(request)["script-src"][1] for request in requests}
    assert len(nonces) == 2


def test_templates_read_the_nonce(rf: RequestFactory) -> None:
    request = rf.get("/")
    security_headers(_answer)(request)
    assert site(request)["csp_nonce"] == request.META[CSP_NONCE]


def test_page_is_not_stored(rf: RequestFactory) -> None:
    headers = security_headers(_answer)(rf.get("/")).headers
    assert headers["Cache-Control"] == "no-store, private"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_answer_keeps_its_own_caching(rf: RequestFactory) -> None:
    def static(request: HttpRequest) -> HttpResponse:
        return HttpResponse("x", headers={"Cache-Control": "max-age=60"})

    headers = security_headers(static)(rf.get("/")).headers
    assert headers["Cache-Control"] == "max-age=60"


@pytest.mark.parametrize(
    ("method", "cleared"), [("POST", '"cache", "storage"'), ("GET", None)]
)
def test_logout_clears_what_the_browser_kept(
    rf: RequestFactory, method: str, cleared: str | None
) -> None:
    request = rf.generic(method, "/accounts/logout/")
    request.resolver_match = ResolverMatch(_answer, (), {}, "account_logout")
    headers = security_headers(_answer)(request).headers
    assert headers.get("Clear-Site-Data") == cleared


def test_page_of_a_member_carries_all_headers(
    alice: User, client_of: Callable[[User], Client]
) -> None:
    headers = client_of(alice).get("/console/account").headers
    assert headers["Cache-Control"] == "no-store, private"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "[::1]:8000", "[::1]"])
def test_browser_at_the_number_is_sent_to_the_name(
    rf: RequestFactory, settings: LazySettings, host: str
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "[::1]"]
    answer = one_address(_answer)(rf.get("/key?a=1", headers={"host": host}))
    assert answer.status_code == 302
    assert answer.headers["Location"] == "http://localhost:8000/key?a=1"


@pytest.mark.parametrize("host", ["localhost:8000", "localhost"])
def test_browser_at_the_name_stays(rf: RequestFactory, host: str) -> None:
    answer = one_address(_answer)(rf.get("/key", headers={"host": host}))
    assert answer.status_code == 200


def test_deployed_console_redirects_nobody(
    rf: RequestFactory, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.PUBLIC_URL = "https://keyfob.example.com"
    answer = one_address(_answer)(rf.get("/", headers={"host": "127.0.0.1:8000"}))
    assert answer.status_code == 200


def test_view_without_database_becomes_503(rf: RequestFactory) -> None:
    wrapped = database_away(_answer)
    error = OperationalError("connection refused to 10.0.0.7")
    answer = wrapped.process_exception(rf.get("/"), error)  # type: ignore[attr-defined]  # Django looks it up too
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert b"10.0.0.7" not in answer.content
    assert b"database" in answer.content.lower()


def test_other_errors_are_left_to_django(rf: RequestFactory) -> None:
    wrapped = database_away(_answer)
    answer = wrapped.process_exception(rf.get("/"), ValueError())  # type: ignore[attr-defined]  # Django looks it up too
    assert answer is None


@pytest.mark.django_db
def test_500_stays_while_the_database_answers(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    wrapped = database_away(lambda _request: HttpResponse(status=500))
    assert wrapped(request).status_code == 500


@pytest.mark.django_db
def test_500_becomes_503_while_the_database_is_away(rf: RequestFactory) -> None:
    def refuse(execute: object, *arguments: object) -> None:
        raise OperationalError("gone")

    wrapped = database_away(lambda _request: HttpResponse(status=500))
    with connection.execute_wrapper(refuse):
        assert wrapped(rf.get("/")).status_code == 503
