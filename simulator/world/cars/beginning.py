"""Put a car into the condition in which a world begins."""

from simulator.world.cars.physics import resting_c
from simulator.world.cars.spec import CarSpec
from simulator.world.cars.state import (
    Anchor,
    CarState,
    Charging,
    Software,
    Wake,
)

_LONG_AGO_S = 86_400.0


def begin(spec: CarSpec, origin_s: float) -> CarState:
    """Return the condition at the world's first moment."""
    active_s = origin_s if spec.is_awake else origin_s - _LONG_AGO_S
    downloads_s = origin_s if spec.downloads else origin_s - _LONG_AGO_S
    return CarState(
        name=spec.name,
        streaming_toggle=spec.streaming_toggle,
        anchor=Anchor(
            at_s=origin_s,
            energy_kwh=spec.level * spec.model.pack_kwh,
            inside_c=resting_c(spec, spec.routine.legs[0], origin_s),
        ),
        wake=Wake(active_s=active_s, has_signal=spec.has_signal),
        charging=Charging(
            limit_percent=spec.limit_percent, amps=16 if spec.metric else 48
        ),
        software=Software(version=spec.next_firmware, download_s=downloads_s),
    )
