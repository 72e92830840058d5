"""Fixtures of energy sites: linked and listed."""

from collections.abc import Callable

import pytest

from accounts.models import User
from energy import tasks
from tests.fixtures.tesla import MakeGrant
from tokens.models import TeslaGrant

Link = Callable[[User], TeslaGrant]


@pytest.fixture
def link(make_grant: MakeGrant) -> Link:
    """Return a function that links a person's Tesla account and lists its sites."""

    def make(user: User) -> TeslaGrant:
        grant = make_grant(user, str(user.email))
        tasks.sync(str(grant.pk))
        return grant

    return make
