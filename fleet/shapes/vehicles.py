"""Read the records of cars, and what the fleet status says about their keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleet.shapes import reading
from fleet.vin import is_vin


@dataclass(frozen=True, slots=True)
class VehicleRecord:
    """Hold one car's record, from products, vehicles or wake_up.

    `access_type` is OWNER, DRIVER or "", `state` is online, asleep, offline or
    "", `command_signing` is required, allowed, off or "" (in products only).
    `hide_private`: whether the owner shares the car without its location.
    """

    vin: str
    id_s: str
    name: str
    access_type: str
    state: str
    in_service: bool
    command_signing: str
    hide_private: bool

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "VehicleRecord | None":
        """Return the record in an answer, None where it holds no valid VIN."""
        vin = reading.text(document, "vin")
        if not is_vin(vin):
            return None
        number = reading.whole(document, "id")
        access = reading.section(document, "granular_access")
        return cls(
            vin=vin,
            id_s=reading.text(document, "id_s")
            or ("" if number is None else str(number)),
            name=reading.text(document, "display_name"),
            access_type=reading.text(document, "access_type").upper(),
            state=reading.text(document, "state").lower(),
            in_service=reading.flag(document, "in_service") or False,
            command_signing=reading.text(document, "command_signing").lower(),
            hide_private=reading.flag(access, "hide_private") or False,
        )


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """Hold what Tesla knows of one car's keys and firmware; None is unknown.

    `key_paired` is True for a VIN among the paired, False for one among the
    unpaired, None for one in neither list. `streaming_toggle_enabled` is the
    switch inside older Model S and X, None where the car has no such switch.
    """

    vin: str
    key_paired: bool | None = None
    firmware_version: str = ""
    command_protocol_required: bool | None = None
    discounted_device_data: bool | None = None
    fleet_telemetry_version: str = ""
    total_number_of_keys: int | None = None
    streaming_toggle_enabled: bool | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any], vin: str) -> "FleetStatus":
        """Return what an answer of fleet_status says about one car."""
        about = reading.section(reading.section(document, "vehicle_info"), vin)
        telemetry = reading.text(about, "fleet_telemetry_version")
        return cls(
            vin=vin,
            key_paired=_key_paired(document, vin),
            firmware_version=reading.text(about, "firmware_version"),
            command_protocol_required=reading.flag(
                about, "vehicle_command_protocol_required"
            ),
            discounted_device_data=reading.flag(about, "discounted_device_data"),
            fleet_telemetry_version="" if telemetry == "unknown" else telemetry,
            total_number_of_keys=reading.whole(about, "total_number_of_keys"),
            streaming_toggle_enabled=reading.flag(
                about, "safety_screen_streaming_toggle_enabled"
            ),
        )


def _key_paired(document: Mapping[str, Any], vin: str) -> bool | None:
    for name, paired in (("key_paired_vins", True), ("unpaired_vins", False)):
        vins = document.get(name)
        if isinstance(vins, list) and vin in vins:
            return paired
    return None
