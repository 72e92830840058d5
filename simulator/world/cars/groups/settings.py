"""Build `gui_settings` and `vehicle_config`."""

from collections.abc import Mapping
from typing import Any

from simulator.world.cars.spec import CarSpec

_COMMON: dict[str, Any] = {
    "badge_version": 1,
    "can_accept_navigation_requests": True,
    "can_actuate_trunks": True,
    "car_special_type": "base",
    "cop_user_set_temp_supported": True,
    "dashcam_clip_save_supported": True,
    "default_charge_to_max": False,
    "driver_assist": "TeslaAP3",
    "exterior_trim": "Black",
    "exterior_trim_override": "",
    "has_air_suspension": False,
    "has_ludicrous_mode": False,
    "has_seat_cooling": False,
    "headlamp_type": "Global",
    "interior_trim_type": "Black",
    "key_version": 2,
    "motorized_charge_port": True,
    "performance_package": "Base",
    "plg": True,
    "pws": True,
    "rear_seat_heaters": 1,
    "rear_seat_type": 0,
    "rhd": False,
    "roof_color": "RoofColorGlass",
    "seat_type": None,
    "spoiler_type": "None",
    "sun_roof_installed": None,
    "supports_qr_pairing": False,
    "third_row_seats": "None",
    "use_range_badging": True,
    "webcam_selfie_supported": True,
    "webcam_supported": True,
}


def gui_settings(
    spec: CarSpec, chosen: Mapping[str, Any], timestamp_ms: int
) -> dict[str, Any]:
    """Return the units that the car's screen shows; `chosen` go before its own."""
    return {
        "gui_24_hour_time": spec.metric,
        "gui_charge_rate_units": "kW" if spec.metric else "mi/hr",
        "gui_distance_units": "km/hr" if spec.metric else "mi/hr",
        "gui_range_display": "Rated",
        "gui_temperature_units": "C" if spec.metric else "F",
        "gui_tirepressure_units": "Bar" if spec.metric else "Psi",
        "show_range_units": False,
        "timestamp": timestamp_ms,
        **chosen,
    }


def vehicle_config(spec: CarSpec, timestamp_ms: int) -> dict[str, Any]:
    """Return what the car was built with: common parts, model, then the car's own."""
    place = {
        "aux_park_lamps": "Eu" if spec.metric else "NaPremium",
        "car_type": spec.model.car_type,
        "ece_restrictions": spec.metric,
        "eu_vehicle": spec.metric,
        "charge_port_type": "CCS" if spec.metric else "US",
        "timestamp": timestamp_ms,
        "utc_offset": spec.utc_offset_s,
    }
    return {**_COMMON, **place, **spec.model.configuration, **spec.configuration}
