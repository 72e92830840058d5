"""Describe the people who hold a Tesla account in the simulated world."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Hold one Tesla account; `sub` and `vault_uuid` are UUIDs fixed by the seed."""

    email: str
    name: str
    region: str
    country: str
    locale: str
    sub: str
    vault_uuid: str
    user_id: int
    password: str = field(default="tesla", repr=False)

    def profile(self) -> dict[str, Any]:
        """Return what `users/me` answers: email, name, picture and vault."""
        return {
            "email": self.email,
            "full_name": self.name,
            "profile_image_url": "https://vehicle-files.example/profile.png",
            "vault_uuid": self.vault_uuid,
        }
