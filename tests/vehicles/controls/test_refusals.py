"""Who may use the controls of which car, and what stands in the way."""

from django.utils import timezone

from accounts.models import User
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.controls.making import (
    HTMX,
    PAGE,
    PRESS,
    VIN,
    ClientOf,
    control,
    form,
    sent,
)
from tokens.models import TeslaGrant
from vehicles.controls.buttons import CONTROLS
from vehicles.models import Command, Vehicle, VehicleAccess


def test_controls_of_a_strangers_car_are_404_like_no_car(
    client_of: ClientOf, charlie: User, car: VehicleAccess
) -> None:
    made = sent(car)
    ends = [("post", "/press"), ("get", "/commands"), ("get", f"/commands/{made.pk}")]
    for method, end in ends:
        hers = getattr(client_of(car.grant.user), method)(PAGE + end, form("lock"))
        assert hers.status_code != 404
        answers = set()
        for vin in (VIN, "5YJ3E1EA4PF999999", "nonsense"):
            stranger = getattr(client_of(charlie), method)
            response = stranger(f"/console/vehicle/{vin}{end}", form("lock"))
            answers.add((response.status_code, len(response.content)))
        assert {status for status, _ in answers} == {404}
        assert len(answers) == 1
    assert Command.objects.filter(user=charlie).count() == 0


def test_bob_the_driver_uses_the_controls_and_sees_his_commands_alone(
    client_of: ClientOf, bob: User, car: VehicleAccess
) -> None:
    hers = sent(car, "honk_horn", source="api", access_token_name="Secret program")
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    client = client_of(bob)
    assert client.post(PRESS, form("unlock")).status_code == 302
    assert Command.objects.get(user=bob).name == "door_unlock"
    text = client.get(PAGE).content.decode()
    assert "Waiting for its turn" in control(text, "doors")
    assert "Secret program" not in text
    assert client.get(f"{PAGE}/commands/{hers.pk}").status_code == 404
    assert client.get(f"{PAGE}/commands?before={hers.pk}").status_code == 404


def test_guest_is_told_nothing_of_the_key(
    client_of: ClientOf, bob: User, car: VehicleAccess
) -> None:
    Vehicle.objects.update(key_paired=False, command_signing="required")
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="GUEST")
    text = client_of(bob).get(PAGE).content.decode()
    assert "Needs the virtual key" not in text
    assert "disabled" not in control(text, "doors")


def test_unpaired_key_disables_what_must_be_signed(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    Vehicle.objects.update(key_paired=False, command_signing="required", state="asleep")
    client = client_of(alice)
    text = client.get(PAGE).content.decode()
    doors = control(text, "doors")
    assert '<a href="/key">Needs the virtual key</a>' in doors
    assert doors.count(" disabled ") == 2
    assert "<details" not in doors
    assert " disabled" not in control(text, "wake")
    refused = client.post(PRESS, form("lock"), follow=True).content.decode()
    assert "Needs the virtual key. This car takes commands only when" in refused
    by_htmx = client.post(PRESS, form("lock"), headers=HTMX).content.decode()
    assert 'role="alert">Needs the virtual key.' in control(by_htmx, "doors")
    assert Command.objects.count() == 0


def test_missing_scope_disables_what_it_opens_and_names_it_once(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    scopes = ["vehicle_device_data", "vehicle_charging_cmds"]
    TeslaGrant.objects.update(scopes=scopes)
    text = client_of(alice).get(PAGE).content.decode()
    assert 'href="/console/scopes">Needs the scope vehicle_cmds</a>' in text
    assert text.count("<strong>Needs the scope vehicle_cmds.</strong>") == 1
    assert " disabled " in control(text, "honk")
    assert " disabled" not in control(text, "limit")
    assert client_of(alice).post(PRESS, form("honk")).status_code == 302
    assert Command.objects.count() == 0
    TeslaGrant.objects.update(scopes=["vehicle_device_data"])
    text = client_of(alice).get(PAGE).content.decode()
    words = "Needs the scope vehicle_cmds or vehicle_charging_cmds"
    assert words in control(text, "limit")


def test_grant_that_must_be_linked_again_disables_everything(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    TeslaGrant.objects.update(state="needs_relink")
    text = client_of(alice).get(PAGE).content.decode()
    for one in CONTROLS:
        assert " disabled " in control(text, one.name)
    assert 'name="purpose" value="again"' in text
    client_of(alice).post(PRESS, form("lock"))
    assert Command.objects.count() == 0


def test_gone_car_takes_no_command(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client = client_of(alice)
    assert PRESS in client.get(PAGE).content.decode()
    VehicleAccess.objects.update(gone_at=timezone.now())
    assert PRESS not in client.get(PAGE).content.decode()
    refused = client.post(PRESS, form("lock"), headers=HTMX).content.decode()
    assert "Not listed any more" in control(refused, "doors")
    assert Command.objects.count() == 0
