"""Build `drive_state`, with or without the location."""

from typing import Any

from simulator.world.cars.moment import Moment


def drive_state(moment: Moment) -> dict[str, Any]:
    """Return the group without any position: speed mph or None, power kW."""
    here = moment.motion
    power_kw = here.power_kw if here.is_driving else -round(moment.wall_kw)
    state: dict[str, Any] = {
        "heading": here.heading,
        "power": power_kw,
        "shift_state": "D" if here.is_driving else None,
        "speed": here.speed_mph,
        "timestamp": moment.timestamp_ms,
    }
    if here.is_driving:
        state["active_route_miles_to_arrival"] = here.miles_left
        state["active_route_minutes_to_arrival"] = here.minutes_left
        state["active_route_traffic_minutes_delay"] = here.minutes_late
        used = here.miles_left * moment.spec.model.kwh_per_mile
        arrival = moment.level - used / moment.spec.model.pack_kwh
        state["active_route_energy_at_arrival"] = round(arrival * 100)
    return state


def location(moment: Moment) -> dict[str, Any]:
    """Return what `location_data` adds to `drive_state`; a route on the road or once asked for."""
    here = moment.motion
    position = {
        "gps_as_of": int(moment.at_s) - 1,
        "heading": here.heading,
        "latitude": here.latitude,
        "longitude": here.longitude,
        "native_latitude": here.latitude,
        "native_location_supported": 1,
        "native_longitude": here.longitude,
        "native_type": "wgs",
        "timestamp": moment.timestamp_ms,
    }
    if here.is_driving:
        position["active_route_destination"] = here.destination
        position["active_route_latitude"] = here.destination_latitude
        position["active_route_longitude"] = here.destination_longitude
    elif moment.state.route:
        for name, value in moment.state.route.items():
            position[f"active_route_{name}"] = value
    return position
