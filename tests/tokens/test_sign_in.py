"""Whose account a Tesla account is, decided once however many tabs ask."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from fleet.oauth import IdClaims, TeslaTokens
from simulator.testing import RunningSimulator
from tests.tokens.helpers import MakeGrant
from tokens.models import TeslaGrant
from tokens.services import sign_in

TABS = 4


def _arrival(simulator: RunningSimulator, email: str) -> sign_in.Arrival:
    """Return what Tesla gives to one tab of a person."""
    given = simulator.link(email, client_id=configured.TESLA_CLIENT_ID)
    tokens = TeslaTokens(
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        id_token=given["id_token"],
        expires_at=timezone.now() + timedelta(hours=8),
    )
    person = simulator.world.persons[email]
    return sign_in.Arrival(tokens, IdClaims(person.sub, email, person.name))


@pytest.mark.django_db(transaction=True)
def test_first_sign_in_from_several_tabs_makes_one_member(
    registered: RunningSimulator, settings: Settings
) -> None:
    settings.SIGNUP_OPEN = True
    arrivals = [_arrival(registered, "alice@example.com") for _ in range(TABS)]
    together = Barrier(TABS)

    def arrive(arrived: sign_in.Arrival) -> object:
        together.wait(10)
        try:
            return sign_in.sign_in(arrived).user_id
        finally:
            connection.close()

    with ThreadPoolExecutor(TABS) as pool:
        users = set(pool.map(arrive, arrivals))
    assert users == {User.objects.get().pk}
    assert TeslaGrant.objects.count() == 1


def test_address_of_another_account_is_refused_all_the_same(
    registered: RunningSimulator, settings: Settings, alice: User
) -> None:
    settings.SIGNUP_OPEN = True
    with pytest.raises(sign_in.AddressTaken):
        sign_in.sign_in(_arrival(registered, "alice@example.com"))
    assert TeslaGrant.objects.count() == 0


def test_disabled_member_stays_out(
    registered: RunningSimulator, make_grant: MakeGrant, alice: User
) -> None:
    make_grant(alice)
    User.objects.update(is_active=False)
    with pytest.raises(sign_in.Disabled):
        sign_in.sign_in(_arrival(registered, "alice@example.com"))
