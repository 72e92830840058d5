"""Simulate one car."""

from datetime import timedelta
from typing import Any

from simulator.world.cars import chargers, papers, physics
from simulator.world.cars.access import Access
from simulator.world.cars.beginning import begin
from simulator.world.cars.groups.software import is_installed
from simulator.world.cars.keys import MAX_KEYS, KeychainFull, KeySlot
from simulator.world.cars.moment import Moment
from simulator.world.cars.motion import motion
from simulator.world.cars.payload import vehicle_data_groups
from simulator.world.cars.record import ids, product, record
from simulator.world.cars.sharing import SharedCar
from simulator.world.cars.sleep import state_at
from simulator.world.cars.spec import CarSpec
from simulator.world.cars.state import CarState
from simulator.world.draws import draw_between, draw_int
from simulator.world.persons import Person
from simulator.world.stage import Stage
from simulator.world.vins import make_vin

_SETTLE_S = 6 * 3600.0
_LOOK_BACK_S = 3600.0
_WAKE_S = (10.0, 60.0)
_PATIENCE_S = (600.0, 900.0)


class VehicleUnavailable(Exception):
    """Say that the car cannot be reached now: asleep or offline (408)."""


class Car(SharedCar):
    """Answer for one car at the clock's present moment.

    Whoever changes `condition` (what people set) first calls `settle`, so that the
    time until then keeps its own physics, and `stir`, since use keeps a car awake.
    """

    def __init__(self, spec: CarSpec, stage: Stage, accesses: list[Access]) -> None:
        serial = draw_int(100_000, 899_999, stage.seed, spec.name, "serial")
        vin = make_vin(spec.vin_head, spec.vin_tail, serial)
        super().__init__(vin, stage, begin(spec, stage.origin_s), accesses)
        self.spec = spec
        self.id, self.vehicle_id = ids(stage.seed, self.vin)
        self.paired_keys: dict[str, KeySlot] = {}

    @property
    def origin_s(self) -> float:
        """Return when the car's routine starts, in seconds since 1970."""
        return self._stage.origin_s - self.spec.lead_s - self.condition.skipped_s

    @property
    def now_s(self) -> float:
        """Return the present moment, in seconds since 1970."""
        return self._stage.now_s()

    @property
    def seed(self) -> int:
        """Return the seed of the world that the car is in."""
        return self._stage.seed

    @property
    def is_settling(self) -> bool:
        """Tell whether the car has just woken up and is still busy with it."""
        until_s = self.condition.wake.woken_s + self._stage.tempo.busy_after_wake_s
        return self.state == "online" and self.now_s < until_s

    @property
    def name(self) -> str:
        """Return the name that the owner gave the car."""
        return self.condition.name

    @property
    def firmware(self) -> str:
        """Return the firmware that runs, without its build."""
        software = self.condition.software
        if is_installed(software, self._stage.now_s()):
            return software.version
        return self.condition.firmware or self.spec.firmware

    @property
    def protocol_required(self) -> bool:
        """Tell whether the car takes signed commands only."""
        return self.spec.protocol_required

    @property
    def command_signing(self) -> str:
        """Return "required", "allowed" or "off"."""
        return self.spec.command_signing

    @property
    def in_service(self) -> bool:
        """Tell whether the car stands at a service center."""
        return self.condition.in_service

    @property
    def state(self) -> str:
        """Return what the car really is: "online", "asleep" or "offline"."""
        return self._state_at(self._stage.now_s())

    @property
    def reported_state(self) -> str:
        """Return what Tesla's servers believe, a few seconds behind `state`."""
        return self._state_at(self._stage.now_s() - self._stage.tempo.report_lag_s)

    @property
    def is_awake(self) -> bool:
        """Tell whether the computers run, with or without a signal."""
        return self._state_at(self._stage.now_s(), is_in_reach=True) == "online"

    def _state_at(self, at_s: float, *, is_in_reach: bool = False) -> str:
        drawn_s = draw_between(*_PATIENCE_S, self._stage.seed, self.vin, "patience")
        asked_s = self._stage.tempo.sleep_after_s
        patience_s = drawn_s if asked_s is None else asked_s
        if not (is_in_reach or self.condition.wake.has_signal):
            return "offline"
        return state_at(self.spec, self.condition, self.origin_s, patience_s, at_s)

    def wake_up(self) -> None:
        """Start the wake-up delay; an offline car stays offline."""
        now_s, wake = self._stage.now_s(), self.condition.wake
        state = self.state
        if state == "online":
            wake.active_s = now_s
        elif state == "asleep" and wake.online_s <= now_s:
            drawn_s = draw_between(*_WAKE_S, self._stage.seed, self.vin, wake.wakes)
            asked_s = self._stage.tempo.wake_delay_s
            wake.online_s = now_s + (drawn_s if asked_s is None else asked_s)
            wake.woken_s = wake.online_s
            wake.wakes += 1

    def touch(self) -> None:
        """Note a read that reached the car; keeps a pre-2021 car awake."""
        if self.spec.reads_keep_awake:
            self.stir()

    def stir(self) -> None:
        """Note use that keeps any car awake; a car that is not online sleeps on."""
        if self.state == "online":
            self.condition.wake.active_s = self._stage.now_s()

    def settle(self) -> None:
        """Fix the physics up to now, so that a change acts from now on only."""
        self._anchor_at(self._stage.now_s())

    def _anchor_at(self, at_s: float) -> None:
        self.condition.anchor = physics.carry(
            self.spec, self.condition, self.origin_s, at_s
        )

    def moment(self) -> Moment:
        """Return everything that is true of the car now, asleep or not."""
        now_s, origin_s = self._stage.now_s(), self.origin_s
        if now_s - self.condition.anchor.at_s > _SETTLE_S:
            # Carrying is exact, so the anchor may follow; looks back stay possible.
            self._anchor_at(now_s - _LOOK_BACK_S)
        leg, elapsed_s = self.spec.routine.leg_at(origin_s, now_s)
        driven = self.spec.routine.miles_at(origin_s, now_s)
        return Moment(
            vin=self.vin,
            spec=self.spec,
            state=self.condition,
            at_s=now_s,
            anchor=physics.carry(self.spec, self.condition, origin_s, now_s),
            leg=leg,
            elapsed_s=elapsed_s,
            motion=motion(self.spec, leg, elapsed_s),
            odometer_mi=self.spec.odometer_mi + driven,
            firmware=self.firmware,
        )

    def record(self, person: Person) -> dict[str, Any]:
        """Return the record as `person` sees it; raises KeyError for strangers."""
        return record(
            self._stage.seed,
            self.vin,
            self._known(person),
            self.condition,
            self.reported_state,
        )

    def product(self, person: Person) -> dict[str, Any]:
        """Return the car's entry in `products` as `person` sees it."""
        return product(self.spec, self.record(person), self._stage.now_s())

    def vehicle_data(
        self, person: Person, groups: set[str], *, with_location: bool
    ) -> dict[str, Any]:
        """Return the record with the asked groups; raises VehicleUnavailable."""
        moment = self._reach()
        access = self._known(person)
        found = vehicle_data_groups(
            moment, groups, with_location=with_location and not access.hide_private
        )
        return {**self.record(person), "state": "online", **found}

    def _reach(self) -> Moment:
        if self.state != "online":
            raise VehicleUnavailable(self.vin)
        self.touch()
        return self.moment()

    def is_paired(self, key_hex: str) -> bool:
        """Tell whether Tesla already reports that key as on the car."""
        slot = self.paired_keys.get(key_hex)
        return slot is not None and slot.effective_at <= self._stage.clock.now()

    def pair(self, key_hex: str, domain: str) -> KeySlot:
        """Add a key, reported after the pairing lag; raises KeychainFull."""
        if key_hex in self.paired_keys:
            return self.paired_keys[key_hex]
        if self.key_count >= MAX_KEYS:
            raise KeychainFull(self.vin)
        now = self._stage.clock.now()
        lag = timedelta(seconds=self._stage.tempo.pairing_lag_s)
        self.paired_keys[key_hex] = KeySlot(domain, now, now + lag)
        return self.paired_keys[key_hex]

    def unpair(self, key_hex: str) -> None:
        """Remove a key at once; an unknown key is no error."""
        self.paired_keys.pop(key_hex, None)

    @property
    def key_count(self) -> int:
        """Return how many keys the car holds: phones, cards and applications."""
        known = self.spec.phone_keys + self.condition.more_keys
        return known + len(self.paired_keys)

    def fleet_status(
        self,
        domain_key_hex: str,  # noqa: ARG002  No fact depends on who asks, so far.
    ) -> dict[str, Any]:
        """Return the car's entry in `vehicle_info` of `fleet_status`."""
        return {
            "firmware_version": self.firmware,
            "vehicle_command_protocol_required": self.protocol_required,
            "discounted_device_data": False,
            "fleet_telemetry_version": self.spec.telemetry_version,
            "total_number_of_keys": self.key_count,
            "safety_screen_streaming_toggle_enabled": self.condition.streaming_toggle,
        }

    def mobile_enabled(self) -> dict[str, Any]:
        """Return whether the owner allows mobile access."""
        allowed = self.condition.mobile_access
        return {
            "result": allowed,
            "reason": "" if allowed else "mobile_access_disabled",
        }

    def nearby_charging_sites(
        self, count: int = 10, radius: int = 100
    ) -> dict[str, Any]:
        """Return chargers near; `radius` in miles; raises VehicleUnavailable."""
        return chargers.nearby(self._reach(), count, radius)

    def recent_alerts(self) -> dict[str, Any]:
        """Return the alerts, newest first; raises VehicleUnavailable."""
        return papers.recent_alerts(self.vin, self._reach().at_s)

    def release_notes(self) -> dict[str, Any]:
        """Return the firmware's notes, nested twice; raises VehicleUnavailable."""
        return papers.release_notes(self._reach().firmware)

    def service_data(self) -> dict[str, Any]:
        """Return the state of a service visit, empty when none."""
        now_s = self._stage.now_s()
        return papers.service_data(in_service=self.in_service, at_s=now_s)

    def options(self) -> dict[str, Any]:
        """Return the car's option codes."""
        return papers.options(self.spec)

    def warranty(self) -> dict[str, Any]:
        """Return the car's warranties: active, upcoming and expired."""
        moment = self.moment()
        return papers.warranty(self.spec, self.vin, moment.odometer_mi, moment.at_s)

    def dump(self) -> dict[str, Any]:
        """Return what a restart must keep of the car, ready for JSON."""
        keys = {key_hex: slot.dump() for key_hex, slot in self.paired_keys.items()}
        return {"condition": self.condition.dump(), "paired_keys": keys}

    def load(self, saved: dict[str, Any]) -> None:
        """Take up what an earlier `dump` returned."""
        self.condition = CarState.restore(saved["condition"])
        self.paired_keys = {
            key_hex: KeySlot.restore(slot)
            for key_hex, slot in saved["paired_keys"].items()
        }
