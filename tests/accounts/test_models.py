"""Users: named by their e-mail address, or by what else is known."""

from uuid import UUID

import pytest
from django.db import IntegrityError

from accounts.models import User
from tests.factories import make_user


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (User(email="bob@example.com", name="Bob"), "bob@example.com"),
        (User(name="Bob"), "Bob"),
        (User(id=UUID(int=0x1234 << 112)), "Account 12340000"),
    ],
)
def test_user_is_named_by_what_is_known(user: User, name: str) -> None:
    assert str(user) == name


@pytest.mark.django_db
def test_user_is_found_in_any_case() -> None:
    user = make_user("Bob@Example.com")
    assert user.email == "Bob@example.com"
    assert User.objects.get_by_natural_key("BOB@example.COM") == user


@pytest.mark.django_db
def test_two_users_cannot_share_an_address() -> None:
    make_user("bob@example.com")
    with pytest.raises(IntegrityError):
        make_user("BOB@example.com")


@pytest.mark.django_db
def test_users_without_an_address_are_many() -> None:
    for _ in range(2):
        user = User.objects.create_user(None)
        assert not user.has_usable_password()
    assert User.objects.filter(email=None).count() == 2
