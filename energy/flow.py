"""Turn live_status into the numbers of a flow diagram.

Signs of Tesla's: `battery_power` is positive when the battery gives, `grid_power` is
positive when the site imports; solar gives only. The home takes what they sum up to.
"""

from dataclasses import dataclass
from datetime import datetime

from energy.figures import is_idle, kilowatts
from tokens.readings import UNKNOWN, Document


@dataclass(frozen=True, slots=True)
class Arm:
    """Hold one source or taker beside the home.

    `kw` is the power in kW without sign, an em dash when unknown. `direction` is
    "in" toward the home, "out" away from it, "" when nothing flows. `level` says how
    full a battery is.
    """

    label: str
    kw: str
    direction: str
    words: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """Hold the diagram: what the home uses, and what flows to and from it.

    `words` says the whole picture in one sentence, for those who do not see it.
    """

    home_kw: str
    solar: Arm | None
    battery: Arm | None
    grid: Arm | None
    words: str
    at: datetime | None


def flow(
    live_status: object, *, has_solar: bool, has_battery: bool, has_grid: bool
) -> Flow | None:
    """Return the diagram of a site's newest powers, None where nothing can flow.

    A site of Wall Connectors alone has neither sun, battery nor meter. Source:
    Tesla's page on energy endpoints, `live_status`.
    """
    status = Document(live_status)
    solar = _solar(status.number("solar_power")) if has_solar else None
    battery = _battery(status) if has_battery else None
    measured = status.number("grid_power")
    grid = _grid(measured) if has_grid and _has_meter(status, solar, battery) else None
    if not (solar or battery or grid):
        return None
    load = status.number("load_power")
    home_kw = UNKNOWN if load is None else kilowatts(load)
    home = "unknown" if load is None else f"{home_kw} kW"
    said = [f"Home uses {home}", *(arm.words for arm in (solar, battery, grid) if arm)]
    return Flow(
        home_kw, solar, battery, grid, ". ".join(said) + ".", status.moment("timestamp")
    )


def _has_meter(status: Document, solar: Arm | None, battery: Arm | None) -> bool:
    return bool(solar or battery) or status.number("grid_power") is not None


def _solar(watts: float | None) -> Arm:
    if watts is None:
        return Arm("Solar", UNKNOWN, "", "Solar unknown")
    direction = "in" if watts > 0 and not is_idle(watts) else ""
    return Arm(
        "Solar",
        kilowatts(watts),
        direction,
        f"Solar gives {kilowatts(watts)} kW",
    )


def _battery(status: Document) -> Arm:
    watts = status.number("battery_power")
    charged = status.number("percentage_charged")
    level = "" if charged is None else f"{charged:.0f} % full"
    said = f", {level}" if level else ""
    if watts is None:
        return Arm("Battery", UNKNOWN, "", f"Battery unknown{said}", level)
    kw = kilowatts(watts)
    if is_idle(watts):
        return Arm("Battery", kw, "", f"Battery rests{said}", level)
    if watts > 0:
        return Arm("Battery gives", kw, "in", f"Battery gives {kw} kW{said}", level)
    return Arm("Battery takes", kw, "out", f"Battery charges with {kw} kW{said}", level)


def _grid(watts: float | None) -> Arm:
    if watts is None:
        return Arm("Grid", UNKNOWN, "", "Grid unknown")
    kw = kilowatts(watts)
    if is_idle(watts):
        return Arm("Grid", kw, "", "Nothing to or from the grid")
    if watts > 0:
        return Arm("From grid", kw, "in", f"{kw} kW from the grid")
    return Arm("To grid", kw, "out", f"{kw} kW to the grid")
