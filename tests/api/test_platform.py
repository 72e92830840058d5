"""The gateway's own addresses, in the shapes that clients rely on."""

from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.api.conftest import MakePerson
from tokens.models import TeslaGrant
from vehicles.models import TelemetryConfig, Vehicle, VehicleAccess


def test_ping_answers(ask: Any, alice: User, person: MakePerson) -> None:
    answer = ask(person(alice).access_token, "/api/ping")
    assert (answer.status, answer.json) == (200, {"response": "pong"})


def test_platform_address_takes_get_alone(
    ask: Any, alice: User, person: MakePerson
) -> None:
    answer = ask(person(alice).access_token, "/api/metadata", method="POST")
    assert (answer.status, answer.error) == (405, "invalid_method")


def test_metadata_tells_what_a_token_opens(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)
    content = ask(someone.access_token, "/api/metadata").json
    assert content["uid"] == str(alice.pk)
    assert content["region"] == "NA"
    assert content["scopes"] == [
        "openid",
        "offline_access",
        "user_data",
        "vehicle_device_data",
        "vehicle_location",
        "vehicle_cmds",
        "vehicle_charging_cmds",
        "energy_device_data",
        "energy_cmds",
    ]
    by_name = {one["name"]: one for one in content["vehicles"].values()}
    red, luna, granny = by_name["Red"], by_name["Luna"], by_name["Granny"]
    assert (red["permission"], red["access"], red["issue"]) == ("OWNER", True, None)
    assert (red["proxy"], red["signing"]) == (True, True)
    assert luna["issue"] == "key"
    assert (granny["proxy"], granny["signing"]) == (False, False)
    assert granny["issue"] == "streaming_toggle"
    assert {one["polling"] for one in (red, luna)} == {False}
    assert red["firmware"] == "2026.38.3"
    (site,) = content["energy_sites"].values()
    assert (site["name"], site["access"]) == ("Home", True)
    assert set(content["vins"]) == set(content["vehicles"])


def test_metadata_tells_nothing_of_today_of_a_gone_car(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)
    VehicleAccess.objects.filter(vehicle__name="Luna").update(gone_at=timezone.now())
    content = ask(someone.access_token, "/api/metadata").json
    (vin,) = set(content["vehicles"]) - set(content["vins"])
    luna = content["vehicles"][vin]
    assert {name for name, value in luna.items() if value is None} == {
        *("proxy", "signing", "polling", "firmware"),
        *("discounted", "fleet_telemetry", "issue"),
    }
    assert (luna["name"], luna["access"]) == ("Luna", False)


def test_metadata_tells_which_cars_can_only_be_read_by_calls(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)

    def polling() -> dict[str, Any]:
        content = ask(someone.access_token, "/api/metadata").json
        return {one["name"]: one["polling"] for one in content["vehicles"].values()}

    # Programs ask only such cars to stream, so it is said before they do.
    assert polling() == {"Red": False, "Luna": False, "Granny": False}
    cars = {car.name: car for car in Vehicle.objects.all()}
    Vehicle.objects.filter(name="Luna").update(fleet_telemetry_version="unknown")
    Vehicle.objects.filter(name="Granny").update(fleet_status_at=None)
    now = timezone.now()
    TelemetryConfig.objects.create(
        vehicle=cars["Red"], wanted_at=now, refusal="unsupported_hardware"
    )
    assert polling() == {"Red": True, "Luna": True, "Granny": None}
    TelemetryConfig.objects.create(vehicle=cars["Luna"], wanted_at=now, synced_at=now)
    assert polling()["Luna"] is False


def test_metadata_of_an_empty_account(
    ask: Any, charlie: User, person: MakePerson
) -> None:
    content = ask(person(charlie).access_token, "/api/metadata").json
    assert (content["vehicles"], content["energy_sites"]) == ({}, {})


def test_metadata_withdraws_access_with_the_grant(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)
    TeslaGrant.objects.update(state=TeslaGrant.State.NEEDS_RELINK)
    content = ask(someone.access_token, "/api/metadata").json
    assert {one["access"] for one in content["vehicles"].values()} == {False}
    assert {one["access"] for one in content["energy_sites"].values()} == {False}
    assert content["vins"] == []


def test_metadata_tells_the_hardware_that_the_last_reading_showed(
    ask: Any, alice: User, person: MakePerson
) -> None:
    someone = person(alice)
    access = VehicleAccess.objects.get(grant=someone.grant, vehicle__name="Red")
    access.vehicle_data = {
        "vehicle_config": {
            "rhd": False,
            "can_actuate_trunks": True,
            "rear_seat_heaters": 1,
            "third_row_seats": "None",
            "sun_roof_installed": None,
            "driver_assist": "TeslaAP4",
            "car_type": "model3",
        }
    }
    access.save(update_fields=["vehicle_data"])
    content = ask(someone.access_token, "/api/metadata").json
    assert content["vehicles"][access.vehicle.vin]["config"] == {
        "rhd": False,
        "can_actuate_trunks": True,
        "rear_seat_heaters": 1,
        "third_row_seats": False,
        "sun_roof_installed": False,
        "driver_assist": "TeslaAP4",
    }
