"""Simulate one car."""

from typing import Any

from simulator.world.cars.keys import KeySlot
from simulator.world.persons import Person


class VehicleUnavailable(Exception):
    """Say that the car cannot be reached now: asleep or offline (408)."""


class KeychainFull(Exception):
    """Say that the car already holds as many keys as it can."""


class Car:
    """Answer for one car at the clock's present moment."""

    vin: str
    id: int
    vehicle_id: int
    name: str
    firmware: str
    protocol_required: bool
    command_signing: str  # "required", "allowed" or "off"
    in_service: bool
    paired_keys: dict[str, KeySlot]

    @property
    def state(self) -> str:
        """Return what the car really is: "online", "asleep" or "offline"."""
        raise NotImplementedError

    @property
    def reported_state(self) -> str:
        """Return what Tesla's servers believe, a few seconds behind `state`."""
        raise NotImplementedError

    def record(self, person: Person) -> dict[str, Any]:
        """Return the vehicle record as `person` sees it; never wakes."""
        raise NotImplementedError

    def product(self, person: Person) -> dict[str, Any]:
        """Return the car's entry in `products` as `person` sees it."""
        raise NotImplementedError

    def vehicle_data(
        self, person: Person, groups: set[str], *, with_location: bool
    ) -> dict[str, Any]:
        """Return the record with the asked groups; raises VehicleUnavailable."""
        raise NotImplementedError

    def wake_up(self) -> None:
        """Start the wake-up delay; an offline car stays offline."""
        raise NotImplementedError

    def touch(self) -> None:
        """Note a read that reached the car; keeps a pre-2021 car awake."""
        raise NotImplementedError

    def is_paired(self, key_hex: str) -> bool:
        """Tell whether Tesla already reports that key as on the car."""
        raise NotImplementedError

    def pair(self, key_hex: str, domain: str) -> KeySlot:
        """Add a key, reported after the pairing lag; raises KeychainFull."""
        raise NotImplementedError

    def unpair(self, key_hex: str) -> None:
        """Remove a key at once; an unknown key is no error."""
        raise NotImplementedError

    def fleet_status(self, domain_key_hex: str) -> dict[str, Any]:
        """Return the car's entry in `vehicle_info` of `fleet_status`."""
        raise NotImplementedError

    def mobile_enabled(self) -> dict[str, Any]:
        """Return whether the owner allows mobile access."""
        raise NotImplementedError

    def nearby_charging_sites(
        self, count: int = 10, radius: int = 100
    ) -> dict[str, Any]:
        """Return chargers near the car; `radius` in miles."""
        raise NotImplementedError

    def recent_alerts(self) -> dict[str, Any]:
        """Return the newest alerts, newest first."""
        raise NotImplementedError

    def release_notes(self) -> dict[str, Any]:
        """Return the notes of the firmware, nested once as Tesla does."""
        raise NotImplementedError

    def service_data(self) -> dict[str, Any]:
        """Return the state of a service visit, empty when none."""
        raise NotImplementedError

    def drivers(self) -> list[dict[str, Any]]:
        """Return the drivers to whom the owner lent the car."""
        raise NotImplementedError

    def invitations(self) -> list[dict[str, Any]]:
        """Return the open invitations to drive the car."""
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        """Return the car's option codes."""
        raise NotImplementedError

    def warranty(self) -> dict[str, Any]:
        """Return the car's warranties: active, upcoming and expired."""
        raise NotImplementedError
