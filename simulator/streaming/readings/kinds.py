"""Say what a reading is, and read the plain ones out of the groups of `vehicle_data`."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from simulator.world.cars.groups.body import vehicle_state
from simulator.world.cars.groups.charge import charge_state
from simulator.world.cars.groups.climate import climate_state
from simulator.world.cars.groups.drive import drive_state, location
from simulator.world.cars.groups.settings import gui_settings, vehicle_config
from simulator.world.cars.moment import Moment

Reading = tuple[str, Any]
"""The kind of a value, as the protocol's `Value` names it, and the value.

Locations are pairs of degrees, times hours, minutes and seconds; doors and tires are
mappings of flags; enums are numbers.
"""

INVALID: Reading = ("invalid", True)
"""What cannot be measured now."""


class Source:
    """Hold one moment of a car; each group of data is built when first read."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment

    @cached_property
    def charge(self) -> dict[str, Any]:
        """Return `charge_state`."""
        return charge_state(self.moment)

    @cached_property
    def climate(self) -> dict[str, Any]:
        """Return `climate_state`."""
        return climate_state(self.moment)

    @cached_property
    def drive(self) -> dict[str, Any]:
        """Return `drive_state` with the location."""
        return {**drive_state(self.moment), **location(self.moment)}

    @cached_property
    def body(self) -> dict[str, Any]:
        """Return `vehicle_state`."""
        return vehicle_state(self.moment)

    @cached_property
    def screen(self) -> dict[str, Any]:
        """Return `gui_settings`."""
        moment = self.moment
        return gui_settings(moment.spec, moment.state.units, moment.timestamp_ms)

    @cached_property
    def built(self) -> dict[str, Any]:
        """Return `vehicle_config`."""
        return vehicle_config(self.moment.spec, self.moment.timestamp_ms)

    @property
    def media(self) -> dict[str, Any]:
        """Return `media_info`."""
        found: dict[str, Any] = self.body["media_info"]
        return found


Reader = Callable[[Source], Reading | None]
"""Return a field's reading, or None for a field that this car does not have."""


def number(group: str, key: str) -> Reader:
    """Return a reader of a value as a float."""
    return _plain("double_value", float, group, key)


def whole(group: str, key: str) -> Reader:
    """Return a reader of a value as a whole number."""
    return _plain("int_value", round, group, key)


def flag(group: str, key: str) -> Reader:
    """Return a reader of a value as true or false."""
    return _plain("boolean_value", bool, group, key)


def text(group: str, key: str) -> Reader:
    """Return a reader of a value as text."""
    return _plain("string_value", str, group, key)


def choice(kind: str, group: str, key: str, numbers: Mapping[Any, int]) -> Reader:
    """Return a reader of a value as an enum; values beyond `numbers` are unknown: 0."""
    return _plain(kind, lambda value: numbers.get(value, 0), group, key, nullable=True)


def _plain(
    kind: str,
    shape: Callable[[Any], Any],
    group: str,
    key: str,
    *,
    nullable: bool = False,
) -> Reader:
    def read(source: Source) -> Reading | None:
        values: dict[str, Any] = getattr(source, group)
        if key not in values:
            return None
        value = values[key]
        return INVALID if value is None and not nullable else (kind, shape(value))

    return read
