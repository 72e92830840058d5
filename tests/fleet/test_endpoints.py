"""The table of endpoints: complete, consistent, priced."""

import re
from decimal import Decimal

import pytest

from fleet.endpoints import (
    BY_NAME,
    COMMANDS,
    CUSTOM_COMMANDS,
    ENDPOINTS,
    PRICE_USD,
    VEHICLE_DATA_GROUPS,
    Content,
    Domain,
    Endpoint,
    Kind,
    Price,
    Subject,
    Where,
    match,
)
from fleet.scopes import Scope
from simulator.fleet_api.table import prices

BESIDE_COMMANDS = {
    "GET /api/1/products",
    "GET /api/1/vehicles",
    "GET /api/1/vehicles/{vehicle_tag}",
    "GET /api/1/vehicles/{vehicle_tag}/vehicle_data",
    "POST /api/1/vehicles/{vehicle_tag}/wake_up",
    "GET /api/1/vehicles/{vehicle_tag}/mobile_enabled",
    "GET /api/1/vehicles/{vehicle_tag}/nearby_charging_sites",
    "GET /api/1/vehicles/{vehicle_tag}/recent_alerts",
    "GET /api/1/vehicles/{vehicle_tag}/release_notes",
    "GET /api/1/vehicles/{vehicle_tag}/service_data",
    "GET /api/1/vehicles/{vehicle_tag}/drivers",
    "DELETE /api/1/vehicles/{vehicle_tag}/drivers",
    "GET /api/1/vehicles/{vehicle_tag}/invitations",
    "POST /api/1/vehicles/{vehicle_tag}/invitations",
    "POST /api/1/vehicles/{vehicle_tag}/invitations/{invitation_id}/revoke",
    "POST /api/1/invitations/redeem",
    "POST /api/1/vehicles/fleet_status",
    "POST /api/1/vehicles/{vehicle_tag}/signed_command",
    "POST /api/1/vehicles/fleet_telemetry_config",
    "POST /api/1/vehicles/fleet_telemetry_config_jws",
    "GET /api/1/vehicles/{vehicle_tag}/fleet_telemetry_config",
    "DELETE /api/1/vehicles/{vehicle_tag}/fleet_telemetry_config",
    "GET /api/1/vehicles/{vehicle_tag}/fleet_telemetry_errors",
    "GET /api/1/subscriptions",
    "POST /api/1/subscriptions",
    "GET /api/1/vehicle_subscriptions",
    "POST /api/1/vehicle_subscriptions",
    "GET /api/1/dx/vehicles/options",
    "GET /api/1/dx/vehicles/upgrades/eligibility",
    "GET /api/1/dx/vehicles/subscriptions/eligibility",
    "GET /api/1/dx/warranty/details",
    "GET /api/1/vehicles/{vin}/specs",
    "GET /api/1/vehicles/{vin}/pricing",
    "POST /api/1/users/keys",
    "GET /api/1/energy_sites/{site_id}/site_info",
    "GET /api/1/energy_sites/{site_id}/live_status",
    "GET /api/1/energy_sites/{site_id}/calendar_history",
    "GET /api/1/energy_sites/{site_id}/telemetry_history",
    "POST /api/1/energy_sites/{site_id}/backup",
    "POST /api/1/energy_sites/{site_id}/operation",
    "POST /api/1/energy_sites/{site_id}/storm_mode",
    "POST /api/1/energy_sites/{site_id}/off_grid_vehicle_charging_reserve",
    "POST /api/1/energy_sites/{site_id}/grid_import_export",
    "POST /api/1/energy_sites/{site_id}/time_of_use_settings",
    "POST /api/1/energy_sites/{site_id}/command",
    "GET /api/1/users/me",
    "GET /api/1/users/region",
    "GET /api/1/users/orders",
    "GET /api/1/users/feature_config",
    "GET /api/1/users/backup_key",
    "GET /api/1/dx/charging/history",
    "GET /api/1/dx/charging/invoice/{content_id}",
    "GET /api/1/dx/charging/sessions",
    "POST /api/1/partner_accounts",
    "GET /api/1/partner_accounts/public_key",
    "GET /api/1/partner_accounts/fleet_telemetry_error_vins",
    "GET /api/1/partner_accounts/fleet_telemetry_errors",
    "POST /api/1/vehicles/{vehicle_tag}/charge_history",
    "POST /api/1/vehicles/invitations/redeem",
    "GET /api/1/dx/vehicles/upgrade/eligibility",
    "GET /api/1/dx/vehicles/subscriptions/eligible",
    "GET /api/1/energy_sites/{site_id}/command/authorized_clients",
    "GET /api/1/energy_sites/{site_id}/command/networking_status",
    "POST /api/1/energy_sites/{site_id}/command/add_authorized_client",
    "POST /api/1/energy_sites/{site_id}/command/remove_authorized_client",
}
OURS = {
    "DELETE /api/config/{vin}",
    "GET /api/config/{vin}",
    "PATCH /api/config/{vin}",
    "POST /api/config/{vin}",
    "GET /api/test",
    "GET /api/ping",
    "GET /api/metadata",
    "GET /api/userdata",
    "GET /api/vehicle_config/{vin}",
    "GET /api/refresh/{vin}",
    "GET /api/image/{vin}",
    "GET /api/auto/{vin}",
    "POST /api/auto/{vin}",
    "DELETE /api/auto/{vin}",
    "GET /api/1/vehicles/{vehicle_tag}/telemetry",
    "GET /fields.json",
    "GET /openapi.yaml",
    "GET /docs",
    "GET /status",
}
CUSTOM = """auto_secure_vehicle cancel_soh_test charge_on_solar clear_pin_to_drive closure
    dashcam_save front_zone_light get_nearby_charging_sites get_rate_tariff
    hvac_recirculation navigation_gps_destination parental_controls
    parental_controls_clear_pin parental_controls_clear_pin_admin
    parental_controls_enable_setting parental_controls_set_speed_limit ping play_video
    rear_zone_light remove_key seat_heater set_distance_unit set_energy_display_format
    set_keep_accessory_power_mode set_lightbar_brightness set_lightbar_ditch
    set_lightbar_middle set_low_power_mode set_outlet_soc_limit set_outlets
    set_power_feed set_power_feed_soc_limit set_powershare_discharge_limit
    set_powershare_feature set_powershare_request set_rate_tariff set_suspension_level
    set_temperature_unit set_tent_mode set_time_display_format set_tire_pressure_unit
    set_trailer_light_test set_truck_bed_light_auto set_truck_bed_light_brightness
    start_light_show stop_light_show"""
SECURITY = """door_lock door_unlock remote_start_drive actuate_trunk open_tonneau
    close_tonneau stop_tonneau"""
CHARGING = """charge_port_door_open charge_port_door_close charge_start charge_stop
    charge_standard charge_max_range set_charge_limit set_charging_amps
    add_charge_schedule remove_charge_schedule add_precondition_schedule
    remove_precondition_schedule set_scheduled_charging set_scheduled_departure"""
INFOTAINMENT = """batch_remove_charge_schedules batch_remove_precondition_schedules
    auto_conditioning_start auto_conditioning_stop set_temps set_preconditioning_max
    set_bioweapon_mode set_climate_keeper_mode set_cabin_overheat_protection
    set_cop_temp remote_seat_heater_request remote_seat_cooler_request
    remote_auto_seat_climate_request remote_steering_wheel_heater_request
    remote_steering_wheel_heat_level_request
    remote_auto_steering_wheel_heat_climate_request window_control sun_roof_control
    flash_lights honk_horn remote_boombox trigger_homelink set_sentry_mode
    set_valet_mode reset_valet_pin reset_pin_to_drive_pin clear_pin_to_drive_admin
    set_pin_to_drive speed_limit_activate speed_limit_deactivate speed_limit_clear_pin
    speed_limit_set_limit speed_limit_clear_pin_admin parental_controls_activate
    parental_controls_deactivate parental_controls_enable_setting
    parental_controls_set_speed_limit parental_controls_clear_pin_admin guest_mode
    erase_user_data set_vehicle_name schedule_software_update cancel_software_update
    media_next_track media_prev_track media_next_fav media_prev_fav
    media_toggle_playback media_volume_down media_volume_up adjust_volume
    set_low_power_mode keep_accessory_power_mode"""
UNSIGNED = """navigation_request navigation_gps_request navigation_sc_request
    navigation_waypoints_request upcoming_calendar_entries take_drivenote
    set_managed_charge_current_request set_managed_charger_location
    set_managed_scheduled_charging_time"""

each = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)


def _named(*lists: str) -> set[str]:
    return {name for names in lists for name in names.split()}


def test_table_holds_every_endpoint_beside_commands() -> None:
    others = [one for one in ENDPOINTS if not one.is_command and not one.local]

    assert {f"{one.method} {one.path}" for one in others} == BESIDE_COMMANDS
    assert len(others) == len(BESIDE_COMMANDS)


def test_table_holds_what_keyfob_answers_itself() -> None:
    ours = [one for one in ENDPOINTS if one.local]

    assert {f"{one.method} {one.path}" for one in ours} == OURS
    assert [one.name for one in ours if one.public] == [
        "fields",
        "openapi",
        "docs",
        "status",
    ]


def test_table_holds_every_custom_command() -> None:
    assert {one.command for one in CUSTOM_COMMANDS} == _named(CUSTOM)
    reads = [one.name for one in CUSTOM_COMMANDS if one.method == "GET"]
    assert reads == ["custom_get_charge_on_solar"]
    assert all(one.is_command and one.is_custom for one in CUSTOM_COMMANDS)
    assert all(one.signed for one in CUSTOM_COMMANDS)
    assert not any(one.is_custom for one in COMMANDS)


def test_what_does_more_when_asked_twice_is_marked() -> None:
    once = {one.name for one in ENDPOINTS if not one.repeatable}

    assert {"actuate_trunk", "media_next_track", "honk_horn", "signed_command"} <= once
    assert {"door_lock", "set_charge_limit", "wake_up", "vehicle_data"} & once == set()
    assert all(one.method == "POST" for one in ENDPOINTS if not one.repeatable)


def test_table_holds_every_command_with_the_part_that_takes_it() -> None:
    signed = {
        domain: {one.name for one in COMMANDS if one.signed and one.domain is domain}
        for domain in Domain
    }

    assert signed[Domain.VEHICLE_SECURITY] == _named(SECURITY)
    assert signed[Domain.INFOTAINMENT] == _named(CHARGING, INFOTAINMENT)
    assert {one.name for one in COMMANDS if one.rest} == _named(UNSIGNED)
    assert {one.name for one in COMMANDS if not one.signed} == _named(UNSIGNED)


def test_charging_scope_opens_charging_commands_and_no_others() -> None:
    both = (Scope.VEHICLE_CMDS, Scope.VEHICLE_CHARGING_CMDS)

    assert {one.name for one in COMMANDS if one.scopes == both} == _named(CHARGING)
    assert {one.scopes for one in COMMANDS} == {both, (Scope.VEHICLE_CMDS,)}


def test_names_and_addresses_are_unique() -> None:
    assert len(BY_NAME) == len(ENDPOINTS)
    addresses = {(one.method, re.sub(r"{\w+}", "{}", one.path)) for one in ENDPOINTS}
    assert len(addresses) == len(ENDPOINTS)


def test_wake_up_alone_wakes() -> None:
    assert [one.name for one in ENDPOINTS if one.wakes] == ["wake_up"]
    assert [one.name for one in ENDPOINTS if one.price is Price.WAKES] == ["wake_up"]


def test_prices_are_those_of_the_price_list() -> None:
    assert {
        Price.FREE: Decimal(0),
        Price.DATA: Decimal("0.002"),
        Price.COMMANDS: Decimal("0.001"),
        Price.WAKES: Decimal("0.02"),
        Price.STREAMING: Decimal(1) / Decimal(150_000),
        Price.SPECS: Decimal("0.10"),
    } == PRICE_USD


def test_reads_and_lists_are_free_and_energy_is_never_billed() -> None:
    billed = {one.name for one in ENDPOINTS if one.billed and not one.is_command}

    assert billed == {
        "vehicle_data",
        "nearby_charging_sites",
        "recent_alerts",
        "release_notes",
        "wake_up",
        "signed_command",
        "specs",
        "refresh",
    }
    assert {one.price for one in COMMANDS} == {Price.COMMANDS}


def test_partner_endpoints_want_the_application_token() -> None:
    wanting = {one.name for one in ENDPOINTS if one.partner}

    assert wanting == {
        "specs",
        "pricing",
        "register_partner",
        "partner_public_key",
        "partner_telemetry_error_vins",
        "partner_telemetry_errors",
    }


def test_endpoints_that_do_not_answer_json_say_so() -> None:
    other = {one.name: one.content for one in ENDPOINTS if one.content != "json"}

    assert other == {
        "charging_invoice": Content.PDF,
        "image": Content.REDIRECT,
        "openapi": Content.YAML,
        "docs": Content.PAGE,
        "status": Content.TEXT,
    }


def test_energy_sites_are_read_with_one_scope_and_changed_with_another() -> None:
    scopes = {
        (one.method, *one.scopes)
        for one in ENDPOINTS
        if one.subject is Subject.ENERGY_SITE
    }

    assert scopes == {
        ("GET", Scope.ENERGY_DEVICE_DATA),
        ("POST", Scope.ENERGY_CMDS),
    }


@each
def test_endpoint_is_written_completely(endpoint: Endpoint) -> None:
    in_path = [param.name for param in endpoint.params_in(Where.PATH)]

    assert re.findall(r"{(\w+)}", endpoint.path) == in_path
    assert all(param.required for param in endpoint.params_in(Where.PATH))
    assert endpoint.source
    assert endpoint.summary.endswith(".")
    optional = {param.name for param in endpoint.params if not param.required}
    assert optional.issuperset(endpoint.one_of)
    assert endpoint.method in {"GET", "POST", "PATCH", "DELETE"}
    assert endpoint.method in {"POST", "PATCH"} or not endpoint.params_in(Where.BODY)
    assert len({param.name for param in endpoint.params}) == len(endpoint.params)


@each
def test_choices_of_parameters_have_the_parameters_type(endpoint: Endpoint) -> None:
    kinds = {Kind.STRING: str, Kind.INTEGER: int}

    for param in endpoint.params:
        assert all(type(choice) is kinds[param.kind] for choice in param.choices)
        assert param.minimum is None or param.kind in {
            Kind.NUMBER,
            Kind.INTEGER,
            Kind.ARRAY,
        }


@each
def test_match_finds_each_endpoint(endpoint: Endpoint) -> None:
    values = {
        param.name: "7SAYGDEF1NA000001" for param in endpoint.params_in(Where.PATH)
    }

    found = match(endpoint.method, endpoint.path.format_map(values))

    assert found is not None
    assert found.endpoint == endpoint
    assert found.path_params == values


@pytest.mark.parametrize(("address", "price"), prices().items(), ids=str)
def test_simulated_tesla_bills_what_the_table_says(
    address: tuple[str, str], price: str
) -> None:
    method, path = address
    concrete = path.removeprefix("/{region}").replace("{command}", "door_lock")

    found = match(method, re.sub(r"{\w+}", "5YJ3E1EA0LF000001", concrete))

    assert found is not None
    assert found.endpoint.price == price


def test_vehicle_data_groups_are_those_of_tesla() -> None:
    assert VEHICLE_DATA_GROUPS[0] == "charge_state"
    assert len(VEHICLE_DATA_GROUPS) == 11
