"""Compare the payloads' keys with those that real cars and sites were seen to send."""

from simulator.clock import Clock
from simulator.world import World
from simulator.world.persons import Person
from tests.simulator.world.moments import HOUR_S

CHARGE = """
    battery_heater_on battery_level battery_range charge_amps charge_current_request
    charge_current_request_max charge_enable_request charge_energy_added
    charge_limit_soc charge_limit_soc_max charge_limit_soc_min charge_limit_soc_std
    charge_miles_added_ideal charge_miles_added_rated charge_port_cold_weather_mode
    charge_port_color charge_port_door_open charge_port_latch charge_rate
    charger_actual_current charger_phases charger_pilot_current charger_power
    charger_voltage charging_schedule_override charging_state conn_charge_cable
    energy_remaining est_battery_range fast_charger_brand fast_charger_present
    fast_charger_type ideal_battery_range lifetime_energy_used
    max_range_charge_counter minutes_to_full_charge module_temp_max module_temp_min
    not_enough_power_to_heat off_peak_charging_enabled off_peak_charging_times
    off_peak_hours_end_time preconditioning_enabled preconditioning_times
    scheduled_charging_mode scheduled_charging_pending scheduled_charging_start_time
    scheduled_charging_start_time_app scheduled_departure_time
    scheduled_departure_time_minutes supercharger_session_trip_planner
    time_to_full_charge timestamp trip_charging usable_battery_level
    user_charge_enable_request
"""
CLIMATE = """
    allow_cabin_overheat_protection auto_seat_climate_left auto_seat_climate_right
    auto_steering_wheel_heat battery_heater battery_heater_no_power bioweapon_mode
    cabin_overheat_protection cabin_overheat_protection_actively_cooling
    climate_keeper_mode cop_activation_temperature defrost_mode driver_temp_setting
    fan_status hvac_auto_request inside_temp is_auto_conditioning_on is_climate_on
    is_front_defroster_on is_preconditioning is_rear_defroster_on left_temp_direction
    max_avail_temp min_avail_temp outside_temp passenger_temp_setting
    remote_heater_control_enabled right_temp_direction seat_heater_left
    seat_heater_rear_center seat_heater_rear_left seat_heater_rear_right
    seat_heater_right side_mirror_heaters steering_wheel_heat_level
    steering_wheel_heater supports_fan_only_cabin_overheat_protection timestamp
    wiper_blade_heater
"""
DRIVE = """
    active_route_destination active_route_energy_at_arrival active_route_latitude
    active_route_longitude active_route_miles_to_arrival
    active_route_minutes_to_arrival active_route_traffic_minutes_delay gps_as_of
    heading latitude longitude native_latitude native_location_supported
    native_longitude native_type power shift_state speed timestamp
"""
GUI = """
    gui_24_hour_time gui_charge_rate_units gui_distance_units gui_range_display
    gui_temperature_units gui_tirepressure_units show_range_units timestamp
"""
CONFIG = """
    aux_park_lamps badge_version can_accept_navigation_requests can_actuate_trunks
    car_special_type car_type charge_port_type cop_user_set_temp_supported
    dashcam_clip_save_supported default_charge_to_max driver_assist ece_restrictions
    efficiency_package eu_vehicle exterior_color exterior_trim exterior_trim_override
    has_air_suspension has_ludicrous_mode has_seat_cooling headlamp_type
    interior_trim_type key_version motorized_charge_port paint_color_override
    performance_package plg pws rear_drive_unit rear_seat_heaters rear_seat_type rhd
    roof_color seat_type spoiler_type sun_roof_installed supports_qr_pairing
    third_row_seats timestamp trim_badging use_range_badging utc_offset
    webcam_selfie_supported webcam_supported wheel_type
"""
STATE = """
    api_version autopark_state_v2 calendar_supported car_version center_display_state
    dashcam_clip_save_available dashcam_state df dr fd_window feature_bitmask
    fp_window ft guest_mode homelink_device_count homelink_nearby is_user_present
    locked media_info media_state notifications_supported odometer
    parsed_calendar_supported pf pr rd_window remote_start remote_start_enabled
    remote_start_supported rp_window rt santa_mode sentry_mode sentry_mode_available
    service_mode service_mode_plus software_update speed_limit_mode
    sun_roof_percent_open sun_roof_state timestamp tpms_hard_warning_fl
    tpms_hard_warning_fr tpms_hard_warning_rl tpms_hard_warning_rr
    tpms_last_seen_pressure_time_fl tpms_last_seen_pressure_time_fr
    tpms_last_seen_pressure_time_rl tpms_last_seen_pressure_time_rr tpms_pressure_fl
    tpms_pressure_fr tpms_pressure_rl tpms_pressure_rr tpms_rcp_front_value
    tpms_rcp_rear_value tpms_soft_warning_fl tpms_soft_warning_fr
    tpms_soft_warning_rl tpms_soft_warning_rr valet_mode valet_pin_needed
    vehicle_name vehicle_self_test_progress vehicle_self_test_requested
    vehicle_state_sun_roof_percent_open webcam_available
"""
MEDIA = """
    a2dp_source_name audio_volume audio_volume_increment audio_volume_max
    media_playback_status now_playing_album now_playing_artist now_playing_duration
    now_playing_elapsed now_playing_source now_playing_station now_playing_title
"""
SCHEDULES = """
    charge_buffer charge_schedules max_num_charge_schedules next_schedule
    show_schedule_complete_state timestamp
"""
SITE_INFO = """
    address backup_reserve_percent battery_count components default_real_mode
    geolocation id installation_date installation_time_zone max_site_meter_power_ac
    min_site_meter_power_ac nameplate_energy nameplate_power
    off_grid_vehicle_charging_reserve_percent site_name site_number tou_settings
    user_settings version vpp_backup_reserve_percent
"""
COMPONENTS = """
    backup backup_time_remaining_enabled batteries battery
    battery_solar_offset_view_enabled battery_type car_charging_data_supported
    configurable customer_preferred_export_rule
    disallow_charge_from_grid_with_solar_installed
    energy_service_self_scheduling_enabled energy_value_header
    energy_value_subheader flex_energy_request_capable gateway gateways grid
    grid_services_enabled load_meter market_type net_meter_mode
    off_grid_vehicle_charging_reserve_supported rate_plan_manager_supported
    set_islanding_mode_enabled show_grid_import_battery_source_cards solar solar_type
    solar_value_enabled storm_mode_capable system_alerts_enabled tou_capable
    vehicle_charging_performance_view_enabled
    vehicle_charging_solar_offset_view_enabled wall_connectors
    wifi_commissioning_enabled
"""
PRODUCT = """
    asset_site_id backup_capable battery_power battery_type breaker_alert_enabled
    components device_type energy_left energy_site_id features gateway_id
    go_off_grid_test_banner_enabled id percentage_charged
    powerwall_onboarding_settings_set powerwall_tesla_electric_interested_in
    resource_type site_name storm_mode_enabled sync_grid_alert_enabled
    total_pack_energy vpp_tour_enabled warp_site_number
"""
HISTORY = """
    battery_energy_exported battery_energy_imported_from_generator
    battery_energy_imported_from_grid battery_energy_imported_from_solar
    consumer_energy_imported_from_battery consumer_energy_imported_from_generator
    consumer_energy_imported_from_grid consumer_energy_imported_from_solar
    generator_energy_exported grid_energy_exported_from_battery
    grid_energy_exported_from_generator grid_energy_exported_from_solar
    grid_energy_imported grid_services_energy_exported grid_services_energy_imported
    raw_timestamp solar_energy_exported timestamp total_battery_charge
    total_battery_discharge total_grid_energy_exported total_home_usage
    total_solar_generation
"""


def keys(text: str) -> set[str]:
    return set(text.split())


def test_vehicle_data_has_the_keys_of_real_cars(world: World, alice: Person) -> None:
    found = world.car_named("Granny").vehicle_data(
        alice, {"vehicle_data_combo", "charge_schedule_data"}, with_location=False
    )
    assert set(found["charge_state"]) == keys(CHARGE)
    assert set(found["climate_state"]) == keys(CLIMATE)
    assert set(found["gui_settings"]) == keys(GUI)
    assert set(found["vehicle_config"]) == keys(CONFIG)
    assert set(found["vehicle_state"]) == keys(STATE)
    assert set(found["vehicle_state"]["media_info"]) == keys(MEDIA)
    assert set(found["charge_schedule_data"]) == keys(SCHEDULES)


def test_drive_state_has_its_route_keys_on_the_road_only(
    world: World, clock: Clock, bob: Person
) -> None:
    groups = {"drive_state", "location_data"}
    blitz = world.car_named("Blitz")
    assert set(
        blitz.vehicle_data(bob, groups, with_location=True)["drive_state"]
    ) == keys(DRIVE)
    clock.advance(46 * 60.0)
    parked = blitz.vehicle_data(bob, groups, with_location=True)["drive_state"]
    assert {key for key in parked if key.startswith("active_route")} == set()
    assert (parked["speed"], parked["shift_state"]) == (None, None)


def test_site_answers_have_the_keys_of_real_sites(world: World) -> None:
    home = world.site_named("Home")
    assert set(home.site_info()) == keys(SITE_INFO)
    assert set(home.site_info()["components"]) == keys(COMPONENTS)
    assert set(home.product()) == keys(PRODUCT)
    entry = home.calendar_history("energy", "day")["time_series"][0]
    assert set(entry) == keys(HISTORY)


def test_sentry_shows_on_the_screen_and_records(
    world: World, clock: Clock, alice: Person
) -> None:
    red = world.car_named("Red")
    red.condition.body.sentry_mode = True
    clock.advance(HOUR_S)
    found = red.vehicle_data(alice, {"vehicle_state"}, with_location=False)
    state = found["vehicle_state"]
    assert (state["center_display_state"], state["dashcam_state"]) == (7, "Recording")
