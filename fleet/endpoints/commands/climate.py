"""List the commands on climate, seats and the steering wheel."""

from fleet.endpoints.commands.make import infotainment
from fleet.endpoints.params import flag, number, whole

ENDPOINTS = (
    infotainment("auto_conditioning_start"),
    infotainment("auto_conditioning_stop"),
    infotainment(
        "set_temps",
        number("driver_temp", note="degrees Celsius"),
        number("passenger_temp", note="degrees Celsius"),
    ),
    infotainment("set_preconditioning_max", flag("on"), flag("manual_override")),
    infotainment("set_bioweapon_mode", flag("on"), flag("manual_override")),
    infotainment(
        "set_climate_keeper_mode",
        whole("climate_keeper_mode", 0, 1, 2, 3, note="off, keep, dog, camp"),
        flag("manual_override", required=False),
    ),
    infotainment("set_cabin_overheat_protection", flag("on"), flag("fan_only")),
    infotainment("set_cop_temp", whole("cop_temp", 0, 1, 2, note="low, medium, high")),
    infotainment(
        "remote_seat_heater_request",
        whole(
            "seat_position",
            *range(9),
            required=False,
            note="0 front left, 1 front right, 2 rear left, 3 rear left back, "
            "4 rear center, 5 rear right, 6 rear right back, "
            "7 third row left, 8 third row right",
        ),
        whole(
            "heater",
            *range(9),
            required=False,
            note="older name of seat_position; one of the two is needed",
        ),
        whole("level", 0, 1, 2, 3),
    ),
    infotainment(
        "remote_seat_cooler_request",
        whole("seat_position", 1, 2, note="front left, front right"),
        whole("seat_cooler_level", 0, 1, 2, 3, note="one less than in the protocol"),
    ),
    infotainment(
        "remote_auto_seat_climate_request",
        whole("auto_seat_position", 1, 2, note="front left, front right"),
        flag("auto_climate_on"),
    ),
    infotainment("remote_steering_wheel_heater_request", flag("on")),
    infotainment("remote_steering_wheel_heat_level_request", whole("level", 0, 1, 3)),
    infotainment("remote_auto_steering_wheel_heat_climate_request", flag("on")),
)
