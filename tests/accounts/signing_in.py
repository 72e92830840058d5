"""What tests of the sign-in pages have in common."""

import re
import time
from typing import Any

import time_machine
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest, HttpResponse
from django.test import Client

from accounts.models import Letter, User
from accounts.services.letters import body_of
from accounts.services.members import prove_address
from tests.factories import PASSWORD, make_user

LOGIN = "/accounts/login/"
CONSOLE = "/console/"


def make_member(email: str) -> User:
    """Make a member whose address is proven, so that the password signs them in."""
    user = make_user(email)
    prove_address(user)
    return user


def sign_in(
    client: Client, email: str, password: str = PASSWORD, **extra: Any
) -> HttpResponse:
    """Post the login form; `extra` are form fields, META keys and `headers`."""
    fields = {"login": email, "password": password, "next": extra.pop("next", "")}
    response: Any = client.post(LOGIN, fields, **extra)
    return response  # type: ignore[no-any-return]  # the test client's own type


def signed_in(client: Client) -> bool:
    """Tell whether this browser reaches a page that asks for an account."""
    return client.get("/accounts/password/change/").status_code == 200


def newest_letter() -> tuple[str, str, str]:
    """Return recipient, subject and text of the letter written last."""
    letter = Letter.objects.latest("written_at")
    return letter.to, letter.subject, body_of(letter) or ""


def link_in(text: str) -> str:
    """Return the path of the one link to this site that leads on."""
    path: str
    [path] = set(re.findall(r"http://localhost:8000(/\S+)", text))
    return path


def error_words(response: Any) -> list[str]:
    """Return all that the page's form complains about."""
    return [
        word for words in response.context["form"].errors.values() for word in words
    ]


def just_signed_in(client: Client, user: User, *, ago_s: float = 0) -> None:
    """Note in the session that this person signed in, some seconds ago."""
    session = client.session
    request = HttpRequest()
    request.session = session
    with time_machine.travel(time.time() - ago_s):
        record_authentication(request, user, method="socialaccount")
    session.save()
