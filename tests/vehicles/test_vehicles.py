"""Listing cars, keeping what Tesla says of them, choosing who asks."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.conftest import Link, paths
from tokens.models import Inquiry, TeslaGrant
from vehicles import tasks
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import vehicles
from vehicles.services.keys import KeyState, key_state

VIN = "5YJ3E1EA4PF000001"
PRODUCT: dict[str, object] = {
    "vin": VIN,
    "id": 1,
    "id_s": "1",
    "display_name": "Red",
    "state": "online",
    "access_type": "OWNER",
    "command_signing": "required",
}


def test_sync_lists_the_cars_with_access_key_and_firmware(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    grant = link(alice)
    found = {
        access.vehicle.name: (
            access.access_type,
            access.vehicle.command_signing,
            key_state(access.vehicle),
            access.vehicle.firmware,
        )
        for access in VehicleAccess.objects.of(alice)
    }
    firmware = {car.name: car.firmware for car in registered.world.cars.values()}
    assert found == {
        "Red": ("OWNER", "required", KeyState.INSTALLED, firmware["Red"]),
        "Luna": ("OWNER", "required", KeyState.MISSING, firmware["Luna"]),
        "Granny": ("OWNER", "off", KeyState.NOT_NEEDED, firmware["Granny"]),
    }
    grant.refresh_from_db()
    assert grant.synced_vehicles_at is not None


def test_sync_wakes_and_bills_nothing(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    grant = link(alice)
    registered.clock.advance(7200)
    tasks.sync(str(grant.pk))
    assert paths(registered, "/wake_up") == []
    assert sum(registered.billed().values()) == 0


def test_sync_shows_bob_the_shared_car_as_driver(
    link: Link, alice: User, bob: User
) -> None:
    link(alice)
    link(bob)
    shared = VehicleAccess.objects.of(bob).get(vehicle__name="Red")
    assert shared.access_type == "DRIVER"
    assert Vehicle.objects.filter(name="Red").count() == 1


def test_sync_marks_a_car_gone_and_back_again(
    link: Link, alice: User, products: Callable[..., None]
) -> None:
    grant = link(alice)
    products(PRODUCT)
    tasks.sync(str(grant.pk))
    gone = VehicleAccess.objects.of(alice).exclude(gone_at=None)
    assert {access.vehicle.name for access in gone} == {"Red", "Luna", "Granny"}
    assert VehicleAccess.objects.of(alice).get(gone_at=None).vehicle.vin == VIN
    products()
    tasks.sync(str(grant.pk))
    assert VehicleAccess.objects.of(alice).filter(gone_at=None).count() == 0
    products(PRODUCT)
    tasks.sync(str(grant.pk))
    assert VehicleAccess.objects.of(alice).get(gone_at=None).vehicle.vin == VIN


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("OWNER", "OWNER"), ("driver", "DRIVER"), ("GUEST", "GUEST"), ("BOSS", "GUEST")],
)
def test_sync_takes_an_unknown_access_type_for_the_least(
    link: Link, alice: User, products: Callable[..., None], sent: str, stored: str
) -> None:
    products({**PRODUCT, "access_type": sent})
    link(alice)
    assert VehicleAccess.objects.of(alice).get().access_type == stored


def test_sync_asks_no_fleet_status_for_a_guest(
    link: Link,
    alice: User,
    products: Callable[..., None],
    registered: RunningSimulator,
) -> None:
    products({**PRODUCT, "access_type": "GUEST"})
    link(alice)
    assert paths(registered, "/fleet_status") == []


def test_sync_survives_odd_products(
    link: Link, alice: User, products: Callable[..., None]
) -> None:
    products(
        {"vin": "short"},
        {},
        {"energy_site_id": 5},
        {
            **PRODUCT,
            "display_name": "Re\x00d\n" + "x" * 400,
            "state": "s" * 99,
            "id_s": "9" * 99,
            "command_signing": "perhaps",
        },
    )
    link(alice)
    vehicle = VehicleAccess.objects.of(alice).get().vehicle
    assert vehicle.name.startswith("Re d x")
    assert len(vehicle.name) == 200
    assert (vehicle.state, vehicle.command_signing) == ("s" * 16, "")


def test_sync_leaves_the_other_cars_when_one_fleet_status_fails(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    registered.faults.add("html", "*/fleet_status", count=1)
    link(alice)
    known = Vehicle.objects.exclude(fleet_status_at=None)
    assert len(paths(registered, "/fleet_status")) == 3
    assert known.count() == 2


def test_sync_stops_asking_when_tesla_does_not_answer(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    registered.faults.add("refuse", "*/fleet_status")
    link(alice)
    assert len(paths(registered, "/fleet_status")) == 1
    assert VehicleAccess.objects.of(alice).count() == 3


def test_sync_of_a_failing_list_changes_nothing_and_says_why(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    grant = link(alice)
    grant.refresh_from_db()
    read_at = grant.synced_vehicles_at
    registered.faults.add("status", "*/products", status=503)
    tasks.sync(str(grant.pk))
    assert VehicleAccess.objects.of(alice).filter(gone_at=None).count() == 3
    grant.refresh_from_db()
    assert grant.synced_vehicles_at == read_at
    assert grant.vehicles_failed_at is not None
    assert grant.vehicles_failure == (
        "Tesla's server has a fault. Something failed at Tesla."
        " Try again in a few minutes. Tesla's status: 503."
    )


def test_sync_asks_fleet_status_once_an_hour(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    grant = link(alice)
    tasks.sync(str(grant.pk))
    assert len(paths(registered, "/fleet_status")) == 3


def test_sync_of_an_unknown_grant_does_nothing(registered: RunningSimulator) -> None:
    tasks.sync("00000000-0000-0000-0000-000000000000")
    assert registered.calls == []


def test_sync_due_rings_for_old_and_new_lists(
    alice: User, rung: Callable[[], list[tuple[str, list[object]]]]
) -> None:
    fresh, old, new, dead = (make_bare_grant(alice) for _ in range(4))
    now = timezone.now()
    for grant, at in ((fresh, now), (old, now - timedelta(hours=1))):
        TeslaGrant.objects.filter(pk=grant.pk).update(synced_vehicles_at=at)
    TeslaGrant.objects.filter(pk=dead.pk).update(state="needs_relink")
    tasks.sync_due()
    assert sorted(rung(), key=str) == sorted(
        [("vehicles.tasks.sync", [str(grant.pk)]) for grant in (old, new)], key=str
    )


def test_best_access_prefers_listed_working_owner_scopes_age(alice: User) -> None:
    grants = [make_bare_grant(alice) for _ in range(6)]
    rows = [make_vehicle(grant, access_type="DRIVER") for grant in grants]
    oldest, richest, owner, relink, gone, guest = rows
    TeslaGrant.objects.filter(pk=oldest.grant_id).update(
        linked_at=timezone.now() - timedelta(days=1)
    )
    TeslaGrant.objects.filter(pk=richest.grant_id).update(
        scopes=[*richest.grant.scopes, "email"]
    )
    VehicleAccess.objects.filter(pk=owner.pk).update(access_type="OWNER")
    VehicleAccess.objects.filter(pk=relink.pk).update(access_type="OWNER")
    TeslaGrant.objects.filter(pk=relink.grant_id).update(state="needs_relink")
    VehicleAccess.objects.filter(pk=gone.pk).update(
        access_type="OWNER", gone_at=timezone.now()
    )
    VehicleAccess.objects.filter(pk=guest.pk).update(access_type="GUEST")
    order = sorted(VehicleAccess.objects.of(alice), key=vehicles.preference)
    assert order == [owner, richest, oldest, guest, relink, gone]
    assert vehicles.best_access(alice, rows[0].vehicle.vin) == owner


def test_best_access_to_a_strangers_car_is_none(alice: User, charlie: User) -> None:
    access = make_vehicle(make_bare_grant(alice))
    assert vehicles.best_access(alice, access.vehicle.vin) == access
    assert vehicles.best_access(charlie, access.vehicle.vin) is None


def test_remove_forgets_a_gone_car_and_leaves_what_others_see(
    alice: User, bob: User
) -> None:
    access = make_vehicle(make_bare_grant(alice))
    shared = make_vehicle(make_bare_grant(bob), access_type="DRIVER")
    assert vehicles.remove(access) is False
    for one in (access, shared):
        VehicleAccess.objects.filter(pk=one.pk).update(gone_at=timezone.now())
    assert vehicles.remove(access) is True
    assert list(VehicleAccess.objects.all()) == [shared]
    assert Vehicle.objects.count() == 1
    assert vehicles.remove(shared) is True
    assert Vehicle.objects.count() == 0


def make_inquiry(access: VehicleAccess, endpoint: str, answer: object) -> Inquiry:
    return Inquiry.objects.create(
        user=access.grant.user,
        grant=access.grant,
        subject=access.vehicle.vin,
        endpoint=endpoint,
        state=Inquiry.State.ANSWERED,
        answered_at=timezone.now(),
        answer=answer,
    )


def test_note_answer_keeps_the_newest_reading(alice: User) -> None:
    access = make_vehicle(make_bare_grant(alice), state="asleep")
    vin = access.vehicle.vin
    newer = make_inquiry(access, "vehicle_data", {"vin": vin, "n": 2})
    older = make_inquiry(access, "vehicle_data", {"vin": vin, "n": 1})
    older.answered_at = timezone.now() - timedelta(minutes=1)
    vehicles.note_answer(access, newer)
    vehicles.note_answer(access, older)
    access = VehicleAccess.objects.select_related("vehicle").get(pk=access.pk)
    assert access.vehicle_data == {"vin": vin, "n": 2}
    assert access.vehicle_data_at == newer.answered_at
    assert access.vehicle.state == "online"


def test_note_answer_keeps_state_and_fleet_status(alice: User) -> None:
    access = make_vehicle(make_bare_grant(alice))
    vin = access.vehicle.vin
    vehicles.note_answer(
        access, make_inquiry(access, "vehicle", {"vin": vin, "state": "asleep"})
    )
    status = {
        "key_paired_vins": [vin],
        "vehicle_info": {
            vin: {"firmware_version": "2026.1", "total_number_of_keys": -5}
        },
    }
    vehicles.note_answer(access, make_inquiry(access, "fleet_status", status))
    vehicle = Vehicle.objects.get(vin=vin)
    assert (vehicle.state, vehicle.key_paired) == ("asleep", True)
    assert (vehicle.firmware, vehicle.total_number_of_keys) == ("2026.1", None)


@pytest.mark.parametrize(
    "answer", ["", None, [], {"vin": "other"}, {"state": "online"}]
)
def test_note_answer_ignores_odd_answers(alice: User, answer: object) -> None:
    access = make_vehicle(make_bare_grant(alice))
    vehicles.note_answer(access, make_inquiry(access, "vehicle", answer))
    assert Vehicle.objects.get().state == ""


def test_note_answer_ignores_failures(alice: User) -> None:
    access = make_vehicle(make_bare_grant(alice))
    inquiry = make_inquiry(access, "vehicle_data", {"vin": access.vehicle.vin})
    inquiry.state = Inquiry.State.FAILED
    vehicles.note_answer(access, inquiry)
    assert VehicleAccess.objects.get().vehicle_data is None


def test_needs_key_is_true_for_a_missing_one_alone(alice: User) -> None:
    vehicle = make_vehicle(make_bare_grant(alice), key_paired=False).vehicle
    assert vehicles.needs_key(vehicle) is True
    vehicle.key_paired = True
    assert vehicles.needs_key(vehicle) is False


def test_fleet_status_in_another_shape_changes_nothing(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    registered.faults.add(
        "body", "*/fleet_status", body=json.dumps({"response": {}}), status=200
    )
    link(alice)
    assert Vehicle.objects.exclude(fleet_status_at=None).count() == 0
