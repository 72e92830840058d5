"""Fixtures of the sign-in tests."""

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _passwords_are_quick(settings: Settings) -> None:
    """Hash passwords in next to no time: some tests try dozens of them."""
    settings.PASSWORD_HASHERS = ["tests.accounts.hashers.QuickHasher"]


@pytest.fixture(autouse=True)
def _letters_are_kept(settings: Settings) -> None:
    """Keep letters as an instance without a mail server does."""
    settings.EMAIL_BACKEND = "accounts.mail.LetterBackend"
