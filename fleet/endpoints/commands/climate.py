"""List the commands on climate, seats and the steering wheel."""

from dataclasses import replace

from fleet.endpoints.commands.make import infotainment
from fleet.endpoints.params import flag, number, whole

_SEATS = (
    "0 front left, 1 front right, 2 rear left, 3 rear left back, 4 rear center, "
    "5 rear right, 6 rear right back, 7 third row left, 8 third row right"
)

ENDPOINTS = (
    infotainment("auto_conditioning_start", "Turn the climate on."),
    infotainment("auto_conditioning_stop", "Turn the climate off."),
    infotainment(
        "set_temps",
        "Set the temperatures of the two front seats.",
        number("driver_temp", 10, 35, note="degrees Celsius"),
        number("passenger_temp", 10, 35, note="degrees Celsius"),
    ),
    infotainment(
        "set_preconditioning_max",
        "Defrost as hard as the car can, or stop it.",
        flag("on"),
        flag("manual_override"),
    ),
    infotainment(
        "set_bioweapon_mode",
        "Turn Bioweapon Defense Mode on or off.",
        flag("on"),
        flag("manual_override"),
    ),
    infotainment(
        "set_climate_keeper_mode",
        "Keep the climate on after leaving.",
        whole("climate_keeper_mode", 0, 1, 2, 3, note="off, keep, dog, camp"),
        flag("manual_override", required=False),
    ),
    infotainment(
        "set_cabin_overheat_protection",
        "Keep a parked car from getting too hot.",
        flag("on"),
        flag("fan_only"),
    ),
    infotainment(
        "set_cop_temp",
        "Set from where on Cabin Overheat Protection works.",
        whole("cop_temp", 0, 1, 2, note="low, medium, high"),
    ),
    replace(
        infotainment(
            "remote_seat_heater_request",
            "Heat a seat.",
            whole("seat_position", *range(9), required=False, note=_SEATS),
            whole(
                "heater",
                *range(9),
                required=False,
                note="older name of seat_position; one of the two is needed",
            ),
            whole("level", 0, 1, 2, 3, note="off, low, medium, high"),
        ),
        one_of=("seat_position", "heater"),
    ),
    infotainment(
        "remote_seat_cooler_request",
        "Cool a front seat.",
        whole("seat_position", 1, 2, note="front left, front right"),
        whole("seat_cooler_level", 0, 1, 2, 3, note="off, low, medium, high"),
    ),
    infotainment(
        "remote_auto_seat_climate_request",
        "Let the car choose how warm a front seat is.",
        whole("auto_seat_position", 1, 2, note="front left, front right"),
        flag("auto_climate_on"),
    ),
    infotainment(
        "remote_steering_wheel_heater_request", "Heat the steering wheel.", flag("on")
    ),
    infotainment(
        "remote_steering_wheel_heat_level_request",
        "Set how warm the steering wheel is.",
        whole("level", 0, 1, 3, note="off, low, high"),
    ),
    infotainment(
        "remote_auto_steering_wheel_heat_climate_request",
        "Let the car choose how warm the steering wheel is.",
        flag("on"),
    ),
)
