"""What the operator types."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts import audit
from accounts.mfa import has_factor
from accounts.models import OwnerCode, User
from accounts.services.owner import make_owner, owner as the_owner
from tests.accounts.factors import set_up_app
from tests.accounts.signing_in import sign_in, signed_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def _run(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_owner_code_prints_where_and_what_to_type() -> None:
    words = _run("owner_code")
    assert words.startswith(
        "To become the owner, open http://localhost:8000/welcome and type "
    )
    make_owner(words.split()[-1], "owner@example.com", PASSWORD)


def test_owner_code_says_that_the_owner_exists(owner: User) -> None:
    assert _run("owner_code") == "The owner exists; sign in.\n"
    assert not OwnerCode.objects.exists()


def test_recover_owner_prints_a_link(client: Client, owner: User) -> None:
    words = _run("recover_owner")
    assert words.startswith("Within 60 minutes, once, owner@example.com may open:\n")
    link = words.splitlines()[1]
    assert client.get(link.removeprefix("http://localhost:8000")).status_code == 302


def test_recover_owner_removes_lost_second_factors_when_told_to(owner: User) -> None:
    set_up_app(owner)
    _run("recover_owner")
    assert has_factor(owner)
    _run("recover_owner", "--remove-second-factors")
    assert not has_factor(owner)
    _run("recover_owner", "--remove-second-factors")
    entry = audit.entries_of(owner).get(action="mfa.removed")
    assert (entry.action, entry.detail) == (
        "mfa.removed",
        {"by_operator": True, "count": 2},
    )


def test_recover_owner_finds_one_of_several(owner: User) -> None:
    User.objects.create_owner("second@example.com", PASSWORD)
    words = _run("recover_owner", "--email", "Second@example.com")
    assert "second@example.com may open" in words


@pytest.mark.parametrize("arguments", [(), ("--email", "alice@example.com")])
def test_recover_owner_is_for_owners_alone(
    alice: User, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError, match="There is no such owner"):
        _run("recover_owner", *arguments)


def test_demo_owner_is_made_once(client: Client, settings: Settings) -> None:
    settings.SIMULATED_TESLA = True
    words = _run("create_demo_owner")
    assert words.startswith("The demo's owner is owner@example.com, password ")
    sign_in(client, "owner@example.com", words.split()[-1])
    assert signed_in(client)
    assert _run("create_demo_owner") == "The owner exists; sign in.\n"
    assert User.objects.count() == 1


def test_demo_owner_is_refused_where_tesla_is_real() -> None:
    with pytest.raises(CommandError, match="This is not a demo"):
        _run("create_demo_owner")
    assert the_owner() is None
