"""What the Fleet API's doors answer behind their gates."""

from typing import Any

import httpx
import pytest

from tests.simulator.doors import KEY_HEX, Doors

ASLEEP = "vehicle unavailable: vehicle is offline or asleep"


def _response(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["response"]


def _site(doors: Doors, name: str) -> str:
    number = doors.sim.world.site_named(name).id
    return f"energy_sites/{number}"


def test_products_lists_cars_and_sites(registered: Doors) -> None:
    answer = registered.get("products", registered.token())
    found = answer.json()
    names = [one.get("display_name") or one["site_name"] for one in found["response"]]
    assert names == ["Red", "Luna", "Granny", "Home"]
    assert found["count"] == 4


def test_products_shows_what_the_scopes_open(registered: Doors) -> None:
    energy = registered.token("alice@example.com", "energy_device_data")
    found = _response(registered.get("products", energy))
    assert [one["site_name"] for one in found] == ["Home"]
    cars = registered.token("alice@example.com", "vehicle_device_data")
    found = _response(registered.get("products", cars))
    assert [one["display_name"] for one in found] == ["Red", "Luna", "Granny"]


def test_driver_sees_the_shared_car(registered: Doors) -> None:
    bob, red = registered.token("bob@example.com"), registered.car("Red")
    found = _response(registered.get(f"vehicles/{red.vin}", bob, "eu"))
    assert (found["vin"], found["access_type"]) == (red.vin, "DRIVER")


def test_empty_account_sees_nothing(registered: Doors) -> None:
    charlie = registered.token("charlie@example.com")
    answers = [registered.get(one, charlie).json() for one in ("products", "vehicles")]
    assert [(one["response"], one["count"]) for one in answers] == [([], 0)] * 2


def test_vehicles_comes_in_pages(registered: Doors) -> None:
    token = registered.token()
    answer = registered.get("vehicles?per_page=2&page=2", token).json()
    assert [one["display_name"] for one in answer["response"]] == ["Granny"]
    assert (answer["count"], answer["pagination"]) == (
        1,
        {
            "previous": 1,
            "next": None,
            "current": 2,
            "per_page": 2,
            "count": 3,
            "pages": 2,
        },
    )


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=-1", "per_page=²"])
def test_vehicles_with_a_bad_page_is_400(registered: Doors, query: str) -> None:
    answer = registered.get(f"vehicles?{query}", registered.token())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_vehicle_is_found_by_vin_and_id(registered: Doors) -> None:
    token, red = registered.token(), registered.car("Red")
    found = [
        _response(registered.get(f"vehicles/{tag}", token))["vin"]
        for tag in (red.vin, red.id)
    ]
    assert found == [red.vin, red.vin]
    answer = registered.get(f"vehicles/{red.vehicle_id}", token)
    assert answer.status_code == 404


def test_vehicle_data_gives_the_groups_asked_for(registered: Doors) -> None:
    token, vin = registered.token(), registered.put("Red", "online").vin
    path = f"vehicles/{vin}/vehicle_data"
    some = _response(registered.get(f"{path}?endpoints=charge_state;nonsense", token))
    assert [one for one in some if one.endswith("_state")] == ["charge_state"]
    every = _response(registered.get(path, token))
    assert {"climate_state", "drive_state", "gui_settings"} <= set(every)
    assert "latitude" not in every["drive_state"]
    combined = registered.get(f"{path}?endpoints=vehicle_data_combo", token)
    assert set(_response(combined)) == set(every)
    located = registered.get(f"{path}?endpoints=drive_state%3Blocation_data", token)
    assert "latitude" in _response(located)["drive_state"]


@pytest.mark.parametrize(
    "name", ["vehicle_data", "nearby_charging_sites", "recent_alerts", "release_notes"]
)
@pytest.mark.parametrize("state", ["asleep", "offline"])
def test_live_call_to_a_sleeping_car_is_408(
    registered: Doors, name: str, state: str
) -> None:
    vin = registered.put("Luna", state).vin
    answer = registered.get(f"vehicles/{vin}/{name}", registered.token())
    body = answer.json()
    assert (answer.status_code, body["error"], body["response"]) == (408, ASLEEP, None)
    record = registered.get(f"vehicles/{vin}", registered.token())
    assert record.status_code == 200


def test_wake_up_tells_the_old_state_and_wakes_later(registered: Doors) -> None:
    token, car = registered.token(), registered.put("Luna", "asleep")
    answer = registered.post(f"vehicles/{car.vin}/wake_up", token)
    assert _response(answer)["state"] == "asleep"
    assert car.state == "asleep"
    registered.sim.clock.advance(60)
    data = registered.get(f"vehicles/{car.vin}/vehicle_data", token)
    assert data.status_code == 200


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("mobile_enabled", "result"),
        ("nearby_charging_sites?count=2&radius=50", "superchargers"),
        ("recent_alerts", "recent_alerts"),
        ("release_notes", "response"),
        ("service_data", "service_status"),
        ("fleet_telemetry_errors", "fleet_telemetry_errors"),
    ],
)
def test_other_reads_answer(registered: Doors, name: str, key: str) -> None:
    vin = registered.put("Red", "online").vin
    found = _response(registered.get(f"vehicles/{vin}/{name}", registered.token()))
    assert key in found or (key == "service_status" and found == {})


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("vehicles/options", "codes"),
        ("warranty/details", "activeWarranty"),
        ("vehicles/upgrades/eligibility", "eligible"),
        ("vehicles/subscriptions/eligibility", "eligible"),
    ],
)
def test_papers_of_the_car_in_the_query(registered: Doors, path: str, key: str) -> None:
    vin = registered.car("Red").vin
    answer = registered.get(f"dx/{path}?vin={vin}", registered.token())
    assert key in _response(answer)


def test_fleet_status_sorts_cars_by_key(registered: Doors) -> None:
    red, luna = registered.car("Red"), registered.car("Luna")
    body = {"vins": [red.vin, luna.vin, registered.car("Blitz").vin, str(red.id)]}
    token = registered.token()
    found = _response(registered.post("vehicles/fleet_status", token, body))
    assert found["key_paired_vins"] == [red.vin]
    assert found["unpaired_vins"] == [luna.vin]
    assert set(found["vehicle_info"]) == {red.vin, luna.vin}
    assert found["vehicle_info"][red.vin]["discounted_device_data"] is None
    alone = _response(
        registered.post("vehicles/fleet_status", token, {"vins": [red.vin]})
    )
    assert alone["vehicle_info"][red.vin]["discounted_device_data"] is False


@pytest.mark.parametrize("vins", [None, "5YJ", [1], {"a": 1}])
def test_fleet_status_without_a_list_is_400(registered: Doors, vins: object) -> None:
    answer = registered.post(
        "vehicles/fleet_status", registered.token(), {"vins": vins}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_field")


def test_telemetry_config_is_null_and_unsigned_ones_refused(registered: Doors) -> None:
    token, vin = registered.token(), registered.car("Red").vin
    path = f"vehicles/{vin}/fleet_telemetry_config"
    assert _response(registered.get(path, token)) == {
        "synced": False,
        "config": None,
        "limit_reached": False,
        "key_paired": True,
    }
    assert _response(registered.call("DELETE", path, token)) == {"updated_vehicles": 0}
    answer = registered.post("vehicles/fleet_telemetry_config", token)
    assert answer.status_code == 403
    assert answer.json()["error"].startswith(
        "This endpoint must be called through the Vehicle Command HTTP Proxy"
    )


def test_driver_may_not_list_drivers(registered: Doors) -> None:
    path = f"vehicles/{registered.car('Red').vin}/drivers"
    found = registered.get(path, registered.token()).json()
    assert [one["driver_first_name"] for one in found["response"]] == ["Bob"]
    assert (
        registered.get(path, registered.token("bob@example.com"), "eu").status_code
        == 403
    )


def test_driver_is_removed_by_the_owner_or_goes(registered: Doors) -> None:
    vin, bob = registered.car("Red").vin, registered.token("bob@example.com")
    path = f"vehicles/{vin}/drivers"
    alice = registered.token()
    answer = registered.call("DELETE", f"{path}?share_user_id=x", alice)
    assert answer.status_code == 404
    assert _response(registered.call("DELETE", path, bob, "eu")) == "ok"
    assert registered.get(f"vehicles/{vin}", bob, "eu").status_code == 404
    assert registered.get(path, alice).json()["response"] == []


def test_invitation_is_made_listed_and_revoked(registered: Doors) -> None:
    token = registered.token()
    path = f"vehicles/{registered.car('Red').vin}/invitations"
    made = _response(registered.post(path, token))
    assert [one["id_s"] for one in _response(registered.get(path, token))] == [
        made["id_s"]
    ]
    revoke = f"{path}/{made['id_s']}/revoke"
    assert _response(registered.post(revoke, token)) is True
    assert registered.post(revoke, token).status_code == 404
    redeem = registered.post("invitations/redeem", token, {"code": made["code"]})
    assert redeem.status_code == 404


def test_invitations_end_at_five_drivers(registered: Doors) -> None:
    car = registered.car("Red")
    registered.sim.world.cars[car.vin].drivers = lambda: [{}] * 5  # type: ignore[method-assign]  # five drivers are more than the cast has
    answer = registered.post(f"vehicles/{car.vin}/invitations", registered.token())
    assert answer.status_code == 400


def test_command_is_refused_as_the_car_requires(registered: Doors) -> None:
    token, red = registered.token(), registered.put("Red", "online")
    path = f"vehicles/{red.vin}/command"
    unsigned = registered.post(f"{path}/door_lock", token)
    assert unsigned.status_code == 403
    assert unsigned.json()["error"].startswith(
        "Tesla Vehicle Command Protocol required"
    )
    unknown = registered.post(f"{path}/fly", token)
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_command")
    body = {"value": "Pier 39"}
    rest = registered.post(f"{path}/navigation_request", token, body)
    assert _response(rest) == {"result": True, "reason": ""}


def test_command_to_a_sleeping_car_is_408(registered: Doors) -> None:
    token, luna = registered.token(), registered.put("Luna", "asleep")
    for path in ("command/navigation_request", "signed_command"):
        assert registered.post(f"vehicles/{luna.vin}/{path}", token).status_code == 408


def test_car_without_the_protocol_refuses_signed_commands(registered: Doors) -> None:
    token, granny = registered.token(), registered.put("Granny", "online")
    path = f"vehicles/{granny.vin}"
    assert registered.post(f"{path}/signed_command", token).status_code == 422
    assert registered.post(f"{path}/command/door_lock", token).status_code == 200


def test_charging_scope_opens_charging_commands_alone(registered: Doors) -> None:
    token = registered.token("alice@example.com", "vehicle_charging_cmds")
    vin = registered.put("Granny", "online").vin
    path = f"vehicles/{vin}/command"
    assert registered.post(f"{path}/charge_start", token).status_code == 200
    refused = registered.post(f"{path}/door_lock", token)
    assert refused.json()["error"] == "Unauthorized missing scopes vehicle_cmds"


@pytest.mark.parametrize(
    "name",
    [
        "site_info",
        "live_status",
        "calendar_history?kind=energy&period=day",
        "calendar_history?kind=backup",
        "calendar_history?start_date=2026-06-15T00:00:00-07:00&time_zone=Asia/Tokyo",
        "calendar_history?end_date=2026-06-15T12:00:00-07:00&period=week",
        "calendar_history?kind=energy&start_date=2026-06-15T00:00:00+02:00",
        "telemetry_history?kind=charge",
    ],
)
def test_energy_reads_answer(registered: Doors, name: str) -> None:
    path = f"{_site(registered, 'Home')}/{name}"
    assert isinstance(_response(registered.get(path, registered.token())), dict)


@pytest.mark.parametrize(
    "query",
    [
        "kind=nonsense",
        "period=nonsense",
        "start_date=yesterday",
        "start_date=2026-06-15T00:00:00",
        "time_zone=Nowhere/Atall",
    ],
)
def test_energy_history_with_bad_parameters_is_400(
    registered: Doors, query: str
) -> None:
    path = f"{_site(registered, 'Home')}/calendar_history?{query}"
    answer = registered.get(path, registered.token())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_field")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("backup", {"backup_reserve_percent": 35}),
        ("operation", {"default_real_mode": "autonomous"}),
        ("storm_mode", {"enabled": True}),
        (
            "off_grid_vehicle_charging_reserve",
            {"off_grid_vehicle_charging_reserve_percent": 60},
        ),
        ("grid_import_export", {"customer_preferred_export_rule": "pv_only"}),
        (
            "grid_import_export",
            {"disallow_charge_from_grid_with_solar_installed": True},
        ),
        ("time_of_use_settings", {"tou_settings": {"tariff_content_v2": {}}}),
    ],
)
def test_energy_writes_are_taken(
    registered: Doors, name: str, body: dict[str, Any]
) -> None:
    token, path = registered.token(), f"{_site(registered, 'Home')}/{name}"
    answer = registered.post(path, token, body)
    assert _response(answer) == {"code": 201, "message": "Updated"}
    refused = registered.post(path, token, {"wrong": 1})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_field")


def test_energy_write_is_seen_after_a_while(registered: Doors) -> None:
    token, site = registered.token(), _site(registered, "Home")
    registered.post(f"{site}/backup", token, {"backup_reserve_percent": 35})
    registered.sim.clock.advance(10)
    found = _response(registered.get(f"{site}/site_info", token))
    assert found["backup_reserve_percent"] == 35


@pytest.mark.parametrize("percent", [True, 101, -1, "35", None])
def test_energy_write_out_of_range_is_400(registered: Doors, percent: object) -> None:
    body = {"backup_reserve_percent": percent}
    path = f"{_site(registered, 'Home')}/backup"
    answer = registered.post(path, registered.token(), body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_field")


def test_energy_write_needs_its_scope(registered: Doors) -> None:
    token = registered.token("alice@example.com", "energy_device_data")
    answer = registered.post(f"{_site(registered, 'Home')}/backup", token)
    assert answer.json()["error"] == "Unauthorized missing scopes energy_cmds"


def test_users_me_names_the_person(registered: Doors) -> None:
    found = _response(registered.get("users/me", registered.token()))
    assert (found["email"], found["full_name"]) == (
        "alice@example.com",
        "Alice Moreau",
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("users/orders", (200, [])),
        ("subscriptions", (200, [])),
        ("vehicle_subscriptions", (200, [])),
        ("dx/charging/invoice/1", (404, None)),
        ("dx/charging/sessions", (403, None)),
        ("users/backup_key", (404, None)),
    ],
)
def test_small_answers(
    registered: Doors, path: str, expected: tuple[int, object]
) -> None:
    answer = registered.get(path, registered.token())
    assert (answer.status_code, answer.json()["response"]) == expected


def test_charging_history_leads_to_invoices(registered: Doors) -> None:
    token = registered.token()
    found = _response(registered.get("dx/charging/history?pageSize=2", token))
    assert len(found["data"]) == 2 < found["totalResults"]
    newest = found["data"][0]
    assert newest["fees"][0]["netDue"] > 0
    content_id = newest["invoices"][0]["contentId"]
    invoice = registered.get(f"dx/charging/invoice/{content_id}", token)
    assert invoice.headers["Content-Type"] == "application/pdf"
    assert invoice.content.startswith(b"%PDF-")
    vin = registered.car("Luna").vin
    of_one = _response(registered.get(f"dx/charging/history?vin={vin}", token))
    assert {one["vin"] for one in of_one["data"]} == {vin}
    charlie = registered.token("charlie@example.com")
    nothing = _response(registered.get("dx/charging/history", charlie))
    assert nothing == {"data": [], "totalResults": 0}


def test_invitation_is_redeemed_once_and_survives_a_restart(
    registered: Doors,
) -> None:
    vin = registered.car("Luna").vin
    made = _response(registered.post(f"vehicles/{vin}/invitations", registered.token()))
    charlie = registered.token("charlie@example.com")
    code = {"code": made["code"]}
    lent = _response(registered.post("invitations/redeem", charlie, code))
    assert lent["vin"] == vin
    assert registered.get(f"vehicles/{vin}", charlie).status_code == 200
    assert registered.post("invitations/redeem", charlie, code).status_code == 404
    registered.sim.world.load(registered.sim.world.dump())
    record = _response(registered.get(f"vehicles/{vin}", charlie))
    assert record["access_type"] == "DRIVER"


def test_gateway_of_a_site_takes_messages(registered: Doors) -> None:
    token, path = registered.token(), f"{_site(registered, 'Home')}/command"

    def tell(part: str, name: str, **fields: Any) -> httpx.Response:
        message = {part: {f"{name}_request": fields}}
        properties = {"message": message, "identifier_type": 1}
        body = {"command_type": "grpc_command", "command_properties": properties}
        return registered.post(path, token, body)

    def reply(answer: httpx.Response, part: str, name: str) -> Any:
        payload = _response(answer)["message"]["Payload"]
        return payload[part]["Message"][f"{name}Response"]

    added = tell("authorization", "add_authorized_client", public_key="AAAA")
    client = reply(added, "Authorization", "AddAuthorizedClient")["client"]
    assert (client["public_key"], client["state"]) == ("AAAA", 1)
    world = registered.sim.world
    world.load(world.dump())
    listed = tell("authorization", "list_authorized_clients")
    assert reply(listed, "Authorization", "ListAuthorizedClients") == {
        "clients": [client]
    }
    removed = tell("authorization", "remove_authorized_client", public_key="AAAA")
    assert reply(removed, "Authorization", "RemoveAuthorizedClient") == {}
    network = reply(
        tell("common", "get_networking_status"), "Common", "GetNetworkingStatus"
    )
    assert network["eth"]["active_route"] is True
    assert "din" in reply(tell("common", "get_system_info"), "Common", "GetSystemInfo")
    assert tell("authorization", "add_authorized_client").status_code == 540
    assert tell("authorization", "remove_authorized_client").status_code == 540
    assert tell("common", "dance").status_code == 540


@pytest.mark.parametrize(
    ("properties", "status"),
    [
        ({"message": {}}, 540),
        ({"message": {"common": {}}}, 540),
        ({"message": {"common": []}}, 540),
        ({}, 400),
    ],
)
def test_gateway_refuses_what_is_no_message(
    registered: Doors, properties: dict[str, Any], status: int
) -> None:
    body = {"command_type": "grpc_command", "command_properties": properties}
    path = f"{_site(registered, 'Home')}/command"
    assert registered.post(path, registered.token(), body).status_code == status


def test_charge_history_names_the_car(registered: Doors) -> None:
    vin = registered.car("Red").vin
    answer = registered.post(f"vehicles/{vin}/charge_history", registered.token())
    assert _response(answer)["vin"] == vin


def test_partner_reads_how_a_car_was_built(registered: Doors) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "test-client",
        "client_secret": "test-secret",
        "audience": registered.sim.addresses.base_urls["na"],
        "scope": "openid vehicle_specs vehicle_pricing_info",
    }
    token = registered.ask_token(**form).json()["access_token"]
    vin = registered.car("Red").vin
    assert "codes" in _response(registered.get(f"vehicles/{vin}/specs", token))
    assert _response(registered.get(f"vehicles/{vin}/pricing", token))["vin"] == vin
    unknown = registered.get("vehicles/5YJ3E1EA0NF999999/specs", token)
    assert unknown.status_code == 404
    assert registered.sim.billed()["specs"] == 2


def test_users_features_and_keys(registered: Doors) -> None:
    token = registered.token()
    assert "signaling" in _response(registered.get("users/feature_config", token))
    named = registered.post("users/keys", token, {"public_key": KEY_HEX})
    assert _response(named)["public_key"] == KEY_HEX
    assert registered.post("users/keys", token).status_code == 400


def test_partner_token_owns_no_cars(registered: Doors) -> None:
    claims = ("openid", "vehicle_device_data")
    form = {
        "grant_type": "client_credentials",
        "client_id": "test-client",
        "client_secret": "test-secret",
        "audience": registered.sim.addresses.base_urls["na"],
        "scope": " ".join(claims),
    }
    token = registered.ask_token(**form).json()["access_token"]
    assert _response(registered.get("vehicles", token)) == []
    assert _response(registered.get("products", token)) == []
    assert registered.get("vehicles/x", token).status_code == 401


def test_ledger_counts_what_tesla_bills(registered: Doors) -> None:
    token, red = registered.token(), registered.put("Red", "online")
    luna = registered.put("Luna", "asleep")
    registered.get("products", token)
    registered.get(f"vehicles/{red.vin}/vehicle_data", token)
    registered.get(f"vehicles/{luna.vin}/vehicle_data", token)
    registered.post(f"vehicles/{luna.vin}/wake_up", token)
    registered.post(f"vehicles/{red.vin}/command/door_lock", token)
    registered.sim.faults.add("status", "*/vehicle_data", count=1)
    registered.get(f"vehicles/{red.vin}/vehicle_data", token)
    assert registered.sim.billed() == {
        "data": 2,
        "commands": 1,
        "wakes": 1,
        "specs": 0,
    }
    seen = [(one.method, one.path, one.status) for one in registered.sim.calls[1:3]]
    assert seen == [
        ("GET", f"/na/api/1/vehicles/{red.vin}/vehicle_data", 200),
        ("GET", f"/na/api/1/vehicles/{luna.vin}/vehicle_data", 408),
    ]
    assert registered.sim.calls[1].person == "alice@example.com"
    bill = registered.admin("GET", "billed").json()
    assert (bill["calls"], bill["usd"]) == (registered.sim.billed(), "0.025")
