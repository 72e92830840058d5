"""Hold what the owner chose for a site, and since when."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

MODES = ("autonomous", "backup", "self_consumption")
EXPORT_RULES = ("battery_ok", "never", "pv_only")


@dataclass(frozen=True, slots=True)
class Rules:
    """Hold one set of choices; percentages of the battery."""

    backup_reserve_percent: int = 20
    mode: str = "self_consumption"
    storm_mode_enabled: bool = True
    off_grid_vehicle_charging_reserve_percent: int = 65
    disallow_charge_from_grid: bool = True
    export_rule: str = "pv_only"
    tariff: dict[str, Any] | None = None


@dataclass(slots=True)
class Timeline:
    """Remember every set of rules with the second from which it holds."""

    entries: list[tuple[float, Rules]] = field(
        default_factory=lambda: [(float("-inf"), Rules())]
    )

    def at(self, at_s: float) -> Rules:
        """Return the rules of a moment."""
        # The first entry holds since ever, so there is always one.
        return next(
            rules for since_s, rules in reversed(self.entries) if since_s <= at_s
        )

    def change(self, since_s: float, **changes: Any) -> None:
        """Let changed rules hold from a moment on, upon what was asked last."""
        rules = dataclasses.replace(self.entries[-1][1], **changes)
        self.entries.append((since_s, rules))

    def dump(self) -> list[dict[str, Any]]:
        """Return the changes, oldest first, ready for JSON."""
        return [
            {"since_s": since_s, "rules": dataclasses.asdict(rules)}
            for since_s, rules in self.entries[1:]
        ]

    def load(self, saved: list[dict[str, Any]]) -> None:
        """Take up what `dump` returned."""
        del self.entries[1:]
        for entry in saved:
            self.entries.append((entry["since_s"], Rules(**entry["rules"])))
