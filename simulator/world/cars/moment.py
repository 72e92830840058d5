"""Gather what is true of a car at one moment, for the payloads to read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.world.cars import physics
from simulator.world.cars.battery import Curve
from simulator.world.cars.motion import Motion
from simulator.world.cars.routine import Leg
from simulator.world.cars.spec import CarSpec
from simulator.world.cars.state import Anchor, CarState


@dataclass(frozen=True, slots=True)
class Moment:
    """Hold one moment; energies kWh, powers kW, distances miles."""

    vin: str
    spec: CarSpec
    state: CarState
    at_s: float
    anchor: Anchor
    leg: Leg
    elapsed_s: float
    motion: Motion
    odometer_mi: float
    firmware: str

    @property
    def timestamp_ms(self) -> int:
        """Return the moment as the groups stamp it."""
        return int(self.at_s * 1000)

    @property
    def local(self) -> datetime:
        """Return the moment on the car's own clock, as a naive wall time."""
        shift = timedelta(seconds=self.spec.utc_offset_s)
        return (datetime.fromtimestamp(self.at_s, UTC) + shift).replace(tzinfo=None)

    @property
    def level(self) -> float:
        """Return the charge as a share of the pack."""
        return self.anchor.energy_kwh / self.spec.model.pack_kwh

    @property
    def limit_kwh(self) -> float:
        """Return the charge at which charging ends."""
        return physics.limit_kwh(self.spec, self.state)

    @property
    def may_charge(self) -> bool:
        """Tell whether nobody stopped the charging of this stay."""
        return self.state.charging.is_enabled(self.at_s - self.elapsed_s)

    @property
    def charging_state(self) -> str:
        """Return Disconnected, Starting, Charging, Stopped or Complete."""
        if not self.leg.plug:
            return "Disconnected"
        if self.anchor.energy_kwh >= self.limit_kwh - 1e-6:
            return "Complete"
        if not self.may_charge:
            return "Stopped"
        return "Starting" if self.elapsed_s < physics.PLUG_IN_S else "Charging"

    @property
    def is_charging(self) -> bool:
        """Tell whether current flows."""
        return self.charging_state == "Charging"

    @property
    def curve(self) -> Curve | None:
        """Return how the car charges here, or None when it is not plugged in."""
        if not self.leg.plug:
            return None
        return physics.curve(self.spec, self.leg.plug, self.state.charging.amps)

    @property
    def pack_kw(self) -> float:
        """Return the power flowing into the pack, 0 when not charging."""
        how = self.curve
        return how.power_kw(self.anchor.energy_kwh) if how and self.is_charging else 0.0

    @property
    def wall_kw(self) -> float:
        """Return the power drawn from the charger."""
        return physics.wall_kw(self.leg.plug, self.pack_kw) if self.leg.plug else 0.0

    @property
    def minutes_to_full(self) -> int:
        """Return the minutes until the limit is reached, 0 when not charging."""
        how = self.curve
        if not how or not self.is_charging:
            return 0
        return round(60 * how.hours_to(self.anchor.energy_kwh, self.limit_kwh))

    @property
    def is_climate_on(self) -> bool:
        """Tell whether the cabin is heated or cooled."""
        return self.motion.is_driving or self.state.climate.is_on
