"""Take one Tesla account, car or site out: the same chain as an account's deletion."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts.models import User
from console.models import Deletion, DeletionStep
from console.services import deletions
from energy.models import EnergySite, SiteAccess
from simulator.testing import RunningSimulator
from tests.console.leaving import CLIENT, finish
from tests.factories import (
    PASSWORD,
    make_bare_grant,
    make_energy_site,
    make_user,
    make_vehicle,
)
from tests.fixtures.tesla import MakeGrant
from tests.tokens.helpers import proved
from tokens.models import Inquiry, TeslaGrant
from tokens.services import grants, inquiries, spool
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import telemetry, vehicles

ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
SCOPES = "/console/scopes"
VIN = "5YJ3E1EA4PF000001"
CAR = f"/console/vehicle/{VIN}/remove"
SITE = "/console/energy/2252142071/remove"


@pytest.mark.django_db
def test_unlink_asks_first_and_then_begins(
    alice: User, client_of: ClientOf, rung: Rung
) -> None:
    grant = make_bare_grant(alice)
    client, address = client_of(alice), f"{SCOPES}/{grant.pk}/unlink"
    assert client.post(address)["Location"].startswith("/accounts/reauthenticate/")
    proved(client)
    assert b"The virtual key stays on your cars" in client.get(address).content
    assert Deletion.objects.count() == 0
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (302, SCOPES)
    deletion = Deletion.objects.get()
    assert (deletion.kind, deletion.subject) == ("grant", str(grant.pk))
    assert b"is being removed" in client.get(SCOPES).content
    client.post(address)
    assert Deletion.objects.get() == deletion


@pytest.mark.django_db(transaction=True)
def test_unlink_rings_for_a_worker(
    alice: User, client_of: ClientOf, rung: Rung
) -> None:
    grant = make_bare_grant(alice)
    proved(client_of(alice)).post(f"{SCOPES}/{grant.pk}/unlink")
    deletion = Deletion.objects.get()
    assert rung() == [("console.tasks.delete", [str(deletion.pk)])]


def test_unlink_ends_telemetry_tokens_and_readings(
    alice: User, make_grant: MakeGrant, registered: RunningSimulator
) -> None:
    grant = make_grant(alice)
    vehicles.sync(grant, grants.client_for(grant))
    inquiries.ask(alice, grant, "wake_up", VIN)
    spool.put(grant, spool.Pair("a", "r", grant.linked_at))
    red = registered.world.car_named("Red").vin
    registered.stream(red, client_id=CLIENT)
    finish(deletions.ask(alice, Deletion.Kind.GRANT, str(grant.pk)))
    assert registered.streams(client_id=CLIENT) == []
    assert grant.pk not in spool.waiting()
    for model in (TeslaGrant, Inquiry, VehicleAccess, Vehicle):
        assert model.objects.count() == 0
    assert User.objects.get() == alice


def test_unlink_keeps_telemetry_of_a_car_that_another_grant_sees(
    alice: User, bob: User, make_grant: MakeGrant, registered: RunningSimulator
) -> None:
    grant, other = make_grant(alice), make_grant(bob, "bob@example.com")
    for one in (grant, other):
        vehicles.sync(one, grants.client_for(one))
    red = registered.world.car_named("Red").vin
    luna = registered.world.car_named("Luna").vin
    for vin in (red, luna):
        registered.stream(vin, client_id=CLIENT)
    deletion = finish(deletions.ask(alice, Deletion.Kind.GRANT, str(grant.pk)))
    assert registered.streams(client_id=CLIENT) == [red]
    states = deletion.steps.filter(action="telemetry").values_list("state", flat=True)
    assert sorted(states) == ["done", "done", "kept"]
    assert Vehicle.objects.filter(vin=red).exists()
    assert not Vehicle.objects.filter(vin=luna).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["suspended", "needs_relink"])
def test_car_of_who_may_come_back_counts_as_used(
    alice: User, bob: User, state: str
) -> None:
    grant = make_bare_grant(alice)
    vin = make_vehicle(grant).vehicle.vin
    make_vehicle(make_bare_grant(bob), access_type="DRIVER")
    if state == "suspended":
        User.objects.filter(pk=bob.pk).update(is_active=False)
    else:
        TeslaGrant.objects.filter(user=bob).update(state=state)
    assert telemetry.used_by_others([vin], [grant.pk]) == {vin}


@pytest.mark.django_db
def test_unlink_keeps_the_only_way_to_sign_in(client_of: ClientOf) -> None:
    member = make_user("dora@example.com")
    member.set_unusable_password()
    member.save()
    first, second = make_bare_grant(member), make_bare_grant(member)
    client = proved(client_of(member))
    assert client.post(f"{SCOPES}/{first.pk}/unlink").status_code == 302
    TeslaGrant.objects.filter(pk=first.pk).delete()
    client.post(f"{SCOPES}/{second.pk}/unlink")
    assert b"Add a passkey, or" in client.get(SCOPES).content
    assert [one.subject for one in Deletion.objects.all()] == [str(first.pk)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "password", "passwordless", "may"),
    [
        (None, PASSWORD, None, False),
        ("dora@example.com", PASSWORD, None, True),
        ("dora@example.com", None, None, False),
        (None, None, True, True),
        (None, None, False, False),
    ],
)
def test_last_tesla_account_goes_where_another_way_in_is_left(
    email: str | None, password: str | None, *, passwordless: bool | None, may: bool
) -> None:
    member = User.objects.create_user(email, password)
    grant = make_bare_grant(member)
    if passwordless is not None:
        data = {
            "name": "key",
            "credential": {
                "clientExtensionResults": {"credProps": {"rk": passwordless}}
            },
        }
        Authenticator.objects.create(user=member, type="webauthn", data=data)
    if may:
        grants.unlink(grant)
        assert not TeslaGrant.objects.exists()
        return
    for unlink in (
        lambda: grants.unlink(grant),
        lambda: deletions.ask(member, Deletion.Kind.GRANT, str(grant.pk)),
    ):
        with pytest.raises(grants.OnlyWayIn):
            unlink()
    assert TeslaGrant.objects.get() == grant


@pytest.mark.django_db
def test_unlink_that_lost_the_other_way_in_keeps_the_grant() -> None:
    member = make_user("dora@example.com")
    grant = make_bare_grant(member)
    deletion = deletions.ask(member, Deletion.Kind.GRANT, str(grant.pk))
    member.set_unusable_password()
    member.save()
    finish(deletion)
    assert TeslaGrant.objects.get() == grant
    assert deletion.steps.get(action="grant").state == DeletionStep.State.KEPT


@pytest.mark.django_db
def test_unlink_of_another_s_grant_is_as_unknown(
    alice: User, charlie: User, client_of: ClientOf
) -> None:
    grant = make_bare_grant(alice)
    client = client_of(charlie)
    for pk in (grant.pk, uuid4()):
        for ask in (client.get, client.post):
            assert ask(f"{SCOPES}/{pk}/unlink").status_code == 404
    assert Deletion.objects.count() == 0


@pytest.mark.django_db
def test_unlink_wants_a_csrf_token(alice: User) -> None:
    grant = make_bare_grant(alice)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert strict.post(f"{SCOPES}/{grant.pk}/unlink").status_code == 403
    assert Deletion.objects.count() == 0


def test_removed_car_leaves_with_its_telemetry_and_stays_for_others(
    registered: RunningSimulator,
    alice: User,
    bob: User,
    client_of: ClientOf,
    rung: Rung,
) -> None:
    access = make_vehicle(make_bare_grant(alice))
    shared = make_vehicle(make_bare_grant(bob), access_type="DRIVER")
    client = client_of(alice)
    assert client.post(CAR)["Location"] == "/console/"
    assert b"is still listed by Tesla" in client.get("/console/").content
    VehicleAccess.objects.update(gone_at=timezone.now())
    inquiries.ask(alice, access.grant, "vehicle", VIN)
    theirs = inquiries.ask(bob, shared.grant, "vehicle", VIN)
    assert client.post(CAR).status_code == 302
    deletion = finish(Deletion.objects.get())
    assert list(VehicleAccess.objects.all()) == [shared]
    assert list(Inquiry.objects.all()) == [theirs]
    assert Vehicle.objects.count() == 1
    assert [step.state for step in deletion.steps.all()] == ["done"] * 3
    finish(deletions.ask(bob, Deletion.Kind.VEHICLE, VIN))
    assert Vehicle.objects.count() == 0


@pytest.mark.django_db
def test_removed_site_leaves_and_stays_for_others(
    alice: User, bob: User, client_of: ClientOf, rung: Rung
) -> None:
    access = make_energy_site(make_bare_grant(alice))
    shared = make_energy_site(make_bare_grant(bob))
    client = client_of(alice)
    client.post(SITE)
    assert b"is still listed by Tesla" in client.get("/console/").content
    SiteAccess.objects.update(gone_at=timezone.now())
    inquiries.ask(alice, access.grant, "site_info", "2252142071")
    assert client.post(SITE)["Location"] == "/console/"
    finish(Deletion.objects.get())
    assert (list(SiteAccess.objects.all()), Inquiry.objects.count()) == ([shared], 0)
    finish(deletions.ask(bob, Deletion.Kind.ENERGY_SITE, "2252142071"))
    assert EnergySite.objects.count() == 0


@pytest.mark.parametrize("kind", ["vehicle", "energy_site"])
def test_what_tesla_lists_again_meanwhile_is_kept(
    registered: RunningSimulator, alice: User, kind: str
) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant)
    make_energy_site(grant)
    subject = VIN if kind == "vehicle" else "2252142071"
    deletion = finish(deletions.ask(alice, kind, subject))
    assert (VehicleAccess.objects.count(), SiteAccess.objects.count()) == (1, 1)
    step = deletion.steps.get(action__startswith="gone")
    assert (step.state, step.words) == ("kept", "Tesla lists it again.")


@pytest.mark.django_db
@pytest.mark.parametrize("address", [CAR, SITE, "/console/vehicle/nonsense/remove"])
def test_stranger_removes_nothing(
    alice: User, charlie: User, client_of: ClientOf, address: str
) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant)
    make_energy_site(grant)
    assert client_of(charlie).post(address).status_code == 404
    assert client_of(charlie).get(address).status_code == 405
    assert Deletion.objects.count() == 0
