"""Describe what is fixed about an energy site."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """Hold one site; powers W, energies Wh, `packs` Powerwalls."""

    key: str
    name: str
    owner: str
    latitude: float
    longitude: float
    time_zone: str
    installation_date: str
    solar_w: float = 0.0
    house_w: float = 0.0
    packs: int = 0
    pack_energy_wh: int = 13_500
    pack_power_w: int = 5_000
    connectors: int = 0
    address: tuple[str, str, str, str, str] = ("", "", "", "", "")

    @property
    def energy_wh(self) -> int:
        """Return what the battery holds when full, 0 without one."""
        return self.packs * self.pack_energy_wh

    @property
    def power_w(self) -> int:
        """Return what the battery can give or take."""
        return self.packs * self.pack_power_w

    @property
    def resource_type(self) -> str:
        """Return what `products` calls the site, "" for an empty one."""
        if self.packs:
            return "battery"
        if self.solar_w:
            return "solar"
        return "wall_connector" if self.connectors else ""
