"""List which message to the screen's computer orders what."""

from simulator.signed.readers import (
    Reader,
    charging,
    departure,
    either,
    homelink,
    plain,
    shifted,
    solar,
    sun_roof,
    temps,
    valet,
    volume,
    wheel,
    window,
)
from simulator.signed.seats import auto_seat, seat_cooler, seat_heaters
from simulator.world.cars.commands.order import Order

_PLACE = {"lat": "latitude", "lon": "longitude"}
_SCHEDULE = {
    **dict.fromkeys(("id", "name", "days_of_week", "one_time", "enabled")),
    **_PLACE,
}
_SAME = {name: own or name for name, own in _SCHEDULE.items()}
_TIMES = {
    name: name for name in ("start_enabled", "start_time", "end_enabled", "end_time")
}
_PIN_TO_DRIVE = {name: name for name in ("on", "password")}
_BATCH = {"home": "home", "work": "work", "other": "other"}
_OVERRIDE = {"on": "on", "manual_override": "manual_override"}
_GPS = {"lat": "lat", "lon": "lon", "order": "order"}

READERS: dict[str, Reader] = {
    "chargingStartStopAction": charging,
    "chargingSetLimitAction": plain("set_charge_limit", percent="percent"),
    "setChargingAmpsAction": plain("set_charging_amps", charging_amps="charging_amps"),
    "chargePortDoorOpen": plain("charge_port_door_open"),
    "chargePortDoorClose": plain("charge_port_door_close"),
    "addChargeScheduleAction": plain("add_charge_schedule", **_SAME, **_TIMES),
    "removeChargeScheduleAction": plain("remove_charge_schedule", id="id"),
    "batchRemoveChargeSchedulesAction": plain(
        "batch_remove_charge_schedules", **_BATCH
    ),
    "addPreconditionScheduleAction": plain(
        "add_precondition_schedule", **_SAME, precondition_time="precondition_time"
    ),
    "removePreconditionScheduleAction": plain("remove_precondition_schedule", id="id"),
    "batchRemovePreconditionSchedulesAction": plain(
        "batch_remove_precondition_schedules", **_BATCH
    ),
    "scheduledChargingAction": plain(
        "set_scheduled_charging", enable="enabled", time="charging_time"
    ),
    "scheduledDepartureAction": departure,
    "updateChargeOnSolarFeatureRequest": solar,
    "getChargeOnSolarFeatureRequest": plain("get_charge_on_solar"),
    "hvacAutoAction": either(
        "auto_conditioning_start", "auto_conditioning_stop", "power_on"
    ),
    "hvacTemperatureAdjustmentAction": temps,
    "hvacSetPreconditioningMaxAction": plain("set_preconditioning_max", **_OVERRIDE),
    "hvacBioweaponModeAction": plain("set_bioweapon_mode", **_OVERRIDE),
    "hvacClimateKeeperAction": plain(
        "set_climate_keeper_mode", climate_keeper_mode="ClimateKeeperAction"
    ),
    "setCabinOverheatProtectionAction": plain(
        "set_cabin_overheat_protection", on="on", fan_only="fan_only"
    ),
    "setCopTempAction": shifted("set_cop_temp", "cop_temp", "copActivationTemp"),
    "hvacSeatHeaterActions": seat_heaters,
    "hvacSeatCoolerActions": seat_cooler,
    "autoSeatClimateAction": auto_seat,
    "hvacSteeringWheelHeaterAction": plain(
        "remote_steering_wheel_heater_request", on="power_on"
    ),
    "stwHeatLevelAction": wheel,
    "autoStwHeatAction": plain(
        "remote_auto_steering_wheel_heat_climate_request", on="on"
    ),
    "hvacRecirculationAction": plain("hvac_recirculation", on="on"),
    "vehicleControlWindowAction": window,
    "vehicleControlSunroofOpenCloseAction": sun_roof,
    "vehicleControlFlashLightsAction": plain("flash_lights"),
    "vehicleControlHonkHornAction": plain("honk_horn"),
    "boomboxAction": plain("remote_boombox", sound="sound"),
    "vehicleControlTriggerHomelinkAction": homelink,
    "vehicleControlSetSentryModeAction": plain("set_sentry_mode", on="on"),
    "vehicleControlSetValetModeAction": valet,
    "vehicleControlResetValetPinAction": plain("reset_valet_pin"),
    "vehicleControlSetPinToDriveAction": plain("set_pin_to_drive", **_PIN_TO_DRIVE),
    "vehicleControlResetPinToDriveAction": plain("reset_pin_to_drive_pin"),
    "vehicleControlResetPinToDriveAdminAction": plain("clear_pin_to_drive_admin"),
    "drivingSpeedLimitAction": either(
        "speed_limit_activate", "speed_limit_deactivate", "activate", pin="pin"
    ),
    "drivingSetSpeedLimitAction": plain("speed_limit_set_limit", limit_mph="limit_mph"),
    "drivingClearSpeedLimitPinAction": plain("speed_limit_clear_pin", pin="pin"),
    "drivingClearSpeedLimitPinAdminAction": plain("speed_limit_clear_pin_admin"),
    "parentalControlsAction": either(
        "parental_controls_activate",
        "parental_controls_deactivate",
        "activate",
        pin="pin",
    ),
    "parentalControlsEnableSettingsAction": plain(
        "parental_controls_enable_setting", setting="setting", enable="enable"
    ),
    "parentalControlsSetSpeedLimitAction": plain(
        "parental_controls_set_speed_limit", limit_mph="limit_mph"
    ),
    "parentalControlsClearPinAction": plain("parental_controls_clear_pin", pin="pin"),
    "parentalControlsClearPinAdminAction": plain("parental_controls_clear_pin_admin"),
    "guestModeAction": plain("guest_mode", enable="GuestModeActive"),
    "eraseUserDataAction": plain("erase_user_data"),
    "mediaPlayAction": plain("media_toggle_playback"),
    "mediaNextTrack": plain("media_next_track"),
    "mediaPreviousTrack": plain("media_prev_track"),
    "mediaNextFavorite": plain("media_next_fav"),
    "mediaPreviousFavorite": plain("media_prev_fav"),
    "mediaUpdateVolume": volume,
    "navigationRequest": plain("navigation_request", value="destination"),
    "navigationGpsRequest": plain("navigation_gps_request", **_GPS),
    "navigationGpsDestinationRequest": plain(
        "navigation_gps_destination", **_GPS, destination="destination"
    ),
    "navigationSuperchargerRequest": plain(
        "navigation_sc_request", id="id", order="remote_nav_trip_order"
    ),
    "navigationWaypointsRequest": plain(
        "navigation_waypoints_request", waypoints="waypoints"
    ),
    "uiSetUpcomingCalendarEntries": plain(
        "upcoming_calendar_entries", calendar_data="calendar_data"
    ),
    "takeDrivenoteAction": plain("take_drivenote", note="note"),
    "setVehicleNameAction": plain("set_vehicle_name", vehicle_name="vehicleName"),
    "vehicleControlScheduleSoftwareUpdateAction": plain(
        "schedule_software_update", offset_sec="offset_sec"
    ),
    "vehicleControlCancelSoftwareUpdateAction": plain("cancel_software_update"),
    "setLowPowerModeAction": plain("set_low_power_mode", enable="low_power_mode"),
    "setKeepAccessoryPowerModeAction": plain(
        "keep_accessory_power_mode", enable="keep_accessory_power_mode"
    ),
    "setSuspensionLevelAction": plain("set_suspension_level", level="suspension_level"),
    "startLightShowAction": plain("start_light_show", show_index="show_index"),
    "stopLightShowAction": plain("stop_light_show"),
    "dashcamSaveClipAction": plain("dashcam_save"),
    "videoRequestAction": plain("play_video", url="url"),
    "cancelSohTestAction": plain("cancel_soh_test"),
    "setRateTariffRequest": plain("set_rate_tariff"),
    "getRateTariffRequest": plain("get_rate_tariff"),
    "ping": plain("ping"),
    "getNearbyChargingSites": plain(
        "get_nearby_charging_sites", count="count", radius="radius"
    ),
    "getVehicleData": plain("get_vehicle_data"),
    "setDistanceUnitAction": plain("set_distance_unit", unit="unit"),
    "setTemperatureUnitAction": plain("set_temperature_unit", unit="unit"),
    "setTirePressureUnitAction": plain("set_tire_pressure_unit", unit="unit"),
    "setTimeDisplayFormatAction": plain("set_time_display_format", format="format"),
    "setEnergyDisplayFormatAction": plain("set_energy_display_format", format="format"),
    "setOutletsOnOffAction": plain("set_outlets", request="outlet_request"),
    "setOutletTimerAction": plain("set_outlet_timer", num_minutes="num_minutes"),
    "setOutletSocLimitAction": plain("set_outlet_soc_limit", percent="percent"),
    "setPowerFeedOnOffAction": plain("set_power_feed", request="power_feed_request"),
    "setPowerFeedTimerAction": plain("set_power_feed_timer", num_minutes="num_minutes"),
    "setPowerFeedSocLimitAction": plain("set_power_feed_soc_limit", percent="percent"),
    "setPowershareDischargeLimitAction": plain(
        "set_powershare_discharge_limit", percent="powershare_discharge_limit"
    ),
    "setLightbarBrightnessAction": plain(
        "set_lightbar_brightness", brightness="brightness_request"
    ),
    "setLightbarMiddleAction": plain("set_lightbar_middle", on="middle_light_request"),
    "setLightbarDitchAction": plain("set_lightbar_ditch", on="ditch_lights_request"),
    "setTentModeRequestAction": plain("set_tent_mode", on="on"),
    "setTrailerLightTestStartStopAction": plain(
        "set_trailer_light_test", on="start_stop"
    ),
    "setTruckBedLightAutoStateAction": plain(
        "set_truck_bed_light_auto", on="power_state"
    ),
    "setTruckBedLightBrightnessAction": plain(
        "set_truck_bed_light_brightness", brightness="brightness"
    ),
    "setFrontZoneLightRequestAction": plain(
        "front_zone_light", level="zone_light_request"
    ),
    "setRearZoneLightRequestAction": plain(
        "rear_zone_light", level="zone_light_request"
    ),
    "setPowershareFeatureAction": lambda message: Order(
        "set_powershare_feature", {"on": bool(message.powershare_feature_request)}
    ),
    "setPowershareRequestAction": lambda message: Order(
        "set_powershare_request", {"on": bool(message.powershare_request)}
    ),
}
