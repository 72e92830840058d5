"""Give a site's parts their numbers."""

from dataclasses import dataclass

from simulator.world.draws import draw_hex, draw_int, draw_uuid
from simulator.world.sites.spec import SiteSpec

_CONNECTOR_PART = "1529455-02-D"
_GATEWAY_PART = "1232100-00-J"
_BATTERY_PART = "3012170-25-E"


@dataclass(frozen=True, slots=True)
class Part:
    """Hold one device; `din` is its part number and serial number."""

    device_id: str
    part_number: str
    serial_number: str

    @property
    def din(self) -> str:
        """Return the device identification number."""
        return f"{self.part_number}--{self.serial_number}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Hold the numbers of one site, all fixed by the seed."""

    seed: int
    spec: SiteSpec

    @property
    def site_id(self) -> int:
        """Return Tesla's `energy_site_id`."""
        return draw_int(
            1_000_000_000_000, 2_599_999_999_999_999, self.seed, self.spec.key
        )

    @property
    def uuid(self) -> str:
        """Return `asset_site_id`."""
        return draw_uuid(self.seed, self.spec.key, "asset")

    @property
    def record_id(self) -> str:
        """Return `id`: the gateway's name, or the asset's where there is none."""
        return f"STE{draw_int(10**7, 10**8 - 1, self.seed, self.spec.key):08d}-00001"

    @property
    def gateway(self) -> Part:
        """Return the gateway."""
        return self._part("gateway", 0, _GATEWAY_PART, "CN")

    @property
    def batteries(self) -> list[Part]:
        """Return the Powerwalls."""
        packs = range(self.spec.packs)
        return [self._part("battery", one, _BATTERY_PART, "TG") for one in packs]

    @property
    def connectors(self) -> list[Part]:
        """Return the Wall Connectors."""
        count = range(self.spec.connectors)
        return [self._part("connector", one, _CONNECTOR_PART, "B7S") for one in count]

    def _part(self, kind: str, number: int, part: str, prefix: str) -> Part:
        name = (self.seed, self.spec.key, kind, number)
        serial = f"{prefix}{draw_hex(11, *name, 'serial').upper()}"
        return Part(draw_uuid(*name), part, serial)
