"""What pages call the kinds, formats, states and failures of webhooks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from webhooks import formats
from webhooks.models import Endpoint, Kind
from webhooks.outcomes import ErrorKind
from webhooks.samples import PING


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to choose: its title, a sentence, and an example where one helps."""

    title: str
    words: str
    example: str = ""
    id: str = ""


_KINDS: Final = {
    Kind.DATA: Told(
        "Telemetry",
        "Signals that a car streams, such as speed, charge and place, as they change."
        " Many a minute while a car drives; what is too old is dropped, not sent late.",
    ),
    Kind.STATE: Told("State", "A car comes online, falls asleep or goes offline."),
    Kind.VEHICLE_DATA: Told(
        "Vehicle data",
        "A whole reading of a car, whenever a page or a program has asked for one.",
    ),
    Kind.ERRORS: Told(
        "Telemetry errors", "A car could not stream what it was asked for, and why."
    ),
    Kind.ALERTS: Told("Alerts", "A car raises an alert or takes one back."),
    Kind.CREDITS: Told(
        "Credits", "A call was made that Tesla bills: what it was and what it cost."
    ),
}
KINDS: Final = {kind.value: _KINDS[kind] for kind in Kind}

_STREAM: Final = (
    b'{"createdAt":"2026-01-01T00:00:00.983Z","vin":"5YJ3E1EA7KF000316",'
    b'"data":{"BatteryLevel":81.5,"Locked":true,"Gear":"ShiftStateP"}}'
)


def _example(kind_of_format: str) -> str:
    """Return what really is sent, so that no page promises another thing."""
    return formats.write(kind_of_format, "data", _STREAM, "keyfob.example.com").decode()


_FORMATS: Final = {
    Endpoint.Format.TESLEMETRY: Told(
        "Teslemetry",
        "The same JSON as the stream: names and typed values. Choose it unless a"
        " receiver wants another.",
        _example(Endpoint.Format.TESLEMETRY),
        "example-teslemetry",
    ),
    Endpoint.Format.TESLA: Told(
        "Tesla raw",
        "As Tesla's own server writes telemetry: a list of keys and values.",
        _example(Endpoint.Format.TESLA),
        "example-tesla",
    ),
    Endpoint.Format.SPLUNK: Told(
        "Splunk HEC",
        "For Splunk's HTTP Event Collector; put 'Splunk' and its token into"
        " Authorization below.",
        _example(Endpoint.Format.SPLUNK),
        "example-splunk",
    ),
}
FORMATS: Final = {one.value: _FORMATS[one] for one in Endpoint.Format}

_FAILURES: Final[dict[str, str]] = {
    ErrorKind.TIMEOUT: "The receiver did not answer in time.",
    ErrorKind.CONNECT_TIMEOUT: "The receiver could not be reached in time. See whether it"
    " is on, and whether a firewall lets Keyfob in.",
    ErrorKind.DNS: "The host's name could not be found. Check the address for a typing"
    " error.",
    ErrorKind.REFUSED: "Nothing listens there: the connection was refused.",
    ErrorKind.RESET: "The receiver cut the connection off before it had answered.",
    ErrorKind.UNREACHABLE: "There is no way to the receiver from here.",
    ErrorKind.TLS: "The receiver's certificate is not trusted: it has expired, is"
    " self-signed, or belongs to another name.",
    ErrorKind.BLOCKED: "The address leads into a private network. Whoever runs this"
    " Keyfob can open it with WEBHOOKS_PRIVATE_NETWORKS.",
    ErrorKind.PARTIAL: "The receiver cut its answer off in the middle.",
    ErrorKind.BAD_ANSWER: "What answered does not speak HTTP as it should.",
    ErrorKind.SECRETS: "What Keyfob keeps sealed of this webhook could not be decrypted, so"
    " nothing was sent. The webhook's page says what to do.",
    ErrorKind.REDIRECT: "The receiver sends elsewhere, where Keyfob does not follow. Put"
    " the final address here.",
}
_ROLL: Final = "The secret of this webhook can no longer be decrypted. Roll it."
_UNREADABLE: Final = {
    "secret_sealed": _ROLL,
    "old_secret_sealed": _ROLL,
    "authorization_sealed": "Its Authorization can no longer be decrypted. Type it anew"
    " under Change.",
    "headers_sealed": "Its headers can no longer be decrypted. Type them anew under"
    " Change.",
}
_STATUSES: Final = {
    400: "The receiver refused the request as malformed.",
    401: "The receiver wants another authorization. Check it under Change.",
    403: "The receiver does not let Keyfob in. Check authorization and firewall.",
    404: "There is nothing at this address. Check its path.",
    405: "The receiver takes no POST there. Check its path.",
    410: "The receiver says it is gone for good.",
    413: "The receiver finds the request too large. Collect fewer events in one.",
    429: "The receiver wants fewer requests. Lower the rate under Advanced.",
}


def failure(error_kind: str, status: int | None) -> str:
    """Return what went wrong in a sentence; empty when nothing did."""
    if not error_kind:
        return ""
    if error_kind != ErrorKind.STATUS or status is None:
        return _FAILURES.get(error_kind, f"It could not be sent ({error_kind}).")
    if status >= 500:
        return "The receiver has a fault of its own. Look into its log."
    return _STATUSES.get(status, "The receiver did not accept it.")


def unreadable(columns: Iterable[str]) -> str:
    """Return what to do about sealed columns that no key opens; empty for none."""
    return " ".join(dict.fromkeys(_UNREADABLE[column] for column in columns))


def kind(topic: str) -> str:
    """Return what a kind of news is called."""
    if topic == PING:
        return "Is anybody there?"
    told = KINDS.get(topic)
    return told.title if told is not None else topic
