"""Which passwords are taken."""

import pytest
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError

from accounts.models import User


@pytest.mark.parametrize(
    "password",
    [
        "teslemetry123456",
        "Keyfob-2026-2026",
        "TESLATESLATESLA",
        "t3sl4m0d3l!!",
        "mykeyfobpassword",
        "k3yf0bk3yf0b",
        "short",
        "elevenchars",
        "qwerty123456",
        "alice@example.com",
    ],
)
def test_guessable_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(email="alice@example.com"))


@pytest.mark.parametrize(
    "password",
    [
        "my tesla drives to the seaside",
        "correct horse battery",
        "x" * 60 + "9 yz",
        "  leading and trailing  ",
        "🔑🚗🏡🔋☀️🌙⭐🌧️❄️🔥💧🌈",
        "a b c d e f " * 11,
        "123456789012345678",
    ],
)
def test_long_password_of_any_characters_is_taken(password: str) -> None:
    validate_password(password, User(email="alice@example.com"))


def test_product_name_rule_is_told() -> None:
    assert (
        "Your password must be more than the name of this product."
        in password_validators_help_texts()
    )
