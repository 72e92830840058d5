"""List the energy sites of the cast."""

from simulator.world.cast.people import ALICE, BOB
from simulator.world.cast.places import CABIN, GARAGE, HOME
from simulator.world.sites.spec import SiteSpec

SITES = (
    SiteSpec(
        key=HOME,
        name="Home",
        owner=ALICE,
        latitude=37.441883,
        longitude=-122.143019,
        time_zone="America/Los_Angeles",
        installation_date="2025-05-14T10:12:00-07:00",
        solar_w=11_400.0,
        house_w=420.0,
        packs=2,
        connectors=2,
        address=("12 Orchard Way", "Palo Alto", "CA", "94301", "US"),
    ),
    SiteSpec(
        key=CABIN,
        name="Cabin",
        owner=BOB,
        latitude=47.557421,
        longitude=10.749803,
        time_zone="Europe/Berlin",
        installation_date="2025-09-02T08:30:00+02:00",
        solar_w=4_800.0,
        house_w=190.0,
        address=("Seeweg 4", "Füssen", "BY", "87629", "DE"),
    ),
    SiteSpec(
        key=GARAGE,
        name="Garage",
        owner=BOB,
        latitude=52.531677,
        longitude=13.381777,
        time_zone="Europe/Berlin",
        installation_date="2025-11-20T13:05:00+01:00",
        connectors=2,
        address=("Ackerstraße 71", "Berlin", "BE", "13355", "DE"),
    ),
)


def empty_site(owner: str) -> SiteSpec:
    """Return a site where everything was taken down, as some accounts hold one."""
    return SiteSpec(
        key=f"empty of {owner}",
        name="",
        owner=owner,
        latitude=0.0,
        longitude=0.0,
        time_zone="UTC",
        installation_date="2025-01-01T00:00:00+00:00",
    )
