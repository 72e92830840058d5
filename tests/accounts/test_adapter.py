"""What stands between a proof of identity and the console."""

import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core.context import request_context
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts.models import Letter, User
from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def arriving(rf: RequestFactory) -> HttpRequest:
    """Return the request of somebody who is not signed in yet."""
    request = rf.get("/accounts/tesla/callback")
    request.session = SessionStore()
    request.user = AnonymousUser()
    MessageMiddleware(lambda _: HttpResponse()).process_request(request)
    return request


@pytest.mark.parametrize(
    ("methods", "place"),
    [
        (("socialaccount",), "/console/"),
        (("password", "socialaccount"), "/console/"),
        (("password",), "/accounts/confirm-email/"),
        (("socialaccount", "password"), "/accounts/confirm-email/"),
        ((), "/accounts/confirm-email/"),
    ],
)
def test_only_who_comes_from_tesla_needs_no_proven_address(
    arriving: HttpRequest, alice: User, methods: tuple[str, ...], place: str
) -> None:
    with request_context(arriving):
        for method in methods:
            record_authentication(arriving, alice, method=method)
        response = perform_login(arriving, alice, redirect_url="/console/")
    assert response["Location"] == place
    assert Letter.objects.filter(to="alice@example.com").exists() == (
        place != "/console/"
    )
