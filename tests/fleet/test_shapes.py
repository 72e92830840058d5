"""Shapes: Tesla's answers read, whatever is absent or odd."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fleet.client import Client
from fleet.shapes import (
    EnergyProduct,
    FleetStatus,
    LiveStatus,
    SiteInfo,
    VehicleRecord,
    reading,
)

VIN = "5YJ3E1EA0LF000001"
ODD = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "vin",
                    "id",
                    "components",
                    "wall_connectors",
                    "energy_site_id",
                    "battery",
                    "vehicle_info",
                    "key_paired_vins",
                    "user_settings",
                    VIN,
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
).filter(lambda value: isinstance(value, dict))


def test_vehicle_record_reads_a_car() -> None:
    record = VehicleRecord.read(
        {
            "vin": VIN,
            "id": 42,
            "id_s": "43",
            "display_name": "Red",
            "access_type": "OWNER",
            "state": "online",
            "in_service": True,
            "command_signing": "required",
            "granular_access": {"hide_private": True},
        }
    )

    assert record == VehicleRecord(
        vin=VIN,
        id_s="43",
        name="Red",
        access_type="OWNER",
        state="online",
        in_service=True,
        command_signing="required",
        hide_private=True,
    )


def test_vehicle_record_needs_no_more_than_a_vin() -> None:
    assert VehicleRecord.read({"vin": VIN}) == VehicleRecord(
        vin=VIN,
        id_s="",
        name="",
        access_type="",
        state="",
        in_service=False,
        command_signing="",
        hide_private=False,
    )
    assert VehicleRecord.read({"vin": "short"}) is None


def test_vehicle_record_takes_the_number_where_the_text_is_absent() -> None:
    record = VehicleRecord.read({"vin": VIN, "id": 42})

    assert record is not None
    assert record.id_s == "42"


@pytest.mark.parametrize(
    ("document", "paired"),
    [
        ({"key_paired_vins": [VIN], "unpaired_vins": []}, True),
        ({"key_paired_vins": [], "unpaired_vins": [VIN]}, False),
        ({"key_paired_vins": [], "unpaired_vins": []}, None),
        ({"key_paired_vins": None}, None),
    ],
)
def test_fleet_status_tells_paired_from_unknown(
    document: dict[str, Any],
    paired: bool | None,  # noqa: FBT001 - pytest passes it by name
) -> None:
    assert FleetStatus.read(document, VIN) == FleetStatus(VIN, key_paired=paired)


def test_fleet_status_reads_what_tesla_knows() -> None:
    about = {
        "firmware_version": "2024.14.30",
        "vehicle_command_protocol_required": True,
        "discounted_device_data": False,
        "fleet_telemetry_version": "1.0.0",
        "total_number_of_keys": 5,
        "safety_screen_streaming_toggle_enabled": None,
    }

    status = FleetStatus.read({"vehicle_info": {VIN: about}}, VIN)

    assert status == FleetStatus(
        VIN,
        None,
        "2024.14.30",
        command_protocol_required=True,
        discounted_device_data=False,
        fleet_telemetry_version="1.0.0",
        total_number_of_keys=5,
        streaming_toggle_enabled=None,
    )


def test_fleet_status_takes_unknown_telemetry_for_none() -> None:
    document = {"vehicle_info": {VIN: {"fleet_telemetry_version": "unknown"}}}

    assert FleetStatus.read(document, VIN).fleet_telemetry_version == ""


def test_energy_product_without_any_part_is_none() -> None:
    parts = {"battery": False, "solar": False, "wall_connectors": []}

    assert EnergyProduct.read({"energy_site_id": 1, "components": parts}) is None
    assert EnergyProduct.read({"components": {"battery": True}}) is None


@pytest.mark.parametrize("site_id", [7, "7"])
def test_energy_product_counts_wall_connectors(site_id: int | str) -> None:
    parts = {"grid": True, "wall_connectors": [{"din": "a"}, {"din": "b"}]}
    document = {"energy_site_id": site_id, "site_name": "Garage", "components": parts}

    assert EnergyProduct.read(document) == EnergyProduct(
        site_id=7,
        name="Garage",
        has_grid=True,
        has_battery=False,
        has_solar=False,
        wall_connectors=2,
    )


@given(ODD)
def test_shapes_survive_any_answer(document: dict[str, Any]) -> None:
    VehicleRecord.read(document)
    FleetStatus.read(document, VIN)
    EnergyProduct.read(document)
    SiteInfo.read(document)
    LiveStatus.read(document)


@pytest.mark.parametrize(
    ("value", "number", "whole"),
    [
        (3, 3.0, 3),
        (3.7, 3.7, 3),
        (True, None, None),
        ("12", None, 12),
        ("1" * 30, None, None),
        ("x", None, None),
        (float("nan"), None, None),
        (float("inf"), None, None),
    ],
)
def test_reading_takes_numbers_only_from_numbers(
    value: object, number: float | None, whole: int | None
) -> None:
    assert reading.number({"n": value}, "n") == number
    assert reading.whole({"n": value}, "n") == whole


def test_simulated_products_are_read_whole(client_as: Callable[..., Client]) -> None:
    products = client_as().products()

    cars = [car for car in map(VehicleRecord.read, products) if car]
    sites = [site for site in map(EnergyProduct.read, products) if site]

    assert [car.name for car in cars] == ["Red", "Luna", "Granny"]
    assert {car.access_type for car in cars} == {"OWNER"}
    assert {car.command_signing for car in cars} == {"required", "off"}
    assert [
        (site.name, site.has_grid, site.has_battery, site.has_solar) for site in sites
    ] == [("Home", True, True, True)]
    assert sites[0].wall_connectors == 2


def test_simulated_site_is_read(client_as: Callable[..., Client]) -> None:
    client = client_as()
    (site,) = [site for site in map(EnergyProduct.read, client.products()) if site]

    info = SiteInfo.read(client.site_info(site.site_id))
    live = LiveStatus.read(client.live_status(site.site_id))

    assert info.name == "Home"
    assert info.operation_mode in {"autonomous", "self_consumption", "backup"}
    assert info.time_zone
    assert info.nameplate_energy_wh
    flows = (live.solar_w, live.battery_w, live.grid_w, live.generator_w)
    assert None not in flows
    assert sum(flow or 0 for flow in flows) == pytest.approx(live.home_w, abs=2)
    assert len(live.wall_connectors_w) == 2
    assert live.measured_at
