"""Read Tesla's answers into frozen shapes, tolerant to whatever is absent."""

from fleet.shapes.energy import EnergyProduct, LiveStatus, SiteInfo
from fleet.shapes.vehicles import FleetStatus, VehicleRecord

__all__ = ["EnergyProduct", "FleetStatus", "LiveStatus", "SiteInfo", "VehicleRecord"]
