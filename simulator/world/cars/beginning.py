"""Put a car into the condition in which a world begins."""

from simulator.world.cars.physics import PLUG_IN_S, curve, resting_c
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
    leg = spec.routine.legs[0]
    active_s = origin_s if spec.is_awake else origin_s - _LONG_AGO_S
    downloads_s = origin_s if spec.downloads else origin_s - _LONG_AGO_S
    return CarState(
        name=spec.name,
        streaming_toggle=spec.streaming_toggle,
        anchor=Anchor(
            at_s=origin_s,
            energy_kwh=spec.level * spec.model.pack_kwh,
            added_kwh=_added_kwh(spec),
            inside_c=21.0 if leg.is_drive else resting_c(spec, leg, origin_s),
        ),
        wake=Wake(active_s=active_s, has_signal=spec.has_signal),
        charging=Charging(
            limit_percent=spec.limit_percent, amps=16 if spec.metric else 48
        ),
        software=Software(version=spec.next_firmware, download_s=downloads_s),
    )


def _added_kwh(spec: CarSpec) -> float:
    plug = spec.routine.legs[0].plug
    if plug is None or spec.lead_s <= PLUG_IN_S:
        return 0.0
    full_kw = curve(spec, plug, plug.max_amps).full_kw
    return full_kw * (spec.lead_s - PLUG_IN_S) / 3600.0
