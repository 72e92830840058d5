"""Put commands into words: what was sent, how far it has come, how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleet.endpoints import BY_NAME
from fleet.errors import explain_reason
from tokens.readings import HEARD_WITHIN, one_line
from vehicles.controls.buttons import press_for
from vehicles.controls.refusals import MAYBE_DONE, Step
from vehicles.models import Command

_WAKING = "Waking the car, usually 10\N{EN DASH}60 s"
_UNDER_WAY = {
    Command.State.WAITING: "Waiting for its turn",
    Command.State.WAKING: _WAKING,
    Command.State.SENDING: "Sending it to the car",
}
_SECRET = frozenset({"pin", "password", "token"})
_MOST_PARTS = 6
_LONGEST_PART = 60
_CODES_BY_STEP: dict[Step, Iterable[str]] = {
    Step.PAIR: ("key_not_paired", "key_inactive"),
    Step.SCOPES: ("invalid_scope", "missing scopes", "missing_scopes"),
    Step.RELINK: ("login_required",),
    Step.READ: MAYBE_DONE,
}
_STEPS = {code: step for step, codes in _CODES_BY_STEP.items() for code in codes}
_PLAIN = {
    "is_charging": "The car is charging already",
    "requested": "The car is about to charge already",
    "complete": "The battery is charged to its limit",
    "not_charging": "The car is not charging",
    "cable_connected": "A cable is in the charge port",
    "not_supported": "This car cannot do that",
    "vehicle_not_in_park": "The car is not in park",
}
"""What a car says without anything being wrong, put as a title."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended: `tone` is good, warn or bad; `words` may be empty.

    `said` are the car's or Tesla's own words. `step` is what the person can do next.
    """

    tone: str
    title: str
    words: str = ""
    said: str = ""
    step: Step = Step.NONE


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a command has come: `words` while under way, else `ending`.

    `is_unheard`: no worker has taken it yet, and it is time to say so.
    """

    command: Command
    words: str = ""
    is_unheard: bool = False
    ending: Ending | None = None

    @property
    def phase(self) -> str:
        """Return one word that changes whenever what is shown changes."""
        return "unheard" if self.is_unheard else str(self.command.state)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the command log; `took` is "" while nobody knows."""

    command: Command
    title: str
    details: str
    sender: str
    client: str
    stand: Stand
    took: str


def stand(command: Command, now: datetime) -> Stand:
    """Return how far a command has come at a moment."""
    words = _UNDER_WAY.get(Command.State(command.state), "")
    if not words:
        return Stand(command, ending=ending(command))
    if command.name == "wake_up" and command.state == Command.State.SENDING:
        words = _WAKING
    is_waiting = command.state == Command.State.WAITING
    is_unheard = is_waiting and now - command.asked_at > HEARD_WITHIN
    return Stand(command, words, is_unheard)


def ending(command: Command) -> Ending:
    """Return in words how a command ended."""
    if command.state == Command.State.FAILED:
        words = command.error_words or "It is not known why."
        step = _STEPS.get(command.error_code, Step.NONE)
        title = "Not known whether it was done" if step is Step.READ else "Not done"
        return Ending("bad", title, words, command.error_code, step)
    if command.result is False:
        return _refusal(command.reason)
    return Ending("good", "Done")


def entry(command: Command, now: datetime) -> Entry:
    """Return the line of a command in the log."""
    endpoint = BY_NAME.get(command.name)
    title = endpoint.summary.rstrip(".") if endpoint else command.name
    parameters = dict(command.parameters)
    press = press_for(command.name, parameters)
    if press is not None:
        title = press.does
        for name in press.parameters:
            del parameters[name]
    is_page = command.source == Command.Source.PAGE
    sender = "This console" if is_page else command.access_token_name or "A program"
    return Entry(
        command,
        title,
        parameter_words(parameters),
        sender,
        command.client,
        stand(command, now),
        duration_words(command.duration_ms),
    )


def parameter_words(parameters: Mapping[str, Any]) -> str:
    """Return a command's parameters in words, "" when it has none; never a PIN."""
    parts = [
        _part(name, value)
        for name, value in parameters.items()
        if name not in _SECRET and value is not None
    ]
    more = ", \N{HORIZONTAL ELLIPSIS}" if len(parts) > _MOST_PARTS else ""
    return ", ".join(parts[:_MOST_PARTS]) + more


def duration_words(duration_ms: int | None) -> str:
    """Return how long something took: "340 ms", "1.4 s", "75 s"; "" for unknown."""
    if duration_ms is None:
        return ""
    if duration_ms < 1_000:
        return f"{duration_ms} ms"
    if duration_ms < 10_000:
        return f"{duration_ms / 1_000:.1f} s"
    return f"{duration_ms / 1_000:.0f} s"


def _refusal(reason: str) -> Ending:
    """Return why the car took the command and did not do it."""
    said = reason.lower().replace(" ", "_")
    if said.startswith("already"):
        return Ending("warn", "It was so already", "The car had nothing to do.", reason)
    if said in _PLAIN:
        return Ending("warn", _PLAIN[said], "The car did nothing.", reason)
    known = explain_reason(reason)
    if known is not None:
        return Ending("warn", known.title, known.words, reason)
    title = "The car did not do it"
    words = f"It says: {one_line(reason)}." if reason else "It gave no reason."
    return Ending("warn", title, words, reason)


def _part(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if name == "percent":
        return f"{value}\N{NO-BREAK SPACE}%"
    if name == "which_trunk":
        return f"{value} trunk"
    if value is True or value is False:
        return "on" if value and name == "on" else _yes_no(words, value)
    return f"{words}: {one_line(str(value))[:_LONGEST_PART]}"


def _yes_no(words: str, value: object) -> str:
    if words == "on":
        return "off"
    return f"{words}: {'yes' if value else 'no'}"
