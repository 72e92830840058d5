"""Who may change what a shared car streams, and with whose Tesla account."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from tests.factories import SCOPES, client_for, make_bare_grant, make_vehicle
from tokens.models import TeslaGrant
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import asker, wishes
from vehicles.services.telemetry.refusals import Code
from vehicles.services.telemetry.wishes import NotYours

VIN = "5YJ3E1EA4PF000001"
PAGE = f"/console/vehicle/{VIN}/telemetry"


@pytest.fixture
def alices(alice: User) -> VehicleAccess:
    """Return the owner's access to a car that streams what she wished."""
    access = make_vehicle(make_bare_grant(alice), vin=VIN, firmware="2025.44")
    wishes.merge(access, {"Soc": None, "Locked": None})
    taken()
    return access


@pytest.fixture
def bobs(bob: User, alices: VehicleAccess) -> VehicleAccess:
    """Return the access of somebody who drives the same car."""
    return make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")


def row() -> TelemetryConfig:
    return TelemetryConfig.objects.select_related("vehicle").get()


def taken() -> None:
    """Let Tesla have taken what is wanted."""
    now = timezone.now()
    TelemetryConfig.objects.update(confirmed={"fields": row().fields}, confirmed_at=now)


def chosen() -> User | Code:
    found = asker.choose(row())
    return found if isinstance(found, Code) else found.grant.user


def lose(access: VehicleAccess) -> None:
    VehicleAccess.objects.filter(pk=access.pk).update(gone_at=timezone.now())


def unscope(access: VehicleAccess) -> None:
    TeslaGrant.objects.filter(pk=access.grant_id).update(scopes=["openid"])


def unlink(access: VehicleAccess) -> None:
    TeslaGrant.objects.filter(pk=access.grant_id).update(
        state=TeslaGrant.State.NEEDS_RELINK
    )


@pytest.mark.parametrize("end", [lose, unscope, unlink])
@pytest.mark.parametrize("path", [f"{PAGE}/remove", f"{PAGE}/again", PAGE])
def test_who_lost_the_car_changes_nothing(
    alice: User, bob: User, bobs: VehicleAccess, end: Any, path: str
) -> None:
    before = row()
    end(bobs)
    sent = {"on": ["Odometer"], "do": "send"}
    page = client_for(bob).post(path, sent, follow=True).content.decode()
    now = row()
    assert (now.fields, now.generation) == (before.fields, before.generation)
    if path.endswith("remove"):
        assert "taken away" not in page
    assert chosen() == alice


def test_driver_does_not_take_all_away_while_the_owner_is_here(
    bob: User, bobs: VehicleAccess, alices: VehicleAccess
) -> None:
    page = client_for(bob).post(f"{PAGE}/remove", follow=True).content.decode()
    assert "Only they can take away" in page
    answer = client_for(bob).post(
        PAGE, {"on": ["Odometer"], "was": "Locked,Soc", "do": "send"}, follow=True
    )
    assert "Only they can take away" in answer.content.decode()
    for sent in ({}, {"Odometer": None}):
        with pytest.raises(NotYours):
            wishes.replace(bobs, sent)
    assert set(row().fields) == {"Soc", "Locked"}
    lose(alices)
    assert wishes.remove(bobs) > 0


def test_owner_takes_all_away(alice: User, alices: VehicleAccess, bobs: Any) -> None:
    wishes.merge(bobs, {"Odometer": None})
    assert wishes.remove(alices) > 0
    assert (row().fields, chosen()) == ({}, alice)


def test_driver_changes_fields_with_their_own_account_alone(
    alice: User, bob: User, bobs: VehicleAccess
) -> None:
    wishes.merge(bobs, {"Odometer": None})
    assert chosen() == bob
    unscope(bobs)
    assert chosen() == Code.MISSING_SCOPE
    unlink(bobs)
    assert chosen() == Code.RELINK
    lose(bobs)
    assert chosen() == Code.NOT_LISTED
    # What Tesla has taken is the car's.
    taken()
    assert chosen() == alice


def test_what_a_driver_removed_is_removed_by_them_alone(
    bob: User, bobs: VehicleAccess, alices: VehicleAccess
) -> None:
    lose(alices)
    wishes.remove(bobs)
    VehicleAccess.objects.filter(pk=alices.pk).update(gone_at=None)
    assert chosen() == bob
    lose(bobs)
    assert chosen() == Code.NOT_LISTED


def unplace(access: VehicleAccess) -> None:
    scopes = [scope for scope in SCOPES if scope != "vehicle_location"]
    TeslaGrant.objects.filter(pk=access.grant_id).update(scopes=scopes)
    access.grant.refresh_from_db()


def test_wish_that_is_sent_again_stays_whose_it_was(
    alice: User, alices: VehicleAccess, bobs: VehicleAccess
) -> None:
    unplace(bobs)
    wishes.merge(alices, {"Location": None})
    assert wishes.send_again(bobs) == row().generation
    assert chosen() == alice
    # Once the owner's account works again, it brings the wish.
    unlink(alices)
    wishes.send_again(bobs)
    TeslaGrant.objects.update(state=TeslaGrant.State.ACTIVE)
    assert chosen() == alice


@pytest.mark.parametrize("end", [lose, unscope, unlink])
def test_wish_that_its_asker_cannot_bring_is_taken_over(
    alice: User, alices: VehicleAccess, bobs: VehicleAccess, end: Any
) -> None:
    wishes.merge(bobs, {"Odometer": None})
    end(bobs)
    assert isinstance(chosen(), Code)
    wishes.send_again(alices)
    assert chosen() == alice


def test_what_the_owner_asked_may_be_brought_by_another(
    bob: User, alices: VehicleAccess, bobs: VehicleAccess
) -> None:
    assert set(SCOPES) <= set(bobs.grant.scopes)
    wishes.merge(alices, {"Odometer": None})
    unlink(alices)
    assert chosen() == bob
