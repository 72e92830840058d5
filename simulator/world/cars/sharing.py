"""Hold who may see a car: owner, drivers and invitations to drive."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.world.cars.access import Access
from simulator.world.cars.state import CarState
from simulator.world.draws import draw_hex, draw_int
from simulator.world.persons import Person
from simulator.world.stage import Stage


class SharedCar:
    """Hold a car's people; the rest of the car is built upon it."""

    def __init__(
        self, vin: str, stage: Stage, condition: CarState, accesses: list[Access]
    ) -> None:
        self.vin = vin
        self.condition = condition
        self._stage = stage
        self._accesses = {access.person.email: access for access in accesses}

    @property
    def accesses(self) -> list[Access]:
        """Return who may see the car now, the owner first."""
        gone, hidden = self.gone_from, self.condition.hidden_from
        return [
            replace(one, hide_private=one.hide_private or email in hidden)
            for email, one in self._accesses.items()
            if email not in gone
        ]

    @property
    def gone_from(self) -> list[str]:
        """Return the emails of those who had the car and do not see it any more."""
        gone = {*self.condition.drivers_gone, *self.condition.unlisted_for}
        return [email for email in self._accesses if email in gone]

    def access_of(self, person: Person) -> Access | None:
        """Return the person's access, or None for a stranger."""
        known = {one.person.email: one for one in self.accesses}
        return known.get(person.email)

    def _known(self, person: Person) -> Access:
        access = self.access_of(person)
        if access is None:
            raise KeyError(person.email)
        return access

    def hide_from(self, person: Person) -> None:
        """Keep the car's positions from a driver, as its owner may."""
        self.condition.hidden_from.append(person.email)

    def take_from(self, email: str) -> bool:
        """Take the car from anybody's list, as when it was sold; tells if it was there.

        Even the owner's: the others keep what they see.
        """
        is_listed = email in {one.person.email for one in self.accesses}
        if is_listed:
            self.condition.unlisted_for.append(email)
        return is_listed

    def give_back(self, email: str) -> bool:
        """Put the car back on a list that it was on; tells if it was gone from it."""
        was_gone = email in self.gone_from
        if was_gone:
            for gone in (self.condition.unlisted_for, self.condition.drivers_gone):
                gone[:] = [one for one in gone if one != email]
        return was_gone

    def drivers(self) -> list[dict[str, Any]]:
        """Return the drivers to whom the owner lent the car."""
        return _drivers(self.accesses)

    def remove_driver(self, user_id: int) -> bool:
        """Take the car from a driver; tells whether there was such a driver."""
        for access in self.accesses:
            if access.access_type == "DRIVER" and access.person.user_id == user_id:
                self.condition.drivers_gone.append(access.person.email)
                return True
        return False

    def invitations(self) -> list[dict[str, Any]]:
        """Return the invitations to drive the car, oldest first."""
        return list(self.condition.invitations)

    def invite(self) -> dict[str, Any]:
        """Make and return an invitation, good for 24 hours."""
        number = len(self.condition.invitations)
        made = _invitation(self.vin, self.accesses[0], number, self._stage.now_s())
        self.condition.invitations.append(made)
        return made

    def redeem(self, code: str, person: Person) -> bool:
        """Lend the car to who brings an open code; tells whether it was one."""
        for one in self.condition.invitations:
            if one["code"] == code and one["state"] == "pending":
                one.update(
                    state="accepted",
                    share_user_id=person.user_id,
                    share_user_id_s=str(person.user_id),
                )
                self._accesses[person.email] = Access(person, "DRIVER")
                return True
        return False

    def lend_again(self, persons: Iterable[Person]) -> None:
        """Lend the car to those whose invitations were accepted before a restart."""
        accepted = {one["share_user_id"] for one in self.condition.invitations}
        for person in persons:
            if person.user_id in accepted:
                self._accesses.setdefault(person.email, Access(person, "DRIVER"))

    def revoke_invitation(self, invitation_id: str) -> bool:
        """End an invitation; tells whether there was an open one of that id."""
        for one in self.condition.invitations:
            if one["id_s"] == invitation_id and one["state"] == "pending":
                now = datetime.fromtimestamp(self._stage.now_s(), UTC)
                one.update(state="revoked", revoked_at=now.isoformat())
                return True
        return False


def _drivers(accesses: Iterable[Access]) -> list[dict[str, Any]]:
    """Return everybody who may drive the car without owning it."""
    return [
        {
            "my_tesla_unique_id": draw_int(8_000_000, 8_999_999, access.person.sub),
            "user_id": access.person.user_id,
            "user_id_s": str(access.person.user_id),
            "vault_uuid": access.person.vault_uuid,
            "driver_first_name": access.person.name.split()[0],
            "driver_last_name": access.person.name.split()[-1],
            "granular_access": {"hide_private": access.hide_private},
            "active_pubkeys": [],
            "public_key": "",
        }
        for access in accesses
        if access.access_type == "DRIVER"
    ]


def _invitation(vin: str, owner: Access, number: int, at_s: float) -> dict[str, Any]:
    """Return a new invitation: single use, good for 24 hours."""
    code = draw_hex(40, vin, "invitation", number)
    invitation_id = draw_int(400_000_000_000_000, 499_999_999_999_999, vin, number)
    expires_at = datetime.fromtimestamp(at_s, UTC) + timedelta(hours=24)
    return {
        "id": invitation_id,
        "id_s": str(invitation_id),
        "owner_id": owner.person.user_id,
        "share_user_id": None,
        "product_id": vin,
        "state": "pending",
        "code": code,
        "expires_at": expires_at.isoformat(),
        "revoked_at": None,
        "borrowing_device_id": None,
        "key_id": None,
        "product_type": "vehicle",
        "share_type": "customer",
        "share_user_id_s": None,
        "active_pubkeys": [None],
        "vin": vin,
        "share_link": f"https://share.example/{code}",
    }
