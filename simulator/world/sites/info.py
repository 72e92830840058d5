"""Build `site_info` and the site's entry in `products`."""

from typing import Any

from simulator.world.sites.identity import Identity, Part
from simulator.world.sites.rules import Rules

_UNMEASURED_W = 1_000_000_000
_FIRMWARE = "26.34.1 9c3d2af1"
_TOU_SCHEDULE = (
    ("off_peak", 0, 15 * 3600),
    ("partial_peak", 15 * 3600, 16 * 3600),
    ("peak", 16 * 3600, 21 * 3600),
    ("partial_peak", 21 * 3600, 0),
)


def product(identity: Identity, rules: Rules, charge_wh: float) -> dict[str, Any]:
    """Return the entry; battery values in Wh and %, only where there is one."""
    spec = identity.spec
    entry: dict[str, Any] = {"energy_site_id": identity.site_id}
    if not spec.resource_type:
        return {**entry, "components": _product_components(identity)}
    entry |= {
        "device_type": "energy",
        "resource_type": spec.resource_type,
        "site_name": spec.name,
        "id": identity.record_id if spec.packs else identity.uuid,
        "gateway_id": identity.gateway.din if spec.packs else None,
        "asset_site_id": identity.uuid,
        "warp_site_number": identity.record_id,
    }
    if spec.packs:
        entry |= _charge(identity, charge_wh)
    if spec.solar_w and not spec.packs:
        entry["solar_type"] = "pv_panel"
    entry |= _user_settings(identity, rules)
    entry["components"] = _product_components(identity)
    entry["features"] = {"rate_plan_manager_no_pricing_constraint": True}
    return entry


def _charge(identity: Identity, charge_wh: float) -> dict[str, Any]:
    energy_wh = identity.spec.energy_wh
    return {
        "energy_left": charge_wh,
        "total_pack_energy": energy_wh,
        "percentage_charged": 100.0 * charge_wh / energy_wh,
        "battery_type": "ac_powerwall",
        "backup_capable": True,
    }


def _product_components(identity: Identity) -> dict[str, Any]:
    spec = identity.spec
    found: dict[str, Any] = {"battery": spec.packs > 0}
    if spec.packs:
        found["battery_type"] = "ac_powerwall"
    found["solar"] = spec.solar_w > 0
    if spec.solar_w:
        found["solar_type"] = "pv_panel"
    found["grid"] = bool(spec.house_w)
    found["load_meter"] = bool(spec.house_w)
    found["market_type"] = "residential"
    if spec.connectors:
        found["wall_connectors"] = [
            {"device_id": one.device_id, "din": one.din, "is_active": True}
            for one in identity.connectors
        ]
    return found


def site_info(identity: Identity, rules: Rules) -> dict[str, Any]:
    """Return settings and parts; keys that do not apply to the site are absent."""
    spec = identity.spec
    info: dict[str, Any] = {
        "id": identity.record_id if spec.packs else identity.uuid,
        "site_name": spec.name,
        "site_number": identity.record_id,
        "installation_date": spec.installation_date,
        "user_settings": _user_settings(identity, rules),
        "components": _components(identity, rules),
        "installation_time_zone": spec.time_zone,
        "max_site_meter_power_ac": _UNMEASURED_W,
        "min_site_meter_power_ac": -_UNMEASURED_W,
        "geolocation": {"latitude": spec.latitude, "longitude": spec.longitude},
        "address": _address(identity),
    }
    if spec.packs:
        info |= _battery_settings(identity, rules)
    return info


def _battery_settings(identity: Identity, rules: Rules) -> dict[str, Any]:
    spec = identity.spec
    reserve = rules.off_grid_vehicle_charging_reserve_percent
    settings: dict[str, Any] = {
        "backup_reserve_percent": rules.backup_reserve_percent,
        "default_real_mode": rules.mode,
        "off_grid_vehicle_charging_reserve_percent": reserve,
        "version": _FIRMWARE,
        "battery_count": spec.packs,
        "nameplate_power": spec.power_w,
        "nameplate_energy": spec.energy_wh,
        "tou_settings": _tou_settings(rules),
        "vpp_backup_reserve_percent": 20,
    }
    if rules.tariff and "tariff_content_v2" in rules.tariff:
        settings["tariff_content_v2"] = rules.tariff["tariff_content_v2"]
    return settings


def _tou_settings(rules: Rules) -> dict[str, Any]:
    stored = {} if rules.tariff is None else rules.tariff
    schedule = [
        {
            "target": target,
            "week_days": [1, 0],
            "start_seconds": start_s,
            "end_seconds": end_s,
        }
        for target, start_s, end_s in _TOU_SCHEDULE
    ]
    return {
        "optimization_strategy": stored.get("optimization_strategy", "economics"),
        "schedule": stored.get("schedule", schedule),
    }


def _user_settings(identity: Identity, rules: Rules) -> dict[str, Any]:
    has_battery = identity.spec.packs > 0
    return {
        "go_off_grid_test_banner_enabled": False if has_battery else None,
        "storm_mode_enabled": rules.storm_mode_enabled if has_battery else None,
        "powerwall_onboarding_settings_set": True if has_battery else None,
        "powerwall_tesla_electric_interested_in": False if has_battery else None,
        "vpp_tour_enabled": True if has_battery else None,
        "sync_grid_alert_enabled": has_battery,
        "breaker_alert_enabled": False,
    }


def _address(identity: Identity) -> dict[str, Any]:
    names = ("address_line1", "city", "state", "zip", "country")
    return dict(zip(names, identity.spec.address, strict=True))


def _components(identity: Identity, rules: Rules) -> dict[str, Any]:
    spec = identity.spec
    found = {**_product_components(identity), **_capabilities(identity)}
    if spec.packs:
        found |= {
            "gateway": "teg",
            "gateways": [_gateway(identity)],
            "batteries": [_battery(identity, one) for one in identity.batteries],
            "net_meter_mode": "battery_ok",
        }
    if spec.packs and spec.solar_w:
        found["customer_preferred_export_rule"] = rules.export_rule
        if rules.disallow_charge_from_grid:
            # The real answer leaves the key out where charging is allowed.
            found["disallow_charge_from_grid_with_solar_installed"] = True
    for one in found.get("wall_connectors", []):
        one["part_name"] = "Gen 3 Wall Connector"
    return found


def _capabilities(identity: Identity) -> dict[str, Any]:
    has_battery, has_solar = identity.spec.packs > 0, identity.spec.solar_w > 0
    return {
        "backup": has_battery,
        "backup_time_remaining_enabled": has_battery,
        "battery_solar_offset_view_enabled": has_battery and has_solar,
        "car_charging_data_supported": identity.spec.connectors > 0,
        "configurable": has_battery,
        "energy_service_self_scheduling_enabled": True,
        "energy_value_header": "Energy Value",
        "energy_value_subheader": "Estimated Value",
        "flex_energy_request_capable": False,
        "grid_services_enabled": False,
        "off_grid_vehicle_charging_reserve_supported": has_battery,
        "rate_plan_manager_supported": True,
        "set_islanding_mode_enabled": has_battery,
        "show_grid_import_battery_source_cards": has_battery,
        "solar_value_enabled": has_solar,
        "storm_mode_capable": has_battery,
        "system_alerts_enabled": True,
        "tou_capable": has_battery,
        "vehicle_charging_performance_view_enabled": identity.spec.connectors > 0,
        "vehicle_charging_solar_offset_view_enabled": False,
        "wifi_commissioning_enabled": True,
    }


def _gateway(identity: Identity) -> dict[str, Any]:
    return {
        **_device(identity.gateway),
        "part_type": 10,
        "part_name": "Tesla Backup Gateway 2",
        "is_active": True,
        "site_id": identity.uuid,
        "firmware_version": _FIRMWARE,
        "updated_datetime": identity.spec.installation_date,
    }


def _battery(identity: Identity, part: Part) -> dict[str, Any]:
    return {
        **_device(part),
        "part_type": 2,
        "part_name": "Powerwall 2",
        "nameplate_max_charge_power": identity.spec.pack_power_w,
        "nameplate_max_discharge_power": identity.spec.pack_power_w,
        "nameplate_energy": identity.spec.pack_energy_wh,
    }


def _device(part: Part) -> dict[str, Any]:
    return {
        "device_id": part.device_id,
        "din": part.din,
        "serial_number": part.serial_number,
        "part_number": part.part_number,
    }
