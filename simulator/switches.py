"""Hold the standing switches of an operator: moods of Tesla that are not faults."""

from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class Switches:
    """Hold the switches; all are off but `rate_limits`.

    `empty_401` answers an unknown or expired token without a body. `asleep_is_503`
    answers signed commands to a car that is not online with 503 in place of 408.
    `unknown_users`, `locked_users` hold e-mail addresses; `over_billing_limit` holds client ids.
    """

    empty_401: bool = False
    rate_limits: bool = True
    asleep_is_503: bool = False
    unknown_users: set[str] = field(default_factory=set)
    locked_users: set[str] = field(default_factory=set)
    over_billing_limit: set[str] = field(default_factory=set)

    def put(self, name: str, value: object) -> None:
        """Set one switch from JSON. Raises ValueError for a name or type unknown."""
        if name not in {one.name for one in fields(self)}:
            raise ValueError(f"there is no switch named {name}")
        wants_set = isinstance(getattr(self, name), set)
        if wants_set and isinstance(value, list):
            setattr(self, name, {str(one) for one in value})
        elif not wants_set and isinstance(value, bool):
            setattr(self, name, value)
        else:
            raise ValueError(
                f"{name} takes {'a list' if wants_set else 'true or false'}"
            )

    def as_json(self) -> dict[str, bool | list[str]]:
        """Return all switches as the admin API shows them."""
        return {
            "empty_401": self.empty_401,
            "rate_limits": self.rate_limits,
            "asleep_is_503": self.asleep_is_503,
            "unknown_users": sorted(self.unknown_users),
            "locked_users": sorted(self.locked_users),
            "over_billing_limit": sorted(self.over_billing_limit),
        }
