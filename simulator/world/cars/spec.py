"""Describe what is fixed about a car."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.world.cars.routine import Place, Routine


@dataclass(frozen=True, slots=True)
class Model:
    """Hold what cars of one model share; energies kWh, distances miles."""

    car_type: str
    pack_kwh: float
    rated_miles: float
    mass_kg: float
    tire_bar: float
    configuration: Mapping[str, Any]
    option_codes: tuple[tuple[str, str], ...]

    @property
    def kwh_per_mile(self) -> float:
        """Return the consumption behind the rated range."""
        return self.pack_kwh / self.rated_miles


@dataclass(frozen=True, slots=True)
class Driver:
    """Name a person who may use the car without owning it."""

    email: str
    hide_private: bool = False


@dataclass(frozen=True, slots=True)
class CarSpec:
    """Hold one car of the cast; `level` is a share of the pack, 0 to 1.

    The routine began `lead_s` before the world, and its first leg is under way.
    """

    name: str
    vin_head: str
    vin_tail: str
    owner: str
    model: Model
    routine: Routine
    home: Place
    firmware: str
    odometer_mi: float
    level: float
    lead_s: float = 0.0
    limit_percent: int = 80
    drivers: tuple[Driver, ...] = ()
    protocol_required: bool = True
    command_signing: str = "required"
    reads_keep_awake: bool = False
    streaming_toggle: bool | None = None
    telemetry_version: str | None = "1.2.0"
    has_signal: bool = True
    is_awake: bool = True
    is_paired: bool = False
    phone_keys: int = 2
    metric: bool = False
    utc_offset_s: int = 0
    next_firmware: str = ""
    downloads: bool = False
    configuration: Mapping[str, Any] = field(default_factory=dict)

    def has(self, part: str) -> bool:
        """Tell whether the car was built with a part, by its key in `vehicle_config`."""
        built = {**self.model.configuration, **self.configuration}
        return built.get(part, "None") not in {None, 0, "None"}
