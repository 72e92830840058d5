import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from fleet.streamed import LOCATION_SIGNALS, fields
from tests.factories import SCOPES, make_bare_grant, make_user, make_vehicle
from tokens.models import TeslaGrant
from vehicles.services import viewers
from vehicles.services.viewers import Viewer

VIN = "5YJ3E1EA4PF000001"
OTHER_VIN = "5YJ3E1EA4PF000002"

pytestmark = pytest.mark.django_db


def test_viewers_are_all_accounts_that_see_a_car_and_nobody_else(
    alice: User, bob: User
) -> None:
    make_user("charlie@example.com")
    make_vehicle(make_bare_grant(alice), vin=VIN)
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    make_vehicle(make_bare_grant(bob), vin=OTHER_VIN)

    found = viewers.of([VIN, OTHER_VIN, "5YJ3E1EA4PF000003"])

    both = sorted(
        (Viewer(alice.pk, sees_location=True), Viewer(bob.pk, sees_location=True)),
        key=_by_account,
    )
    assert found == {VIN: tuple(both), OTHER_VIN: (Viewer(bob.pk, sees_location=True),)}


def test_viewers_lose_a_car_that_is_gone(alice: User) -> None:
    access = make_vehicle(make_bare_grant(alice), vin=VIN)
    assert viewers.of([VIN]) == {VIN: (Viewer(alice.pk, sees_location=True),)}

    access.gone_at = timezone.now()
    access.save(update_fields=["gone_at"])

    assert viewers.of([VIN]) == {}


def test_viewers_need_a_grant_that_works(alice: User) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant, vin=VIN)
    TeslaGrant.objects.update(state=TeslaGrant.State.NEEDS_RELINK)

    assert viewers.of([VIN]) == {}


def test_viewers_need_an_active_account(alice: User) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN)
    User.objects.update(is_active=False)

    assert viewers.of([VIN]) == {}


def test_viewers_need_the_scope_of_vehicle_data(alice: User) -> None:
    scopes = tuple(scope for scope in SCOPES if scope != "vehicle_device_data")
    make_vehicle(make_bare_grant(alice, scopes=scopes), vin=VIN)

    assert viewers.of([VIN]) == {}


def test_viewers_without_the_scope_of_location_do_not_see_it(alice: User) -> None:
    scopes = tuple(scope for scope in SCOPES if scope != "vehicle_location")
    make_vehicle(make_bare_grant(alice, scopes=scopes), vin=VIN)

    assert viewers.of([VIN]) == {VIN: (Viewer(alice.pk, sees_location=False),)}


def test_viewers_do_not_see_a_place_that_the_owner_hides(alice: User) -> None:
    access = make_vehicle(make_bare_grant(alice), vin=VIN)
    access.hide_private = True
    access.save(update_fields=["hide_private"])

    assert viewers.of([VIN]) == {VIN: (Viewer(alice.pk, sees_location=False),)}


def test_viewers_see_the_place_by_any_of_their_grants(alice: User) -> None:
    hidden = make_vehicle(make_bare_grant(alice), vin=VIN)
    hidden.hide_private = True
    hidden.save(update_fields=["hide_private"])
    make_vehicle(make_bare_grant(alice), vin=VIN)

    assert viewers.of([VIN]) == {VIN: (Viewer(alice.pk, sees_location=True),)}


@pytest.mark.parametrize("cars", [1, 3])
def test_viewers_cost_one_query(alice: User, cars: int) -> None:
    grant = make_bare_grant(alice)
    vins = [f"5YJ3E1EA4PF00001{number}" for number in range(cars)]
    for vin in vins:
        make_vehicle(grant, vin=vin)

    with CaptureQueriesContext(connection) as queries:
        found = viewers.of(vins)

    assert sorted(found) == vins
    assert len(queries) == 1


def test_location_signals_are_the_fields_that_need_the_scope() -> None:
    needing = {
        name for name, row in fields().items() if "vehicle_location" in row["scopes"]
    }
    assert needing == LOCATION_SIGNALS


def _by_account(viewer: Viewer) -> str:
    return viewer.account_id.hex
