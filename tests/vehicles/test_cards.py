"""The cards of the dashboard: few queries, words prepared, nobody else's car."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Units, User
from tests.factories import make_bare_grant, make_vehicle
from tokens.readings import UNKNOWN, Value
from vehicles.cards import Battery, Card, cards_of
from vehicles.models import VehicleAccess

pytestmark = pytest.mark.django_db
CHARGING = {
    "charge_state": {
        "battery_level": 64.4,
        "battery_range": 198,
        "charge_limit_soc": 80,
        "charging_state": "Charging",
        "charger_power": 11,
    }
}


def one_card(user: User, units: Units = Units.METRIC) -> Card:
    (card,) = cards_of(user, units)
    return card


def read(access: VehicleAccess, reading: dict[str, Any], minutes: int = 0) -> None:
    VehicleAccess.objects.filter(pk=access.pk).update(
        vehicle_data=reading,
        vehicle_data_at=timezone.now() - timedelta(minutes=minutes),
    )


@pytest.mark.parametrize("count", [0, 1, 10])
def test_cards_of_cost_one_query_however_many(
    alice: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    grant = make_bare_grant(alice)
    for number in range(count):
        read(make_vehicle(grant, vin=f"5YJ3E1EA4PF0000{number:02}"), CHARGING)
    with django_assert_num_queries(1):
        assert len(cards_of(alice, Units.METRIC)) == count


def test_cards_of_a_stranger_are_none(alice: User, charlie: User) -> None:
    make_vehicle(make_bare_grant(alice))
    assert len(cards_of(alice, Units.METRIC)) == 1
    assert cards_of(charlie, Units.METRIC) == []


def test_card_says_what_is_known(alice: User) -> None:
    now = timezone.now()
    access = make_vehicle(
        make_bare_grant(alice),
        state="online",
        state_at=now,
        command_signing="required",
        key_paired=True,
        protocol_required=True,
        firmware="2026.38.2",
        fleet_status_at=now,
    )
    read(access, CHARGING)
    card = one_card(alice)
    assert (card.name, card.model, card.vin) == ("Red", "Model 3", access.vehicle.vin)
    assert (card.state, card.state_word, card.state_is_old) == (
        "online",
        "Online",
        False,
    )
    assert card.access_type == "OWNER"
    assert card.command_sign == Value("Command Sign", "REQUIRED")
    assert card.key is not None
    assert (card.key.word, card.key.tone) == ("Installed", "good")
    assert card.firmware is not None
    assert card.firmware.text == "2026.38.2"
    assert card.battery == Battery(64, 80, is_charging=True)
    assert card.figures == (
        Value("Battery", "64", "%"),
        Value("Range", "319", "km"),
        Value("Power", "11", "kW"),
    )
    assert card.charging == "Charging"
    assert card.reading_is_old is False
    assert card.lacks_key is False


def test_card_shows_range_in_the_persons_units(alice: User) -> None:
    read(make_vehicle(make_bare_grant(alice)), CHARGING)
    assert one_card(alice, Units.IMPERIAL).figures[1] == Value("Range", "198", "mi")


def test_card_of_a_guest_shows_neither_key_nor_firmware(alice: User) -> None:
    make_vehicle(
        make_bare_grant(alice), access_type="GUEST", key_paired=False, firmware="1"
    )
    card = one_card(alice)
    assert (card.key, card.firmware, card.lacks_key) == (None, None, False)


def test_card_of_a_gone_car_shows_neither_key_nor_firmware(alice: User) -> None:
    access = make_vehicle(make_bare_grant(alice), key_paired=True, firmware="1")
    card = one_card(alice)
    assert card.key is not None
    assert card.firmware is not None
    VehicleAccess.objects.filter(pk=access.pk).update(gone_at=timezone.now())
    card = one_card(alice)
    assert (card.key, card.firmware) == (None, None)


def test_card_of_a_car_that_lacks_the_key_prompts_while_it_is_listed(
    alice: User,
) -> None:
    access = make_vehicle(make_bare_grant(alice), key_paired=False)
    assert one_card(alice).lacks_key is True
    VehicleAccess.objects.filter(pk=access.pk).update(gone_at=timezone.now())
    assert one_card(alice).lacks_key is False


def test_card_before_anything_is_known(alice: User) -> None:
    make_vehicle(make_bare_grant(alice), name="")
    card = one_card(alice)
    assert (card.name, card.state, card.state_word) == ("Model 3", "", UNKNOWN)
    assert (card.figures, card.battery, card.read_at) == ((), None, None)
    assert card.command_sign == Value(
        "Command Sign", reason="Tesla's list does not say."
    )
    assert card.key is not None
    assert card.key.word == "Cannot tell"


def test_card_says_what_is_old_and_what_is_in_service(alice: User) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    access = make_vehicle(
        make_bare_grant(alice), state="asleep", state_at=long_ago, in_service=True
    )
    read(access, {"charge_state": {"battery_level": 300}}, minutes=120)
    card = one_card(alice)
    assert (card.state_word, card.state_is_old) == ("Asleep, in service", True)
    assert card.reading_is_old is True
    assert card.battery == Battery(100, None, is_charging=False)
    assert card.figures[1].text == UNKNOWN


def test_cards_show_a_car_of_two_grants_once(alice: User) -> None:
    make_vehicle(make_bare_grant(alice), access_type="DRIVER")
    make_vehicle(make_bare_grant(alice), access_type="OWNER")
    assert one_card(alice).access_type == "OWNER"


def test_cards_show_each_their_own_reading(alice: User, bob: User) -> None:
    read(make_vehicle(make_bare_grant(alice)), CHARGING)
    make_vehicle(make_bare_grant(bob), access_type="DRIVER")
    assert one_card(alice).figures != ()
    assert one_card(bob).figures == ()
