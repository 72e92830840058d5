"""List the commands that cars take signed, though Tesla has no address for them."""

from dataclasses import replace

from fleet.endpoints.commands.make import custom, once
from fleet.endpoints.model import Domain
from fleet.endpoints.params import (
    LATITUDE,
    LONGITUDE,
    PIN,
    flag,
    number,
    percent,
    text,
    whole,
)

_MOVES = ("none", "move", "stop", "open", "close")
_CLOSURES = (
    "frontDriverDoor",
    "frontPassengerDoor",
    "rearDriverDoor",
    "rearPassengerDoor",
    "rearTrunk",
    "frontTrunk",
    "chargePort",
    "tonneau",
)
_LEVELS = ("off", "low", "medium", "high")
_SEATS = (
    "frontLeft",
    "frontRight",
    "rearLeft",
    "rearRight",
    "rearLeftBack",
    "rearCenter",
    "rearRightBack",
    "thirdRowLeft",
    "thirdRowRight",
)
_ON = flag("on")
_ZONE = whole("level", 0, 1, 2, 3)
_LIMIT_MPH = number("limit_mph", 0, 120, note="miles per hour")

_MOVED = (
    replace(
        once(
            custom(
                "closure",
                "Move doors, trunks, the charge port or the bed's cover.",
                *(text(name, *_MOVES, required=False) for name in _CLOSURES),
                domain=Domain.VEHICLE_SECURITY,
            )
        ),
        one_of=_CLOSURES,
    ),
    custom(
        "auto_secure_vehicle",
        "Close what is open and lock the car.",
        domain=Domain.VEHICLE_SECURITY,
    ),
    custom(
        "remove_key",
        "Remove all keys that were given for a time.",
        domain=Domain.VEHICLE_SECURITY,
        note="lasting keys stay, Keyfob's own too",
    ),
    replace(
        custom(
            "seat_heater",
            "Heat several seats at once.",
            *(text(name, *_LEVELS, required=False) for name in _SEATS),
        ),
        one_of=_SEATS,
    ),
    custom("hvac_recirculation", "Recirculate the cabin's air, or stop it.", _ON),
    custom(
        "set_suspension_level",
        "Raise or lower the suspension.",
        whole("level", *range(1, 7)),
    ),
    custom("set_tent_mode", "Turn Tent Mode on or off.", _ON),
)

_CHARGED = (
    custom("charge_on_solar", "Read the settings of Charge on Solar.", method="GET"),
    replace(
        custom(
            "charge_on_solar",
            "Charge with the surplus of the sun.",
            flag("enabled", required=False),
            percent("lowerChargeLimit", required=False),
            percent("upperChargeLimit", required=False),
        ),
        one_of=("enabled", "lowerChargeLimit", "upperChargeLimit"),
    ),
    custom("get_rate_tariff", "Read the electricity tariff that the car knows."),
    custom("set_rate_tariff", "Have the car fetch its electricity tariff anew."),
    custom("cancel_soh_test", "End a running test of the battery's health."),
    custom(
        "set_outlets",
        "Power the sockets of cabin and bed.",
        whole("request", 0, 1, 2, note="off, cabin and bed, cabin"),
    ),
    custom(
        "set_outlet_soc_limit",
        "Set down to which charge the sockets are powered.",
        percent("percent"),
    ),
    custom(
        "set_power_feed",
        "Set what the bed's outlets feed.",
        whole("request", *range(4)),
    ),
    custom(
        "set_power_feed_soc_limit",
        "Set down to which charge the bed's outlets feed.",
        percent("percent"),
    ),
    custom("set_powershare_feature", "Allow Powershare, or forbid it.", _ON),
    custom("set_powershare_request", "Start Powershare, or stop it.", _ON),
    custom(
        "set_powershare_discharge_limit",
        "Set down to which charge Powershare feeds a home.",
        percent("percent"),
    ),
    custom(
        "set_keep_accessory_power_mode", "Keep the sockets powered after leaving.", _ON
    ),
    custom("set_low_power_mode", "Have the parked car use less power.", _ON),
)

_LIT = (
    custom("front_zone_light", "Set the light at the front.", _ZONE),
    custom("rear_zone_light", "Set the light at the rear.", _ZONE),
    custom(
        "set_lightbar_brightness",
        "Set how bright the light bar is.",
        percent("brightness"),
    ),
    custom("set_lightbar_middle", "Turn the middle of the light bar on or off.", _ON),
    custom("set_lightbar_ditch", "Turn the ditch lights on or off.", _ON),
    custom("set_trailer_light_test", "Test a trailer's lights, or stop it.", _ON),
    custom("set_truck_bed_light_auto", "Let the bed's light work by itself.", _ON),
    custom(
        "set_truck_bed_light_brightness",
        "Set how bright the bed's light is.",
        percent("brightness"),
    ),
    once(
        custom(
            "start_light_show",
            "Start a light show.",
            whole("show_index", minimum=0),
            number("start_time", 0, required=False, note="milliseconds since 1970"),
            number("volume", 0, 11, required=False),
            flag("dance_moves", required=False),
        )
    ),
    custom("stop_light_show", "Stop the light show."),
)

_COMPUTER = (
    once(custom("ping", "Ask whether the car's computer answers.")),
    once(custom("dashcam_save", "Keep the dashcam's last minutes.")),
    once(
        custom(
            "play_video",
            "Play a video from an address.",
            text("url", pattern=r"https?://[!-~]+", longest=2048),
        )
    ),
    custom(
        "get_nearby_charging_sites",
        "List the chargers near the car, as the car knows them.",
        whole("count", minimum=1, required=False),
        whole("radius", minimum=1, required=False, note="miles"),
        flag("detail", required=False),
    ),
    once(
        custom(
            "navigation_gps_destination",
            "Navigate to a named point.",
            LATITUDE,
            LONGITUDE,
            text("destination", longest=200),
            whole("order", 1, 2, 3, note="replace the trip, put before it, append"),
        )
    ),
    custom("set_distance_unit", "Show miles or kilometers.", whole("unit", 0, 1)),
    custom("set_temperature_unit", "Show Fahrenheit or Celsius.", whole("unit", 0, 1)),
    custom("set_tire_pressure_unit", "Show psi or bar.", whole("unit", 0, 1)),
    custom("set_time_display_format", "Show 12 or 24 hours.", whole("format", 0, 1)),
    custom(
        "set_energy_display_format",
        "Show the charge in percent or as a distance.",
        whole("format", 0, 1),
    ),
)

_GUARDED = (
    custom("clear_pin_to_drive", "Turn PIN to Drive off.", PIN),
    custom(
        "parental_controls",
        "Turn parental controls on or off.",
        flag("activate"),
        PIN,
    ),
    custom("parental_controls_clear_pin", "Forget the parental controls' PIN.", PIN),
    custom(
        "parental_controls_clear_pin_admin",
        "Turn parental controls off as the owner, without their PIN.",
    ),
    custom(
        "parental_controls_enable_setting",
        "Turn one of the parental controls on or off.",
        whole("setting", *range(1, 5)),
        flag("enable"),
    ),
    custom(
        "parental_controls_set_speed_limit",
        "Set the speed limit of parental controls.",
        _LIMIT_MPH,
    ),
)

ENDPOINTS = (*_MOVED, *_CHARGED, *_LIT, *_COMPUTER, *_GUARDED)
