"""Who connects programs."""

import pytest
from django.test import Client

from accounts.models import User
from tests.tokens.helpers import fresh_client


@pytest.fixture
def alices_client(alice: User) -> Client:
    """Return a client of Alice's, who has just typed the password."""
    return fresh_client(alice)
