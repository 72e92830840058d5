"""Fixtures of the sign-in tests."""

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _letters_are_kept(settings: Settings) -> None:
    """Keep letters as an instance without a mail server does."""
    settings.EMAIL_BACKEND = "accounts.mail.LetterBackend"
