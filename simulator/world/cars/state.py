"""Hold what can change about a car, in values that JSON can carry.

Moments are seconds since 1970, and 0 where something never happened.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(slots=True)
class Anchor:
    """Remember the physics of one moment, from which later ones are worked out."""

    at_s: float = 0.0
    energy_kwh: float = 0.0
    added_kwh: float = 0.0
    inside_c: float = 20.0


@dataclass(slots=True)
class Wake:
    """Remember when the car was last in use and when a wake-up is done.

    `woken_s` is the end of the last wake-up, `online_s` until when the car slept.
    """

    active_s: float = 0.0
    online_s: float = 0.0
    woken_s: float = 0.0
    wakes: int = 0
    has_signal: bool = True


@dataclass(slots=True)
class Charging:
    """Hold what people ask of charging; `amps` is bounded by the plug.

    Not `enabled` holds until the next plugging-in after `stopped_s`, or for ever when
    that is 0. Without `has_power` the plugs are dead.
    """

    limit_percent: int = 80
    amps: int = 48
    enabled: bool = True
    has_power: bool = True
    stopped_s: float = 0.0
    port_open: bool = False
    scheduled_mode: str = "Off"
    scheduled_start_minutes: int = 120
    departure_minutes: int = 450
    preconditioning: bool = False
    off_peak: bool = False
    off_peak_end_minutes: int = 360
    off_peak_times: str = "all_week"
    preconditioning_times: str = "all_week"
    charge_schedules: list[dict[str, Any]] = field(default_factory=list)
    precondition_schedules: list[dict[str, Any]] = field(default_factory=list)

    def is_enabled(self, began_s: float) -> bool:
        """Tell whether a stay at a plug that began then may charge."""
        is_wanted = self.enabled or 0 < self.stopped_s < began_s
        return self.has_power and is_wanted


@dataclass(slots=True)
class Climate:
    """Hold the cabin's settings; seat heaters 0 to 3, temperatures °C."""

    is_on: bool = False
    driver_c: float = 21.0
    passenger_c: float = 21.0
    keeper_mode: str = "off"
    overheat_protection: str = "On"
    overheat_level: str = "High"
    defrost_mode: int = 0
    bioweapon: bool = False
    seats: dict[str, int] = field(default_factory=dict)
    coolers: dict[str, int] = field(default_factory=dict)
    auto_seat_left: bool = True
    auto_seat_right: bool = True
    wheel_heat: int = 0
    auto_wheel_heat: bool = False


@dataclass(slots=True)
class Body:
    """Hold doors, windows and modes; the dictionaries name what is open."""

    locked: bool = True
    doors: dict[str, int] = field(default_factory=dict)
    windows: dict[str, int] = field(default_factory=dict)
    sun_roof_percent: int = 0
    user_present: bool = False
    sentry_mode: bool = False
    valet_mode: bool = False
    guest_mode: bool = False
    remote_start_until_s: float = 0.0
    pin_to_drive: bool = False
    speed_limit_active: bool = False
    speed_limit_mph: float = 85.0
    service_mode: bool = False


@dataclass(slots=True)
class Media:
    """Hold the player; volumes run from 0 to 10⅓."""

    status: str = "Stopped"
    volume: float = 2.6667
    track: int = 0
    started_s: float = 0.0


@dataclass(slots=True)
class Software:
    """Hold the next firmware; its phase follows from the moments."""

    version: str = ""
    download_s: float = 0.0
    install_s: float = 0.0


@dataclass(slots=True)
class Streaming:
    """Hold what stands between the car and a telemetry server.

    `no_slot`: other applications took the last one. `unsupported` names what is too
    old: "hardware", "firmware" or nothing. With `line_cut` only the way to telemetry
    servers is broken; with `bad_certificate` the car trusts no server's certificate.
    """

    no_slot: bool = False
    unsupported: str = ""
    line_cut: bool = False
    bad_certificate: bool = False


@dataclass(slots=True)
class CarState:
    """Hold everything about a car that time or people change.

    `firmware` stands for the built one when it is set; `more_keys` are phones and
    cards beside the built ones. `pins` holds four digits by what they guard, `units`
    what the screen was told to show, `extras` what no group of data shows. `skipped_s`
    of the routine were left out, so that a drive began early.
    """

    name: str = ""
    mobile_access: bool = True
    in_service: bool = False
    streaming_toggle: bool | None = None
    firmware: str = ""
    more_keys: int = 0
    pins: dict[str, str] = field(default_factory=dict, repr=False)
    units: dict[str, Any] = field(default_factory=dict)
    route: dict[str, Any] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
    anchor: Anchor = field(default_factory=Anchor)
    wake: Wake = field(default_factory=Wake)
    charging: Charging = field(default_factory=Charging)
    climate: Climate = field(default_factory=Climate)
    body: Body = field(default_factory=Body)
    media: Media = field(default_factory=Media)
    software: Software = field(default_factory=Software)
    streaming: Streaming = field(default_factory=Streaming)
    skipped_s: float = 0.0
    invitations: list[dict[str, Any]] = field(default_factory=list)
    drivers_gone: list[str] = field(default_factory=list)
    unlisted_for: list[str] = field(default_factory=list)
    hidden_from: list[str] = field(default_factory=list)

    def dump(self) -> dict[str, Any]:
        """Return the state as plain dictionaries."""
        return dataclasses.asdict(self)

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> Self:
        """Return the state that `dump` described; what is not known any more is left."""
        state = cls()
        for name, value in saved.items():
            part = getattr(state, name, None)
            if dataclasses.is_dataclass(part):
                known = {one.name for one in dataclasses.fields(part)}
                for inner in known & value.keys():
                    setattr(part, inner, value[inner])
            elif hasattr(state, name):
                setattr(state, name, value)
        return state
