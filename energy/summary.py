"""Turn live_status and site_info into values that a person can read."""

from dataclasses import dataclass

from energy.figures import energy, is_idle, percent, power, word, yes_no
from energy.models import EnergySite
from tokens.readings import NOT_SENT, UNKNOWN, Document, Group, Value

_ISLAND = {
    "on_grid": "On grid",
    "off_grid": "Off grid",
    "off_grid_intentional": "Off grid, by choice",
    "off_grid_unintentional": "Off grid, outage",
    "island_status_unknown": "",
}
_MODES = {
    "autonomous": "Time-based control",
    "self_consumption": "Self-powered",
    "backup": "Backup only",
}
_EXPORT = {
    "never": "Never",
    "battery_ok": "Solar and battery",
    "pv_only": "Solar only",
}
# Tesla's page does not name the codes; these are what the field has found out.
_CONNECTOR_STATES = {
    0: "Starting up",
    1: "Charging",
    2: "Nothing plugged in",
    4: "Plugged in",
    5: "Waiting for its schedule",
    6: "Talking to the car",
    7: "Fault",
    8: "Charging finished",
    9: "Waiting for the car",
    10: "Charging, reduced",
}


@dataclass(frozen=True, slots=True)
class WallConnector:
    """Hold one Wall Connector as it is shown; `vin` is "" when no car is known."""

    name: str
    state: str
    power: Value
    vin: str


def live(live_status: object, site: EnergySite) -> Group:
    """Return the live values of what the site has, in kW, kWh and percent."""
    status = Document(live_status)
    values: list[Value] = []
    if site.has_solar:
        values.append(power("Solar", status.number("solar_power")))
    if site.has_solar or site.has_battery:
        values.append(power("Home", status.number("load_power")))
    if site.has_battery:
        values += _battery(status)
    grid = status.number("grid_power")
    if site.has_solar or site.has_battery:
        values += [
            power(_grid_label(grid), grid),
            word("Island status", status.text("island_status"), _ISLAND),
        ]
    elif grid is not None:
        values.append(power(_grid_label(grid), grid))
    generator = status.number("generator_power")
    if generator:
        values.append(power("Generator", generator))
    return Group("Live values", tuple(values), status.moment("timestamp"))


def connectors(live_status: object) -> tuple[WallConnector, ...]:
    """Return the Wall Connectors with state and power, in Tesla's order."""
    return tuple(
        _connector(entry, number)
        for number, entry in enumerate(
            Document(live_status).parts("wall_connectors"), start=1
        )
    )


def info(site_info: object) -> tuple[Group, ...]:
    """Return what the site is made of and how it is set."""
    answer = Document(site_info)
    parts = answer.part("components")
    has_battery = bool(parts.flag("battery"))
    groups = [_installation(answer, parts)]
    if has_battery:
        groups.append(_settings(answer, parts))
    return tuple(groups)


def _installation(answer: Document, parts: Document) -> Group:
    installed = answer.moment("installation_date")
    zone = answer.text("installation_time_zone")
    version = answer.text("version")
    values = [
        Value(
            "Installed",
            f"{installed:%Y-%m-%d}" if installed else UNKNOWN,
            reason=NOT_SENT,
        ),
        Value("Time zone", zone.replace("_", " ") or UNKNOWN, reason=NOT_SENT),
        Value("Gateway version", version or UNKNOWN, reason=NOT_SENT),
        yes_no("Solar", bool(parts.flag("solar")), "Yes", "No"),
        yes_no("Battery", bool(parts.flag("battery")), "Yes", "No"),
        Value("Wall Connectors", str(len(parts.parts("wall_connectors")))),
    ]
    batteries = answer.number("battery_count")
    if batteries:
        values += [
            Value("Powerwalls", f"{batteries:.0f}"),
            power("Rated power", answer.number("nameplate_power")),
            energy("Rated energy", answer.number("nameplate_energy")),
        ]
    return Group("Installation", tuple(values))


def _settings(answer: Document, parts: Document) -> Group:
    """Absent keys stand for Tesla's defaults: no export, charging from grid allowed."""
    denied = parts.flag("disallow_charge_from_grid_with_solar_installed")
    export = parts.text("customer_preferred_export_rule") or "never"
    storm = answer.part("user_settings").flag("storm_mode_enabled")
    return Group(
        "Settings",
        (
            percent("Backup reserve", answer.number("backup_reserve_percent")),
            word("Operating mode", answer.text("default_real_mode"), _MODES),
            yes_no("Storm Watch", storm),
            word("Energy export", export, _EXPORT),
            yes_no("Charging from grid", not denied, "Allowed", "Not allowed"),
        ),
    )


def _battery(status: Document) -> list[Value]:
    watts = status.number("battery_power")
    label = "Battery"
    if watts is not None and not is_idle(watts):
        label = "Battery gives" if watts > 0 else "Battery charges"
    return [
        power(label, watts),
        percent("Charge", status.number("percentage_charged")),
        energy("Energy left", status.number("energy_left")),
        energy("Capacity", status.number("total_pack_energy")),
        yes_no("Storm Watch active", status.flag("storm_mode_active"), "Yes", "No"),
    ]


def _grid_label(watts: float | None) -> str:
    if watts is None or is_idle(watts):
        return "Grid"
    return "From grid" if watts > 0 else "To grid"


def _connector(entry: Document, number: int) -> WallConnector:
    code = entry.number("wall_connector_state")
    watts = entry.number("wall_connector_power")
    state = UNKNOWN
    if code is not None:
        state = _CONNECTOR_STATES.get(int(code), f"Tesla's code {code:.0f}")
    serial = entry.text("din").rpartition("--")[2]
    return WallConnector(
        f"Wall Connector {serial}" if serial else f"Wall Connector {number}",
        state,
        power("Power", watts),
        entry.text("vin"),
    )
