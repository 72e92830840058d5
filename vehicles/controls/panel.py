"""Prepare the controls and the command log of one car for one person."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Q, QuerySet

from accounts.models import User
from fleet.endpoints import Price
from tokens.readings import Document
from vehicles.controls.buttons import (
    CONTROLS,
    LEAST_PERCENT,
    MOST_PERCENT,
    Control,
    Press,
    control_for,
)
from vehicles.controls.refusals import Step, WhyNot, why_not
from vehicles.controls.states import COMMAND, REFRESHING, STREAM, Known, Sight, known
from vehicles.controls.words import Entry, Stand, entry, stand
from vehicles.models import Command, VehicleAccess
from vehicles.services import commands as command_log

SHOWN_FOR = timedelta(minutes=5)
MOST_ENTRIES = 20
# So many tell what was done last, also where a program sends one every minute.
_MOST_READ = 100
_DEFAULT_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One control as it is shown.

    `stand` is that of the newest command sent from here, None when that is long ago.
    `wrong` is what was wrong with what the person has just sent. `percent` fills the
    field of a control that takes one. `form_id` tells one press from the next.
    """

    control: Control
    known: Known
    why_not: WhyNot | None
    stand: Stand | None
    wrong: str
    percent: int
    form_id: str

    @property
    def is_under_way(self) -> bool:
        """Tell whether a command of this control is on its way."""
        return self.stand is not None and bool(self.stand.words)

    @property
    def plain(self) -> tuple[Press, ...]:
        """Return the buttons that act at once."""
        return tuple(press for press in self.control.presses if not press.asks)

    @property
    def asking(self) -> tuple[Press, ...]:
        """Return the buttons that ask before."""
        return tuple(press for press in self.control.presses if press.asks)


@dataclass(frozen=True, slots=True)
class Panel:
    """All controls of a car, the last commands, and what stands in the way of all.

    `older_than` is the last command shown, None when there are no older ones. Prices
    are in dollars, of one command and one wake.
    """

    rows: tuple[Row, ...]
    entries: tuple[Entry, ...]
    older_than: Command | None
    obstacles: tuple[WhyNot, ...]
    command_usd: str
    wake_usd: str

    @property
    def under_way(self) -> str:
        """Return the name of a control whose command is on its way, "" for none."""
        names = (row.control.name for row in self.rows if row.is_under_way)
        return next(names, "")

    @property
    def online_at(self) -> datetime | None:
        """Return when the car was last heard of, None where Tesla knows better."""
        connection = self.row("wake").known
        return connection.at if connection.source in {COMMAND, STREAM} else None

    @property
    def refreshing(self) -> str:
        """Return the signals for which the controls are shown anew."""
        return " ".join(REFRESHING)

    def row(self, name: str) -> Row:
        """Return the row of a control by its name."""
        return next(row for row in self.rows if row.control.name == name)


def panel(user: User, sight: Sight, wrong: tuple[str, str] = ("", "")) -> Panel:
    """Prepare everything in one query.

    `wrong` is a control's name, and what was wrong with what was just sent there.
    """
    commands = command_log.newest(user, sight.access.vehicle.vin, _MOST_READ)
    rows = tuple(
        _row(control, sight, commands, wrong[1] if wrong[0] == control.name else "")
        for control in CONTROLS
    )
    entries, older_than = page(commands, sight.now)
    return Panel(
        rows,
        entries,
        older_than,
        _obstacles(rows),
        _usd(Price.COMMANDS),
        _usd(Price.WAKES),
    )


def older(commands: QuerySet[Command], than: Command) -> QuerySet[Command]:
    """Keep the commands that stand below one in the log."""
    same = Q(asked_at=than.asked_at, pk__lt=than.pk)
    return commands.filter(Q(asked_at__lt=than.asked_at) | same)


def page(
    commands: Sequence[Command], now: datetime
) -> tuple[tuple[Entry, ...], Command | None]:
    """Return one page of the log, and its last command when there are older ones."""
    shown = commands[:MOST_ENTRIES]
    older_than = shown[-1] if len(commands) > MOST_ENTRIES else None
    return tuple(entry(one, now) for one in shown), older_than


def _usd(price: Price) -> str:
    prices: Mapping[str, Decimal] = settings.PRICES_USD
    return f"{prices.get(price, Decimal(0)):f}"


def _row(
    control: Control, sight: Sight, commands: Sequence[Command], wrong: str
) -> Row:
    access = sight.access
    state = known(control, sight, commands)
    return Row(
        control,
        state,
        why_not(access, control.endpoint) or _needless(control, state),
        _stand(control, commands, sight.now),
        wrong,
        _percent(state, access) if control.name == "limit" else 0,
        uuid.uuid4().hex,
    )


def _needless(control: Control, state: Known) -> WhyNot | None:
    is_up = control.name == "wake" and state.text == "Online" and not state.is_old
    return WhyNot("Awake already", "The car is online already.") if is_up else None


def _percent(state: Known, access: VehicleAccess) -> int:
    """Return the limit to begin with: the one that is shown, else the one last read."""
    digits = "".join(letter for letter in state.text if letter.isdigit())
    charge = Document(access.vehicle_data).part("charge_state")
    read = charge.number("charge_limit_soc") or _DEFAULT_PERCENT
    number = int(digits) if digits else round(read)
    return min(max(number, LEAST_PERCENT), MOST_PERCENT)


def _stand(
    control: Control, commands: Sequence[Command], now: datetime
) -> Stand | None:
    """Return how the newest command from here stands, unless it ended long ago."""
    newest = next((one for one in commands if _is_from_here(one, control)), None)
    if newest is None:
        return None
    if newest.answered_at is not None and now - newest.answered_at > SHOWN_FOR:
        return None
    return stand(newest, now)


def _is_from_here(command: Command, control: Control) -> bool:
    if command.source != Command.Source.PAGE:
        return False
    moved = control_for(command.name, command.parameters)
    return moved is not None and moved.name == control.name


def _obstacles(rows: Sequence[Row]) -> tuple[WhyNot, ...]:
    """Return each reason with a step once; the page names the key above already."""
    found = {
        row.why_not: None
        for row in rows
        if row.why_not and row.why_not.step not in {Step.NONE, Step.PAIR}
    }
    return tuple(found)
