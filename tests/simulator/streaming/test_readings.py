"""What cars stream agrees with what `vehicle_data` tells of the same moment."""

from typing import Any

import pytest
from tesla_protocol.telemetry.vehicle_data_pb2 import Value

from simulator.clock import Clock
from simulator.streaming import records
from simulator.streaming.readings import READERS
from simulator.streaming.readings.kinds import INVALID, Reading, Source
from simulator.streaming.rules import FIELDS
from simulator.world import World
from simulator.world.cars.car import Car
from simulator.world.cars.outing import drive_now
from tests.simulator.doors import NOON

KINDS = {one.name: one for one in Value.DESCRIPTOR.fields}
NAMES = ("Red", "Luna", "Granny", "Blitz", "Nimbus", "Charger")


def _read(car: Car) -> dict[str, Reading]:
    source = Source(car.moment())
    found = {name: read(source) for name, read in READERS.items()}
    return {name: one for name, one in found.items() if one is not None}


def _car(name: str, hours: float = 0.0) -> tuple[World, Car]:
    world = World(1, Clock(NOON))
    world.clock.advance(hours * 3600)
    return world, world.car_named(name)


def test_only_fields_of_the_protocol_are_read() -> None:
    assert set(READERS) - set(FIELDS) == set()
    assert len(READERS) >= 160


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hours", [0.0, 6.3, 20.5])
def test_every_reading_fits_the_protocol(name: str, hours: float) -> None:
    _, car = _car(name, hours)
    found = _read(car)
    payload = records.values(car.vin, found, car.now_s)

    assert len(payload.data) == len(found)
    for datum, (kind, value) in zip(payload.data, found.values(), strict=True):
        assert datum.value.WhichOneof("value") == kind
        enum = KINDS[kind].enum_type
        if enum is not None:
            # Nought is "unknown": a value that no mapping knew.
            assert value in {one.number for one in enum.values} - {0}


def _data(world: World, car: Car) -> dict[str, Any]:
    owner = world.persons[car.spec.owner]
    groups = {"vehicle_data_combo", "location_data"}
    found = car.vehicle_data(owner, groups, with_location=True)
    return {
        f"{group}.{key}": value
        for group, values in found.items()
        if isinstance(values, dict)
        for key, value in values.items()
    }


SAME = {
    "Odometer": "vehicle_state.odometer",
    "RatedRange": "charge_state.battery_range",
    "EstBatteryRange": "charge_state.est_battery_range",
    "ChargeLimitSoc": "charge_state.charge_limit_soc",
    "ChargerVoltage": "charge_state.charger_voltage",
    "ChargeAmps": "charge_state.charger_actual_current",
    "ChargeRateMilePerHour": "charge_state.charge_rate",
    "InsideTemp": "climate_state.inside_temp",
    "OutsideTemp": "climate_state.outside_temp",
    "HvacLeftTemperatureRequest": "climate_state.driver_temp_setting",
    "SeatHeaterLeft": "climate_state.seat_heater_left",
    "Locked": "vehicle_state.locked",
    "TpmsPressureFl": "vehicle_state.tpms_pressure_fl",
    "Version": "vehicle_state.car_version",
    "VehicleName": "vehicle_state.vehicle_name",
    "DriverSeatOccupied": "vehicle_state.is_user_present",
    "ValetModeEnabled": "vehicle_state.valet_mode",
    "GpsHeading": "drive_state.heading",
}


@pytest.mark.parametrize(
    ("name", "hours"),
    [("Red", 0.0), ("Red", 6.3), ("Blitz", 0.0), ("Charger", 0.0), ("Granny", 10.7)],
)
def test_streams_and_vehicle_data_agree(name: str, hours: float) -> None:
    world, car = _car(name, hours)
    found, data = _read(car), _data(world, car)
    assert {field: found[field][1] for field in SAME} == {
        field: data[path] for field, path in SAME.items()
    }
    assert round(found["BatteryLevel"][1]) == data["charge_state.battery_level"]
    assert found["Location"][1] == (
        data["drive_state.latitude"],
        data["drive_state.longitude"],
    )
    assert found["VehicleSpeed"][1] == (data["drive_state.speed"] or 0)


def test_a_drive_has_a_route_and_a_stay_has_none() -> None:
    _, driving = _car("Red", 6.3)
    found = _read(driving)
    assert found["Gear"] == ("shift_state_value", 5)
    assert found["DestinationName"] == ("string_value", "San Jose")
    assert found["MinutesToArrival"][1] > 0
    assert found["OriginLocation"] == ("location_value", (37.441883, -122.143019))
    assert found["LocatedAtHome"] == ("boolean_value", False)
    assert found["DriverSeatBelt"] == ("buckle_status_value", 2)
    assert found["BMSState"] == ("bms_state_value", 2)
    _, parked = _car("Red")
    found = _read(parked)
    for field in ("MinutesToArrival", "DestinationLocation", "OriginLocation"):
        assert found[field] == INVALID
    assert found["Gear"] == ("shift_state_value", 2)
    assert found["LocatedAtHome"] == ("boolean_value", True)


def test_charging_slow_and_fast_are_told_apart() -> None:
    _, slow = _car("Charger")
    found = _read(slow)
    assert found["ACChargingPower"][1] > 10
    assert found["ACChargingEnergyIn"][1] > 0
    assert found["DCChargingPower"] == ("double_value", 0.0)
    assert found["DetailedChargeState"] == ("detailed_charge_state_value", 4)
    assert found["PackCurrent"][1] > 0
    assert found["ChargerPhases"] == ("int_value", 3)
    _, fast = _car("Blitz", 44.5 / 60)
    found = _read(fast)
    assert found["DCChargingPower"][1] > 50
    assert found["FastChargerPresent"] == ("boolean_value", True)
    assert found["ACChargingPower"] == ("double_value", 0.0)


def test_schedules_sentry_and_updates_are_read() -> None:
    _, car = _car("Charger")
    state = car.condition
    state.charging.scheduled_mode = "StartAt"
    state.body.sentry_mode = True
    found = _read(car)
    kind, starts_s = found["ScheduledChargingStartTime"]
    assert (kind, (starts_s + car.spec.utc_offset_s) % 86_400) == ("long_value", 7200)
    assert found["ScheduledDepartureTime"][0] == "long_value"
    assert found["SentryMode"] == ("sentry_mode_state_value", 3)
    assert found["SoftwareUpdateDownloadPercentComplete"][0] == "int_value"
    assert found["SoftwareUpdateScheduledStartTime"] == INVALID
    state.software.download_s = 1.0
    state.software.install_s = car.now_s + 3600
    found = _read(car)
    starts_s = int(state.software.install_s)
    assert found["SoftwareUpdateScheduledStartTime"] == ("long_value", starts_s)
    state.climate.is_on = True
    assert _read(car)["HvacPower"] == ("hvac_power_value", 3)


def test_a_car_is_silent_about_what_it_lacks() -> None:
    _, car = _car("Red")
    assert "ClimateSeatCoolingFrontLeft" not in _read(car)
    assert "SeatVentEnabled" not in _read(car)
    _, cooled = _car("Nimbus")
    assert _read(cooled)["SeatVentEnabled"] == ("boolean_value", False)
    assert _read(car)["SoftwareUpdateExpectedDurationMinutes"] == INVALID


def test_tires_are_heard_once_a_minute_and_not_in_a_parked_car() -> None:
    world, car = _car("Red")

    def heard() -> int:
        kind, seen_s = _read(car)["TpmsLastSeenPressureTimeFl"]
        assert kind == "long_value"
        return int(seen_s)

    parked = heard()
    world.clock.advance(300)
    assert heard() == parked
    drive_now(car)
    times = set()
    for _ in range(180):
        world.clock.advance(1)
        times.add(heard())
    assert len(times) in {3, 4}
    assert all(0 <= car.now_s - one <= 240 for one in times)
