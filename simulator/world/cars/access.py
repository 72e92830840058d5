"""Say who may see a car, and as what."""

from dataclasses import dataclass

from simulator.world.persons import Person


@dataclass(frozen=True, slots=True)
class Access:
    """Hold one person's access: OWNER or DRIVER, perhaps without positions."""

    person: Person
    access_type: str
    hide_private: bool = False
