"""Each command is what the car's protocol means by it."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from tesla_protocol.command.car_server_pb2 import Action
from tesla_protocol.command.vcsec_pb2 import UnsignedMessage

from fleet.endpoints import table
from fleet.errors import InvalidField, NotSignable
from fleet.signing import SIGNABLE, Domain, encode

NOW = 1_700_000_000.5
PLACE = {"lat": 52.5, "lon": -13.25}
PLACED = {"latitude": 52.5, "longitude": -13.25}
SCHEDULE = {"days_of_week": "Monday,Friday", "enabled": True, **PLACE}
HEATED = "hvacSeatHeaterActions"
DEPARTURE = "scheduledDepartureAction"
CLOSED = "closureMoveRequest"

Row = tuple[str, dict[str, Any], dict[str, Any]]

SECURITY: list[Row] = [
    ("door_lock", {}, {"RKEAction": "RKE_ACTION_LOCK"}),
    ("door_unlock", {}, {"RKEAction": "RKE_ACTION_UNLOCK"}),
    ("remote_start_drive", {}, {"RKEAction": "RKE_ACTION_REMOTE_DRIVE"}),
    ("auto_secure_vehicle", {}, {"RKEAction": "RKE_ACTION_AUTO_SECURE_VEHICLE"}),
    ("remove_key", {}, {"WhitelistOperation": {"removeAllImpermanentKeys": True}}),
    (
        "actuate_trunk",
        {"which_trunk": "front"},
        {CLOSED: {"frontTrunk": "CLOSURE_MOVE_TYPE_MOVE"}},
    ),
    (
        "actuate_trunk",
        {"which_trunk": "rear"},
        {CLOSED: {"rearTrunk": "CLOSURE_MOVE_TYPE_MOVE"}},
    ),
    ("open_tonneau", {}, {CLOSED: {"tonneau": "CLOSURE_MOVE_TYPE_OPEN"}}),
    ("close_tonneau", {}, {CLOSED: {"tonneau": "CLOSURE_MOVE_TYPE_CLOSE"}}),
    ("stop_tonneau", {}, {CLOSED: {"tonneau": "CLOSURE_MOVE_TYPE_STOP"}}),
    *(
        ("closure", {name: "open"}, {CLOSED: {name: "CLOSURE_MOVE_TYPE_OPEN"}})
        for name in (
            "frontDriverDoor",
            "frontPassengerDoor",
            "rearDriverDoor",
            "rearPassengerDoor",
            "rearTrunk",
            "frontTrunk",
            "chargePort",
            "tonneau",
        )
    ),
    (
        "closure",
        {"tonneau": "stop", "rearTrunk": "close", "frontTrunk": "none"},
        {
            CLOSED: {
                "tonneau": "CLOSURE_MOVE_TYPE_STOP",
                "rearTrunk": "CLOSURE_MOVE_TYPE_CLOSE",
            }
        },
    ),
]

CHARGE: list[Row] = [
    ("charge_port_door_open", {}, {"chargePortDoorOpen": {}}),
    ("charge_port_door_close", {}, {"chargePortDoorClose": {}}),
    ("charge_start", {}, {"chargingStartStopAction": {"start": {}}}),
    ("charge_stop", {}, {"chargingStartStopAction": {"stop": {}}}),
    ("charge_standard", {}, {"chargingStartStopAction": {"start_standard": {}}}),
    ("charge_max_range", {}, {"chargingStartStopAction": {"start_max_range": {}}}),
    ("set_charge_limit", {"percent": 80}, {"chargingSetLimitAction": {"percent": 80}}),
    (
        "set_charge_limit",
        {"percent": "80"},
        {"chargingSetLimitAction": {"percent": 80}},
    ),
    (
        "set_charge_limit",
        {"percent": 80.0},
        {"chargingSetLimitAction": {"percent": 80}},
    ),
    (
        "set_charging_amps",
        {"charging_amps": 16},
        {"setChargingAmpsAction": {"charging_amps": 16}},
    ),
    (
        "add_charge_schedule",
        SCHEDULE
        | {
            "start_enabled": True,
            "start_time": 60,
            "end_enabled": True,
            "end_time": 120,
            "one_time": True,
            "id": 7,
            "name": "Night",
        },
        {
            "addChargeScheduleAction": {
                "id": "7",
                "name": "Night",
                "days_of_week": 34,
                "start_enabled": True,
                "start_time": 60,
                "end_enabled": True,
                "end_time": 120,
                "one_time": True,
                "enabled": True,
                **PLACED,
            }
        },
    ),
    (
        "add_charge_schedule",
        SCHEDULE | {"start_enabled": False, "end_enabled": False, "id": None},
        {
            "addChargeScheduleAction": {
                "id": "1700000000",
                "days_of_week": 34,
                "enabled": True,
                **PLACED,
            }
        },
    ),
    (
        "add_precondition_schedule",
        SCHEDULE | {"precondition_time": 420},
        {
            "addPreconditionScheduleAction": {
                "id": "1700000000",
                "days_of_week": 34,
                "precondition_time": 420,
                "enabled": True,
                **PLACED,
            }
        },
    ),
    ("remove_charge_schedule", {"id": 7}, {"removeChargeScheduleAction": {"id": "7"}}),
    (
        "remove_precondition_schedule",
        {"id": 7},
        {"removePreconditionScheduleAction": {"id": "7"}},
    ),
    (
        "batch_remove_charge_schedules",
        {"home": True, "work": False, "other": True},
        {"batchRemoveChargeSchedulesAction": {"home": True, "other": True}},
    ),
    (
        "batch_remove_precondition_schedules",
        {"work": True},
        {"batchRemovePreconditionSchedulesAction": {"work": True}},
    ),
    (
        "set_scheduled_charging",
        {"enable": True, "time": 75},
        {"scheduledChargingAction": {"enabled": True, "charging_time": 75}},
    ),
    ("set_scheduled_charging", {"enable": False}, {"scheduledChargingAction": {}}),
    (
        "set_scheduled_departure",
        {
            "enable": True,
            "departure_time": 480,
            "preconditioning_enabled": True,
            "off_peak_charging_enabled": True,
            "off_peak_charging_weekdays_only": True,
            "end_off_peak_time": 360,
        },
        {
            DEPARTURE: {
                "enabled": True,
                "departure_time": 480,
                "preconditioning_times": {"all_week": {}},
                "off_peak_charging_times": {"weekdays": {}},
                "off_peak_hours_end_time": 360,
            }
        },
    ),
    (
        "set_scheduled_departure",
        {
            "enable": True,
            "preconditioning_weekdays_only": True,
            "off_peak_charging_enabled": False,
            "off_peak_charging_weekdays_only": True,
        },
        {DEPARTURE: {"enabled": True, "preconditioning_times": {"weekdays": {}}}},
    ),
    ("set_scheduled_departure", {"enable": False}, {DEPARTURE: {}}),
    (
        "charge_on_solar",
        {"enabled": True, "lowerChargeLimit": 50, "upperChargeLimit": 80.5},
        {
            "updateChargeOnSolarFeatureRequest": {
                "charge_on_solar": {
                    "enabled": True,
                    "lower_charge_limit": 50.0,
                    "upper_charge_limit": 80.5,
                }
            }
        },
    ),
    (
        "charge_on_solar",
        {"enabled": False},
        {"updateChargeOnSolarFeatureRequest": {"charge_on_solar": {}}},
    ),
    ("get_charge_on_solar", {}, {"getChargeOnSolarFeatureRequest": {}}),
    ("get_rate_tariff", {}, {"getRateTariffRequest": {}}),
    ("set_rate_tariff", {}, {"setRateTariffRequest": {}}),
    (
        "set_rate_tariff",
        {"code": "E-1", "seasons": {"Summer": {"from_month": 6}}},
        {
            "setRateTariffRequest": {
                "code": "E-1",
                "seasons": {"Summer": {"from_month": 6}},
            }
        },
    ),
    ("cancel_soh_test", {}, {"cancelSohTestAction": {}}),
    (
        "set_outlets",
        {"request": 2},
        {"setOutletsOnOffAction": {"outlet_request": "OUTLET_REQUEST_CABIN"}},
    ),
    (
        "set_outlet_soc_limit",
        {"percent": 20},
        {"setOutletSocLimitAction": {"percent": 20}},
    ),
    (
        "set_power_feed",
        {"request": 3},
        {
            "setPowerFeedOnOffAction": {
                "power_feed_request": "POWER_FEED_REQUEST_FEED_1_AND_FEED_2"
            }
        },
    ),
    (
        "set_power_feed_soc_limit",
        {"percent": 20},
        {"setPowerFeedSocLimitAction": {"percent": 20}},
    ),
    (
        "set_powershare_feature",
        {"on": True},
        {
            "setPowershareFeatureAction": {
                "powershare_feature_request": "POWERSHARE_FEATURE_REQUEST_ON"
            }
        },
    ),
    (
        "set_powershare_request",
        {"on": True},
        {"setPowershareRequestAction": {"powershare_request": "POWERSHARE_REQUEST_ON"}},
    ),
    ("set_powershare_request", {"on": False}, {"setPowershareRequestAction": {}}),
    (
        "set_powershare_discharge_limit",
        {"percent": 30},
        {"setPowershareDischargeLimitAction": {"powershare_discharge_limit": 30}},
    ),
]

SEATS = (
    "FRONT_LEFT",
    "FRONT_RIGHT",
    "REAR_LEFT",
    "REAR_LEFT_BACK",
    "REAR_CENTER",
    "REAR_RIGHT",
    "REAR_RIGHT_BACK",
    "THIRD_ROW_LEFT",
    "THIRD_ROW_RIGHT",
)
LEVELS = ("OFF", "LOW", "MED", "HIGH")

CLIMATE: list[Row] = [
    ("auto_conditioning_start", {}, {"hvacAutoAction": {"power_on": True}}),
    ("auto_conditioning_stop", {}, {"hvacAutoAction": {}}),
    (
        "set_temps",
        {"driver_temp": 21.5, "passenger_temp": "20"},
        {
            "hvacTemperatureAdjustmentAction": {
                "driver_temp_celsius": 21.5,
                "passenger_temp_celsius": 20.0,
            }
        },
    ),
    (
        "set_preconditioning_max",
        {"on": True, "manual_override": True},
        {"hvacSetPreconditioningMaxAction": {"on": True, "manual_override": True}},
    ),
    (
        "set_bioweapon_mode",
        {"on": True, "manual_override": False},
        {"hvacBioweaponModeAction": {"on": True}},
    ),
    *(
        (
            "set_climate_keeper_mode",
            {"climate_keeper_mode": number, "manual_override": True},
            {
                "hvacClimateKeeperAction": {
                    **({"ClimateKeeperAction": word} if number else {}),
                    "manual_override": True,
                }
            },
        )
        for number, word in enumerate(
            (
                "",
                "ClimateKeeperAction_On",
                "ClimateKeeperAction_Dog",
                "ClimateKeeperAction_Camp",
            )
        )
    ),
    (
        "set_cabin_overheat_protection",
        {"on": True, "fan_only": True},
        {"setCabinOverheatProtectionAction": {"on": True, "fan_only": True}},
    ),
    *(
        (
            "set_cop_temp",
            {"cop_temp": number},
            {"setCopTempAction": {"copActivationTemp": f"CopActivationTemp{word}"}},
        )
        for number, word in enumerate(("Low", "Medium", "High"))
    ),
    *(
        (
            "remote_seat_heater_request",
            {name: number, "level": number % 4},
            {
                HEATED: {
                    "hvacSeatHeaterAction": [
                        {
                            f"SEAT_HEATER_{LEVELS[number % 4]}": {},
                            f"CAR_SEAT_{seat}": {},
                        }
                    ]
                }
            },
        )
        for name in ("seat_position", "heater")
        for number, seat in enumerate(SEATS)
    ),
    (
        "seat_heater",
        {"frontLeft": "off", "thirdRowRight": "medium", "rearCenter": None},
        {
            HEATED: {
                "hvacSeatHeaterAction": [
                    {"SEAT_HEATER_OFF": {}, "CAR_SEAT_FRONT_LEFT": {}},
                    {"SEAT_HEATER_MED": {}, "CAR_SEAT_THIRD_ROW_RIGHT": {}},
                ]
            }
        },
    ),
    *(
        (
            "remote_seat_cooler_request",
            {"seat_position": 2, "seat_cooler_level": number},
            {
                "hvacSeatCoolerActions": {
                    "hvacSeatCoolerAction": [
                        {
                            "seat_cooler_level": f"HvacSeatCoolerLevel_{word}",
                            "seat_position": "HvacSeatCoolerPosition_FrontRight",
                        }
                    ]
                }
            },
        )
        for number, word in enumerate(("Off", "Low", "Med", "High"))
    ),
    (
        "remote_auto_seat_climate_request",
        {"auto_seat_position": 1, "auto_climate_on": True},
        {
            "autoSeatClimateAction": {
                "carseat": [{"on": True, "seat_position": "AutoSeatPosition_FrontLeft"}]
            }
        },
    ),
    (
        "remote_steering_wheel_heater_request",
        {"on": "true"},
        {"hvacSteeringWheelHeaterAction": {"power_on": True}},
    ),
    *(
        (
            "remote_steering_wheel_heat_level_request",
            {"level": level},
            {"stwHeatLevelAction": {"stw_heat_level": f"StwHeatLevel_{word}"}},
        )
        for level, word in ((0, "Off"), (1, "Low"), (3, "High"))
    ),
    (
        "remote_auto_steering_wheel_heat_climate_request",
        {"on": True},
        {"autoStwHeatAction": {"on": True}},
    ),
    ("hvac_recirculation", {"on": True}, {"hvacRecirculationAction": {"on": True}}),
]

ACCESS: list[Row] = [
    (
        "window_control",
        {"command": "vent"},
        {"vehicleControlWindowAction": {"vent": {}}},
    ),
    (
        "window_control",
        {"command": "close", **PLACE},
        {"vehicleControlWindowAction": {"close": {}}},
    ),
    (
        "sun_roof_control",
        {"state": "vent"},
        {"vehicleControlSunroofOpenCloseAction": {"vent": {}}},
    ),
    (
        "sun_roof_control",
        {"state": "close"},
        {"vehicleControlSunroofOpenCloseAction": {"close": {}}},
    ),
    ("flash_lights", {}, {"vehicleControlFlashLightsAction": {}}),
    ("honk_horn", {}, {"vehicleControlHonkHornAction": {}}),
    ("remote_boombox", {"sound": 2000}, {"boomboxAction": {"sound": 2000}}),
    ("remote_boombox", {}, {"boomboxAction": {}}),
    (
        "trigger_homelink",
        {**PLACE, "token": "t"},
        {"vehicleControlTriggerHomelinkAction": {"location": PLACED, "token": "t"}},
    ),
    (
        "trigger_homelink",
        PLACE,
        {"vehicleControlTriggerHomelinkAction": {"location": PLACED}},
    ),
    (
        "set_sentry_mode",
        {"on": True},
        {"vehicleControlSetSentryModeAction": {"on": True}},
    ),
    ("set_sentry_mode", {"on": 0}, {"vehicleControlSetSentryModeAction": {}}),
    (
        "set_valet_mode",
        {"on": True, "password": 123},
        {"vehicleControlSetValetModeAction": {"on": True, "password": "0123"}},
    ),
    ("set_valet_mode", {"on": False}, {"vehicleControlSetValetModeAction": {}}),
    ("reset_valet_pin", {}, {"vehicleControlResetValetPinAction": {}}),
    (
        "set_pin_to_drive",
        {"on": True, "password": "1234"},
        {"vehicleControlSetPinToDriveAction": {"on": True, "password": "1234"}},
    ),
    ("set_pin_to_drive", {"on": False}, {"vehicleControlSetPinToDriveAction": {}}),
    ("reset_pin_to_drive_pin", {}, {"vehicleControlResetPinToDriveAction": {}}),
    (
        "clear_pin_to_drive_admin",
        {"pin": "1234"},
        {"vehicleControlResetPinToDriveAdminAction": {}},
    ),
    (
        "clear_pin_to_drive",
        {"pin": "1234"},
        {"vehicleControlSetPinToDriveAction": {"password": "1234"}},
    ),
    (
        "speed_limit_activate",
        {"pin": 1234},
        {"drivingSpeedLimitAction": {"activate": True, "pin": "1234"}},
    ),
    (
        "speed_limit_deactivate",
        {"pin": "0000"},
        {"drivingSpeedLimitAction": {"pin": "0000"}},
    ),
    (
        "speed_limit_clear_pin",
        {"pin": "0000"},
        {"drivingClearSpeedLimitPinAction": {"pin": "0000"}},
    ),
    (
        "speed_limit_clear_pin_admin",
        {"pin": None},
        {"drivingClearSpeedLimitPinAdminAction": {}},
    ),
    (
        "speed_limit_set_limit",
        {"limit_mph": 62.5},
        {"drivingSetSpeedLimitAction": {"limit_mph": 62.5}},
    ),
    (
        "parental_controls",
        {"activate": True, "pin": "1234"},
        {"parentalControlsAction": {"activate": True, "pin": "1234"}},
    ),
    (
        "parental_controls_activate",
        {"pin": "1234"},
        {"parentalControlsAction": {"activate": True, "pin": "1234"}},
    ),
    (
        "parental_controls_deactivate",
        {"pin": "1234"},
        {"parentalControlsAction": {"pin": "1234"}},
    ),
    (
        "parental_controls_clear_pin",
        {"pin": "1234"},
        {"parentalControlsClearPinAction": {"pin": "1234"}},
    ),
    (
        "parental_controls_clear_pin_admin",
        {},
        {"parentalControlsClearPinAdminAction": {}},
    ),
    (
        "parental_controls_enable_setting",
        {"setting": 4, "enable": True},
        {"parentalControlsEnableSettingsAction": {"setting": "Curfew", "enable": True}},
    ),
    (
        "parental_controls_enable_setting",
        {"setting": "SafetyFeatures", "enable": False},
        {"parentalControlsEnableSettingsAction": {"setting": "SafetyFeatures"}},
    ),
    (
        "parental_controls_set_speed_limit",
        {"limit_mph": 70},
        {"parentalControlsSetSpeedLimitAction": {"limit_mph": 70.0}},
    ),
    ("guest_mode", {"enable": True}, {"guestModeAction": {"GuestModeActive": True}}),
    ("erase_user_data", {}, {"eraseUserDataAction": {}}),
]

CABIN: list[Row] = [
    ("media_next_track", {}, {"mediaNextTrack": {}}),
    ("media_prev_track", {}, {"mediaPreviousTrack": {}}),
    ("media_next_fav", {}, {"mediaNextFavorite": {}}),
    ("media_prev_fav", {}, {"mediaPreviousFavorite": {}}),
    ("media_toggle_playback", {}, {"mediaPlayAction": {}}),
    ("media_volume_down", {}, {"mediaUpdateVolume": {"volume_delta": -1}}),
    ("media_volume_up", {}, {"mediaUpdateVolume": {"volume_delta": 1}}),
    (
        "adjust_volume",
        {"volume": 4.5},
        {"mediaUpdateVolume": {"volume_absolute_float": 4.5}},
    ),
    (
        "adjust_volume",
        {"volume": 0},
        {"mediaUpdateVolume": {"volume_absolute_float": 0.0}},
    ),
    (
        "set_vehicle_name",
        {"vehicle_name": "Rößle"},
        {"setVehicleNameAction": {"vehicleName": "Rößle"}},
    ),
    (
        "schedule_software_update",
        {"offset_sec": 7200},
        {"vehicleControlScheduleSoftwareUpdateAction": {"offset_sec": 7200}},
    ),
    ("cancel_software_update", {}, {"vehicleControlCancelSoftwareUpdateAction": {}}),
    *(
        (name, {spelled: True}, {action: {field: True}})
        for spelled in ("on", "enable")
        for name, action, field in (
            ("set_low_power_mode", "setLowPowerModeAction", "low_power_mode"),
            (
                "keep_accessory_power_mode",
                "setKeepAccessoryPowerModeAction",
                "keep_accessory_power_mode",
            ),
            (
                "set_keep_accessory_power_mode",
                "setKeepAccessoryPowerModeAction",
                "keep_accessory_power_mode",
            ),
        )
    ),
    *(
        (
            "navigation_gps_request",
            {**PLACE, **order},
            {
                "navigationGpsRequest": {
                    **PLACE,
                    "order": f"REMOTE_NAV_TRIP_ORDER_{word}",
                }
            },
        )
        for order, word in (
            ({}, "REPLACE"),
            ({"order": 0}, "REPLACE"),
            ({"order": 1}, "REPLACE"),
            ({"order": 2}, "PREPEND"),
            ({"order": "3"}, "APPEND"),
        )
    ),
    (
        "navigation_gps_destination",
        {**PLACE, "destination": "Home", "order": 3},
        {
            "navigationGpsDestinationRequest": {
                **PLACE,
                "destination": "Home",
                "order": "REMOTE_NAV_TRIP_ORDER_APPEND",
            }
        },
    ),
    *(
        (
            "navigation_sc_request",
            {"id": number, "order": 1},
            {
                "navigationSuperchargerRequest": {
                    "id": "42",
                    "remote_nav_trip_order": "REMOTE_NAV_TRIP_ORDER_REPLACE",
                }
            },
        )
        for number in (42, "42")
    ),
    (
        "navigation_waypoints_request",
        {"waypoints": "refId:a,refId:b"},
        {"navigationWaypointsRequest": {"waypoints": "refId:a,refId:b"}},
    ),
    ("take_drivenote", {"note": "n"}, {"takeDrivenoteAction": {"note": "n"}}),
    (
        "play_video",
        {"url": "https://example.com/v"},
        {"videoRequestAction": {"url": "https://example.com/v"}},
    ),
    (
        "ping",
        {},
        {"ping": {"ping_id": 1, "local_timestamp": "2023-11-14T22:13:20.500Z"}},
    ),
    ("dashcam_save", {}, {"dashcamSaveClipAction": {}}),
    (
        "get_nearby_charging_sites",
        {"count": 5, "radius": 20, "detail": False},
        {"getNearbyChargingSites": {"count": 5, "radius": 20}},
    ),
    (
        "get_nearby_charging_sites",
        {},
        {"getNearbyChargingSites": {"include_meta_data": True}},
    ),
    *(
        (name, {told: 1}, {action: {told: word}})
        for name, told, action, word in (
            (
                "set_temperature_unit",
                "unit",
                "setTemperatureUnitAction",
                "UNIT_CELSIUS",
            ),
            ("set_distance_unit", "unit", "setDistanceUnitAction", "UNIT_KILOMETERS"),
            ("set_tire_pressure_unit", "unit", "setTirePressureUnitAction", "UNIT_BAR"),
            (
                "set_time_display_format",
                "format",
                "setTimeDisplayFormatAction",
                "FORMAT_24_HOUR",
            ),
            (
                "set_energy_display_format",
                "format",
                "setEnergyDisplayFormatAction",
                "FORMAT_DISTANCE",
            ),
        )
    ),
]

LIGHTS: list[Row] = [
    (
        "front_zone_light",
        {"level": 2},
        {
            "setFrontZoneLightRequestAction": {
                "zone_light_request": "ZONE_LIGHT_REQUEST_MED"
            }
        },
    ),
    (
        "rear_zone_light",
        {"level": 3},
        {
            "setRearZoneLightRequestAction": {
                "zone_light_request": "ZONE_LIGHT_REQUEST_HIGH"
            }
        },
    ),
    (
        "set_lightbar_brightness",
        {"brightness": 40},
        {"setLightbarBrightnessAction": {"brightness_request": 40}},
    ),
    (
        "set_lightbar_middle",
        {"on": True},
        {"setLightbarMiddleAction": {"middle_light_request": True}},
    ),
    (
        "set_lightbar_ditch",
        {"on": True},
        {"setLightbarDitchAction": {"ditch_lights_request": True}},
    ),
    (
        "set_truck_bed_light_auto",
        {"on": True},
        {"setTruckBedLightAutoStateAction": {"power_state": True}},
    ),
    (
        "set_truck_bed_light_brightness",
        {"brightness": 100},
        {"setTruckBedLightBrightnessAction": {"brightness": 100}},
    ),
    (
        "set_trailer_light_test",
        {"on": True},
        {"setTrailerLightTestStartStopAction": {"start_stop": True}},
    ),
    ("set_tent_mode", {"on": True}, {"setTentModeRequestAction": {"on": True}}),
    *(
        (
            "set_suspension_level",
            {"level": number},
            {
                "setSuspensionLevelAction": {
                    "suspension_level": f"SUSPENSION_LEVEL_{word}"
                }
            },
        )
        for number, word in enumerate(
            ("ENTRY", "LOW", "MEDIUM", "HIGH", "VERY_HIGH", "EXTRACT"), 1
        )
    ),
    (
        "start_light_show",
        {"show_index": 2, "start_time": 1_700_000_060_000, "volume": 0.5},
        {
            "startLightShowAction": {
                "show_index": 2,
                "start_time": "1700000060000",
                "volume": 0.5,
            }
        },
    ),
    (
        "start_light_show",
        {"show_index": 0, "dance_moves": True},
        {"startLightShowAction": {"dance_moves": True}},
    ),
    ("stop_light_show", {}, {"stopLightShowAction": {}}),
]

INFOTAINMENT = [*CHARGE, *CLIMATE, *ACCESS, *CABIN, *LIGHTS]


@pytest.mark.parametrize(("name", "body", "expected"), SECURITY)
def test_encode_makes_what_the_security_computer_reads(
    name: str, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    payload = encode(name, body, now=NOW)
    message = UnsignedMessage.FromString(payload.data)
    read = MessageToDict(message, preserving_proto_field_name=True)

    assert payload.domain is Domain.VEHICLE_SECURITY
    assert payload.name == name
    # Unlocking is zero, which a choice shows and a plain number would not.
    assert read == expected


@pytest.mark.parametrize(("name", "body", "expected"), INFOTAINMENT)
def test_encode_makes_what_the_infotainment_computer_reads(
    name: str, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    payload = encode(name, body, now=NOW)
    message = Action.FromString(payload.data)
    read = MessageToDict(message, preserving_proto_field_name=True)

    assert payload.domain is Domain.INFOTAINMENT
    assert read == {"vehicleAction": expected}


def test_every_command_that_can_be_signed_is_tested() -> None:
    assert {row[0] for row in [*SECURITY, *INFOTAINMENT]} == SIGNABLE


def test_every_command_of_the_table_that_a_car_takes_can_be_signed() -> None:
    for endpoint in table.COMMANDS:
        name = endpoint.name.removeprefix("custom_")
        assert (name in SIGNABLE) == (endpoint.domain is not None), endpoint.name


def test_the_table_and_the_payload_agree_on_the_computer() -> None:
    bodies = {row[0]: row[1] for row in [*SECURITY, *INFOTAINMENT]}
    for endpoint in table.COMMANDS:
        if endpoint.domain is not None:
            name = endpoint.name.removeprefix("custom_")
            payload = encode(endpoint.name, bodies[name])
            assert payload.domain.name == endpoint.domain.name, endpoint.name


@pytest.mark.parametrize(
    "name",
    [
        "navigation_request",
        "upcoming_calendar_entries",
        "set_managed_charge_current_request",
        "wake_up",
        "no_such_command",
    ],
)
def test_encode_leaves_to_rest_what_the_protocol_lacks(name: str) -> None:
    with pytest.raises(NotSignable):
        encode(name, {})


def test_encode_leaves_stopping_the_sunroof_to_rest() -> None:
    with pytest.raises(NotSignable):
        encode("sun_roof_control", {"state": "stop"})


@pytest.mark.parametrize(
    ("name", "once"),
    [
        ("honk_horn", True),
        ("flash_lights", True),
        ("media_toggle_playback", True),
        ("custom_dashcam_save", True),
        ("door_lock", False),
        ("charge_start", False),
        ("custom_stop_light_show", False),
    ],
)
def test_encode_tells_what_may_be_done_twice(name: str, *, once: bool) -> None:
    assert encode(name, {}).idempotent is not once


@pytest.mark.parametrize(
    ("days", "mask"),
    [
        ("All", 127),
        ("Weekdays", 62),
        ("Sunday", 1),
        ("sun, SATURDAY", 65),
        ("Tues,Thurs,Wed", 28),
        ("Tue", 4),
        (["Monday", "Friday"], 34),
        (34, 34),
        ("34", 34),
        (0, 0),
    ],
)
def test_days_of_week_are_read_as_programs_spell_them(days: Any, mask: int) -> None:
    body = SCHEDULE | {"precondition_time": 0, "days_of_week": days}
    action = Action.FromString(encode("add_precondition_schedule", body).data)

    schedule = action.vehicleAction.addPreconditionScheduleAction
    assert schedule.days_of_week == mask


INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("set_charge_limit", {}, "percent"),
    ("set_charge_limit", {"percent": None}, "percent"),
    ("set_charge_limit", {"percent": True}, "percent"),
    ("set_charge_limit", {"percent": "eighty"}, "percent"),
    ("set_charge_limit", {"percent": 80.5}, "percent"),
    ("set_charge_limit", {"percent": 101}, "percent"),
    ("set_charge_limit", {"percent": [80]}, "percent"),
    ("set_charge_limit", {"percent": "9" * 5000}, "percent"),
    ("set_temps", {"driver_temp": 21}, "passenger_temp"),
    ("set_temps", {"driver_temp": "warm", "passenger_temp": 20}, "driver_temp"),
    ("set_temps", {"driver_temp": float("nan"), "passenger_temp": 20}, "driver_temp"),
    ("set_temps", {"driver_temp": 10**400, "passenger_temp": 20}, "driver_temp"),
    ("set_temps", {"driver_temp": 1000, "passenger_temp": 20}, "driver_temp"),
    ("set_temps", {"driver_temp": False, "passenger_temp": 20}, "driver_temp"),
    ("set_sentry_mode", {"on": "perhaps"}, "on"),
    ("set_sentry_mode", {}, "on"),
    ("set_sentry_mode", {"on": 2}, "on"),
    ("actuate_trunk", {"which_trunk": "both"}, "which_trunk"),
    ("actuate_trunk", {}, "which_trunk"),
    ("closure", {}, "closure"),
    ("closure", {"tonneau": "none"}, "closure"),
    ("closure", {"tonneau": "wide"}, "tonneau"),
    ("seat_heater", {}, "seat_heater"),
    ("remote_seat_heater_request", {"level": 1}, "heater"),
    ("remote_seat_heater_request", {"seat_position": 9, "level": 1}, "seat_position"),
    ("remote_seat_heater_request", {"heater": 1, "level": True}, "level"),
    ("remote_steering_wheel_heat_level_request", {"level": 2}, "level"),
    ("set_valet_mode", {"on": True, "password": "12345"}, "password"),
    ("set_valet_mode", {"on": True, "password": "١٢٣٤"}, "password"),
    ("set_pin_to_drive", {"on": True}, "password"),
    ("set_pin_to_drive", {"on": True, "password": ""}, "password"),
    ("speed_limit_activate", {"pin": True}, "pin"),
    ("speed_limit_activate", {"pin": 12345}, "pin"),
    ("set_vehicle_name", {"vehicle_name": "x" * 5000}, "vehicle_name"),
    ("set_vehicle_name", {"vehicle_name": "\ud800"}, "vehicle_name"),
    ("set_vehicle_name", {"vehicle_name": {}}, "vehicle_name"),
    ("take_drivenote", {"note": "x" * 81}, "note"),
    ("play_video", {"url": "javascript:alert(1)"}, "url"),
    ("set_rate_tariff", {"no_such_field": 1}, "tariff"),
    (
        "add_precondition_schedule",
        SCHEDULE | {"precondition_time": 0, "days_of_week": "Funday"},
        "days_of_week",
    ),
    (
        "add_precondition_schedule",
        SCHEDULE | {"precondition_time": 0, "days_of_week": 128},
        "days_of_week",
    ),
    (
        "add_precondition_schedule",
        SCHEDULE | {"precondition_time": 0, "days_of_week": "sund"},
        "days_of_week",
    ),
    ("remove_charge_schedule", {"id": -1}, "id"),
    ("remove_charge_schedule", {"id": 2**64}, "id"),
    ("trigger_homelink", {"lat": 91, "lon": 0}, "lat"),
]


@pytest.mark.parametrize(("name", "body", "field"), INVALID)
def test_encode_names_the_field_that_does_not_fit(
    name: str, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidField) as told:
        encode(name, body)

    assert told.value.field == field
    assert told.value.api_status == 400
    assert told.value.api_code == "invalid_field"


def test_a_pin_is_shown_nowhere() -> None:
    payload = encode("speed_limit_activate", {"pin": "8642"})
    with pytest.raises(InvalidField) as told:
        encode("speed_limit_activate", {"pin": "86421"})

    assert b"8642" in payload.data
    assert "8642" not in repr(payload)
    assert "8642" not in f"{told.value!r} {told.value} {vars(told.value)}"


def test_a_name_is_taken_with_custom_before_it_or_without() -> None:
    assert encode("custom_get_charge_on_solar", {}) == encode("get_charge_on_solar", {})
    assert encode("custom_closure", {"tonneau": "open"}).data == (
        encode("open_tonneau", {}).data
    )
