"""What the two computers read out of payloads."""

from typing import Any

import pytest
from tesla_protocol.command.car_server_pb2 import VehicleAction
from tesla_protocol.command.vcsec_pb2 import UnsignedMessage

from simulator.signed.actions import READERS
from simulator.signed.fault import MessageFault
from simulator.signed.garage import read_order
from simulator.world.cars.commands.order import Order
from simulator.world.cars.commands.table import COMMANDS
from tests.simulator.signed.signer import SCREEN, SECURITY, action

PLACE = {"latitude": 1.5, "longitude": 2.5}
READ = {"lat": 1.5, "lon": 2.5}


@pytest.mark.parametrize(
    ("which", "order"),
    [
        ({"chargePortDoorOpen": {}}, Order("charge_port_door_open")),
        ({"chargePortDoorClose": {}}, Order("charge_port_door_close")),
        (
            {"hvacTemperatureAdjustmentAction": {"driver_temp_celsius": 20.0}},
            Order("set_temps", {"driver_temp": 20.0}),
        ),
        (
            {"mediaUpdateVolume": {"volume_absolute_float": 2.5}},
            Order("adjust_volume", {"volume": 2.5}),
        ),
        ({"mediaUpdateVolume": {"volume_delta": 1}}, Order("media_volume_up")),
        ({"mediaUpdateVolume": {"volume_delta": -1}}, Order("media_volume_down")),
        (
            {"vehicleControlSetValetModeAction": {"on": True}},
            Order("set_valet_mode", {"on": True, "password": None}),
        ),
        (
            {"navigationGpsRequest": {"lat": 1.5, "lon": 2.5, "order": 1}},
            Order("navigation_gps_request", {**READ, "order": 1}),
        ),
        (
            {"takeDrivenoteAction": {"note": "n"}},
            Order("take_drivenote", {"note": "n"}),
        ),
        (
            {"uiSetUpcomingCalendarEntries": {"calendar_data": "c"}},
            Order("upcoming_calendar_entries", {"calendar_data": "c"}),
        ),
        (
            {"setLowPowerModeAction": {"low_power_mode": True}},
            Order("set_low_power_mode", {"enable": True}),
        ),
        (
            {"setKeepAccessoryPowerModeAction": {"keep_accessory_power_mode": True}},
            Order("keep_accessory_power_mode", {"enable": True}),
        ),
        ({"videoRequestAction": {"url": "u"}}, Order("play_video", {"url": "u"})),
        (
            {"setDistanceUnitAction": {"unit": 1}},
            Order("set_distance_unit", {"unit": 1}),
        ),
        (
            {"stwHeatLevelAction": {"stw_heat_level": 3}},
            Order("remote_steering_wheel_heat_level_request", {"level": 3}),
        ),
        (
            {
                "hvacSeatHeaterActions": {
                    "hvacSeatHeaterAction": [
                        {"SEAT_HEATER_HIGH": {}, "CAR_SEAT_FRONT_LEFT": {}},
                        {"SEAT_HEATER_OFF": {}, "CAR_SEAT_THIRD_ROW_RIGHT": {}},
                    ]
                }
            },
            Order("seat_heater", {"seats": {"0": 3, "8": 0}}),
        ),
        (
            {
                "addPreconditionScheduleAction": {
                    **PLACE,
                    "id": 3,
                    "days_of_week": 62,
                    "precondition_time": 60,
                    "enabled": True,
                }
            },
            Order(
                "add_precondition_schedule",
                {
                    **READ,
                    "id": 3,
                    "name": "",
                    "days_of_week": 62,
                    "one_time": False,
                    "enabled": True,
                    "precondition_time": 60,
                },
            ),
        ),
    ],
)
def test_action_is_read(which: dict[str, Any], order: Order) -> None:
    assert read_order(SCREEN, action(**which)) == order


@pytest.mark.parametrize(
    "which",
    [
        {"chargingStartStopAction": {"unknown": {}}},
        {"chargingStartStopAction": {}},
        {"hvacSeatHeaterActions": {"hvacSeatHeaterAction": [{"SEAT_HEATER_OFF": {}}]}},
        {
            "hvacSeatHeaterActions": {
                "hvacSeatHeaterAction": [
                    {"SEAT_HEATER_UNKNOWN": {}, "CAR_SEAT_FRONT_LEFT": {}}
                ]
            }
        },
        {"hvacSeatCoolerActions": {}},
        {"autoSeatClimateAction": {}},
    ],
)
def test_action_that_says_nothing_is_a_bad_parameter(which: dict[str, Any]) -> None:
    with pytest.raises(MessageFault) as caught:
        read_order(SCREEN, action(**which))
    assert caught.value.number == 13


@pytest.mark.parametrize(
    ("moves", "order"),
    [
        ({"rearTrunk": 1}, Order("actuate_trunk", {"which_trunk": "rear"})),
        ({"frontTrunk": 1}, Order("actuate_trunk", {"which_trunk": "front"})),
        ({"rearTrunk": 4}, Order("closure", {"rearTrunk": "close"})),
        (
            {"rearTrunk": 3, "frontDriverDoor": 3},
            Order("closure", {"rearTrunk": "open", "frontDriverDoor": "open"}),
        ),
    ],
)
def test_closure_is_read(moves: dict[str, Any], order: Order) -> None:
    payload = UnsignedMessage(closureMoveRequest=moves).SerializeToString()
    assert read_order(SECURITY, payload) == order


def test_every_message_orders_a_known_command() -> None:
    spelled_out = {
        "chargingStartStopAction",
        "hvacSeatCoolerActions",
        "autoSeatClimateAction",
    }
    for which, read in READERS.items():
        if which not in spelled_out:
            assert read(getattr(VehicleAction(), which)).name in COMMANDS
