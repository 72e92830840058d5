"""Prepare what a page shows of each car: words, figures and their ages."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Units, User
from fleet.vin import model_of
from tokens.readings import UNKNOWN, Document, Value, is_old
from vehicles.groups import power
from vehicles.live import mark
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import keys, latest, vehicles
from vehicles.streamed import Overlaid

# A list is read every ten minutes; what is older than three of them is old.
_STATE_PROMISE = timedelta(minutes=30)
_READING_PROMISE = timedelta(minutes=30)
_NO_STATUS = "Tesla has not answered the fleet status of this car yet."
_STATES = {"online": "Online", "asleep": "Asleep", "offline": "Offline"}
_KEYS = {
    keys.KeyState.INSTALLED: ("Installed", "good"),
    keys.KeyState.MISSING: ("Missing", "warn"),
    keys.KeyState.NOT_NEEDED: ("Not needed", "muted"),
    keys.KeyState.CANNOT_TELL: ("Cannot tell", "muted"),
}


@dataclass(frozen=True, slots=True)
class KeyWord:
    """Hold what is said of the virtual key: the state, its word and its tone."""

    state: str
    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class Battery:
    """Hold the battery's bar: percentages from 0 to 100, `limit` None when unsaid."""

    level: int
    limit: int | None
    is_charging: bool


@dataclass(frozen=True, slots=True)
class Card:
    """Hold one car as it is shown to one person.

    `state` is online, asleep, offline or "". `key` and `firmware` are None for a
    guest, who is shown neither, and for a gone car. `figures` stand large and come from
    the last reading, made at `read_at`, or were streamed since, the newest of them at
    `streamed_at`; all are empty before the first.
    """

    access: VehicleAccess
    vin: str
    name: str
    model: str
    state: str
    state_word: str
    state_at: datetime | None
    state_is_old: bool
    access_type: str
    command_sign: Value
    key: KeyWord | None
    firmware: Value | None
    fleet_status_at: datetime | None
    battery: Battery | None
    figures: tuple[Value, ...]
    charging: str
    read_at: datetime | None
    streamed_at: datetime | None
    reading_is_old: bool
    gone_at: datetime | None

    @property
    def battery_is_old(self) -> bool:
        """Tell whether the battery's level was neither read nor streamed lately."""
        return self.reading_is_old and self.streamed_at is None

    @property
    def lacks_key(self) -> bool:
        """Tell whether the person should be prompted to pair this car."""
        is_missing = self.key is not None and self.key.state == keys.KeyState.MISSING
        return is_missing and self.gone_at is None


def cards_of(user: User, units: Units) -> list[Card]:
    """Return a card for each car that the user sees, by name; one query."""
    now = timezone.now()
    accesses = vehicles.best_of(VehicleAccess.objects.of(user))
    return [card(access, units, now) for access in accesses]


def card(
    access: VehicleAccess,
    units: Units,
    now: datetime,
    newest: Overlaid | None = None,
) -> Card:
    """Prepare one car; `newest`, where it is there, is what `latest.of` answers."""
    newest = newest or latest.of(access)
    vehicle = access.vehicle
    may_see = keys.may_see(access) and access.gone_at is None
    charge = Document(newest.document).part("charge_state")
    figures = _figures(newest, units)
    shown = Card(
        access=access,
        vin=vehicle.vin,
        name=vehicle.name or model_of(vehicle.vin),
        model=model_of(vehicle.vin),
        state=vehicle.state if vehicle.state in _STATES else "",
        state_word=_state_word(vehicle),
        state_at=vehicle.state_at,
        state_is_old=_is_old(vehicle.state_at, _STATE_PROMISE, now),
        access_type=access.access_type,
        command_sign=_command_sign(vehicle),
        key=key_word(vehicle) if may_see else None,
        firmware=_firmware(vehicle) if may_see else None,
        fleet_status_at=vehicle.fleet_status_at,
        battery=_battery(charge),
        figures=figures,
        charging=power.charging_words(charge),
        read_at=access.vehicle_data_at,
        streamed_at=max(
            (value.streamed_at for value in figures if value.streamed_at), default=None
        ),
        reading_is_old=_is_old(access.vehicle_data_at, _READING_PROMISE, now),
        gone_at=access.gone_at,
    )
    return seen_online(shown, newest.heard_at)


def seen_online(shown: Card, at: datetime | None) -> Card:
    """Return the card of a car that was heard of at a moment, if that is newer."""
    if at is None or (shown.state_at is not None and shown.state_at >= at):
        return shown
    word = _STATES["online"]
    if shown.access.vehicle.in_service:
        word = f"{word}, in service"
    old = _is_old(at, _STATE_PROMISE, timezone.now())
    return replace(
        shown, state="online", state_word=word, state_at=at, state_is_old=old
    )


def key_word(vehicle: Vehicle) -> KeyWord:
    """Return what is said of a car's virtual key."""
    state = keys.key_state(vehicle)
    word, tone = _KEYS[state]
    return KeyWord(state, word, tone)


def _state_word(vehicle: Vehicle) -> str:
    word = _STATES.get(vehicle.state, UNKNOWN)
    return f"{word}, in service" if vehicle.in_service else word


def _command_sign(vehicle: Vehicle) -> Value:
    if not vehicle.command_signing:
        return Value("Command Sign", reason="Tesla's list does not say.")
    return Value("Command Sign", vehicle.get_command_signing_display())


def _firmware(vehicle: Vehicle) -> Value:
    return Value("Firmware", vehicle.firmware or UNKNOWN, reason=_NO_STATUS)


def _battery(charge: Document) -> Battery | None:
    level, limit = charge.number("battery_level"), charge.number("charge_limit_soc")
    if level is None:
        return None
    return Battery(
        _percentage(level),
        None if limit is None else _percentage(limit),
        charge.text("charging_state") == "Charging",
    )


def _figures(newest: Overlaid, units: Units) -> tuple[Value, ...]:
    if not newest.is_known:
        return ()
    document = Document(newest.document)
    group = power.battery(document, units)
    level, _, range_, *_ = (
        mark(group.title, value, units, newest) for value in group.values
    )
    flowing = power.charge_power(document)
    if flowing is None:
        return level, range_
    return level, range_, mark("Charging", flowing, units, newest)


def _percentage(number: float) -> int:
    return round(min(max(number, 0), 100))


def _is_old(at: datetime | None, most: timedelta, now: datetime) -> bool:
    return at is not None and is_old(at, most, now)
