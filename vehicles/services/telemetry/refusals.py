"""Know why a car streams nothing: each reason in plain words, with the next step."""

from dataclasses import dataclass
from enum import StrEnum

import fleet
from fleet.errors import explain


class Step(StrEnum):
    """List what a person can do next; a page makes a link or a button of it."""

    NONE = ""
    PAIR = "pair"
    SCOPES = "scopes"
    RELINK = "relink"
    SEND = "send"
    FIELDS = "fields"


class Code(StrEnum):
    """List the reasons; those of `SKIPPED` are Tesla's own names."""

    MISSING_KEY = "missing_key"
    UNSUPPORTED_HARDWARE = "unsupported_hardware"
    UNSUPPORTED_FIRMWARE = "unsupported_firmware"
    MAX_CONFIGS = "max_configs"
    LIMIT_REACHED = "limit_reached"
    MISSING_SCOPE = "missing_scope"
    RELINK = "relink"
    NOT_LISTED = "not_listed"
    WRONG_DOMAIN = "wrong_domain"
    BAD_CERTIFICATE = "bad_certificate"
    UNREADABLE_CERTIFICATE = "unreadable_certificate"
    UNKNOWN_FIELD = "unknown_field"
    NOT_REGISTERED = "not_registered"
    BILLING_LIMIT = "billing_limit"
    NOT_KEPT = "not_kept"
    NO_KEY = "no_signing_key"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


SKIPPED = (
    Code.MISSING_KEY,
    Code.UNSUPPORTED_HARDWARE,
    Code.UNSUPPORTED_FIRMWARE,
    Code.MAX_CONFIGS,
)
FULL = frozenset({Code.MAX_CONFIGS, Code.LIMIT_REACHED})
"""The reasons that end when another application lets go of the car."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Say why, in a few words and in a sentence or two, and what to do."""

    title: str
    words: str
    step: Step = Step.NONE


_REASONS: dict[str, Reason] = {
    Code.MISSING_KEY: Reason(
        "The car does not have the virtual key",
        "Cars take streaming settings only when they are signed with a key that they"
        " know. Pair the key; this is then sent again by itself.",
        Step.PAIR,
    ),
    Code.UNSUPPORTED_HARDWARE: Reason(
        "This car's computer cannot stream",
        "Model S and X from before 2021 with the first media computer have no Fleet"
        " Telemetry. The car can still be read with Vehicle Data.",
    ),
    Code.UNSUPPORTED_FIRMWARE: Reason(
        "The car's software is too old",
        "Streaming needs 2024.26 or newer (2025.20 for older Model S and X). Install the"
        " update in the car; this is tried again by itself.",
    ),
    Code.MAX_CONFIGS: Reason(
        "No slot is free",
        "A car streams to a few applications only, and others hold all of its places."
        " Take the car away from one of them, in that application or in your Tesla"
        " account under third-party apps. Tesla does not say which they are. Keyfob"
        " looks for a free place and sends this again by itself.",
    ),
    Code.MISSING_SCOPE: Reason(
        "A scope is missing",
        "Streaming needs vehicle_device_data, and places need vehicle_location, too."
        " Grant it at Tesla, or leave those fields out; it is then sent again.",
        Step.SCOPES,
    ),
    Code.RELINK: Reason(
        "The Tesla account must be linked again",
        "Tesla has ended the link to the account that sees this car. It takes one"
        " sign-in at Tesla; this is then sent again by itself.",
        Step.RELINK,
    ),
    Code.NOT_LISTED: Reason(
        "Tesla no longer lists this car",
        "No linked Tesla account sees the car any more, so that nobody can set what it"
        " streams.",
    ),
    Code.WRONG_DOMAIN: Reason(
        "The receiver's host name does not belong to the application",
        "Tesla takes only a host under the domain that the application is registered"
        " with. Whoever runs this Keyfob sets TELEMETRY_HOSTNAME to such a name.",
    ),
    Code.BAD_CERTIFICATE: Reason(
        "Tesla does not take the receiver's certificate",
        "The certificate authority that cars are to trust is no valid PEM. Whoever runs"
        " this Keyfob looks at TELEMETRY_CA_FILE.",
    ),
    Code.UNREADABLE_CERTIFICATE: Reason(
        "The certificate for cars cannot be read",
        "Without it nothing can be sent to the car. Whoever runs this Keyfob looks after"
        " the files that TELEMETRY_CERTIFICATE_FILE and TELEMETRY_CA_FILE name; this is"
        " then sent by itself.",
    ),
    Code.UNKNOWN_FIELD: Reason(
        "Tesla does not know one of the fields",
        "Tesla refuses the whole set for it. Leave the field out, and send the rest.",
        Step.FIELDS,
    ),
    Code.NOT_REGISTERED: Reason(
        "The application is not registered in this region",
        "Whoever runs this Keyfob registers it there; this is then sent again.",
    ),
    Code.BILLING_LIMIT: Reason(
        "Tesla's billing limit is reached",
        "Tesla takes no settings, and drops those it had, until whoever runs this Keyfob"
        " raises the limit on Tesla's developer page. It is then sent again by itself.",
    ),
    Code.NOT_KEPT: Reason(
        "Tesla took it, and the car has none",
        "Tesla took the settings, and shows none a moment later. They are sent again by"
        " themselves; if that stays so, install the car's update and pair the key anew.",
        Step.SEND,
    ),
    Code.NO_KEY: Reason(
        "The settings cannot be signed",
        "This Keyfob cannot open its own signing key. Whoever runs it looks at"
        " ENCRYPTION_KEYS.",
    ),
    Code.REFUSED: Reason(
        "Tesla refused",
        "Tesla does not take these settings, for the reason below. It is tried again now"
        " and then.",
        Step.SEND,
    ),
    Code.NO_ANSWER: Reason(
        "Tesla does not answer just now",
        "Your wish is kept, and sent as soon as Tesla answers again. Nothing is to be"
        " done.",
    ),
}
_REASONS[Code.LIMIT_REACHED] = _REASONS[Code.MAX_CONFIGS]

_CAR_ERRORS = (
    (
        "unknown issuer",
        Reason(
            "The car does not trust the signature",
            "The car fetched the settings and does not know the key that signed them."
            " Pair the virtual key with the car again, then send once more.",
            Step.PAIR,
        ),
    ),
    (
        "mailbox public key",
        Reason(
            "The car could not open the settings",
            "Its own connection to Tesla needs renewing: restart the car by holding both"
            " scroll wheels, take a short drive, then send once more.",
            Step.SEND,
        ),
    ),
    (
        "certificate",
        Reason(
            "The car does not trust the receiver",
            "The server's certificate does not fit the one that came with the settings."
            " Whoever runs this Keyfob checks TELEMETRY_HOSTNAME and the certificate.",
        ),
    ),
    (
        "expired",
        Reason(
            "The car says that the settings have expired",
            "They are renewed by themselves; if this stays, send once more and check the"
            " car's clock.",
            Step.SEND,
        ),
    ),
)
_OTHER_CAR_ERROR = Reason(
    "The car reports an error",
    "Its own words are below. Sending once more often helps; so does a short drive.",
    Step.SEND,
)


def reason_of(code: str) -> Reason:
    """Return what is said of a reason."""
    return _REASONS.get(code, _REASONS[Code.REFUSED])


def reason_of_car_error(words: str) -> Reason:
    """Return what is said of an error that the car reported."""
    lower = words.lower()
    found = (reason for needle, reason in _CAR_ERRORS if needle in lower)
    return next(found, _OTHER_CAR_ERROR)


def code_of(error: fleet.FleetError) -> Code:
    """Return which reason an error of Tesla's is."""
    said = f"{error.code} {error.description}".lower()
    for kind, code in _BY_KIND:
        if isinstance(error, kind):
            return code
    for needle, code in _BY_WORD:
        if needle in said:
            return code
    return Code.REFUSED


def details_of(error: fleet.FleetError) -> str:
    """Return what Tesla said, for people who want to know more."""
    said = " ".join(part for part in (error.code, error.description) if part)
    status = f"{error.status}: " if error.status else ""
    return f"{status}{said or explain(error).title}"[:500]


_BY_KIND: tuple[tuple[type[fleet.FleetError], Code], ...] = (
    (fleet.Unreachable, Code.NO_ANSWER),
    (fleet.Unreadable, Code.NO_ANSWER),
    (fleet.RateLimited, Code.NO_ANSWER),
    (fleet.ServerFault, Code.NO_ANSWER),
    (fleet.Unauthorized, Code.NO_ANSWER),
    (fleet.LoginRequired, Code.RELINK),
    (fleet.MissingScopes, Code.MISSING_SCOPE),
    (fleet.PaymentRequired, Code.BILLING_LIMIT),
    (fleet.NotRegistered, Code.NOT_REGISTERED),
    (fleet.NotFound, Code.NOT_LISTED),
)
_BY_WORD = (
    ("domain", Code.WRONG_DOMAIN),
    ("hostname", Code.WRONG_DOMAIN),
    ("missing scope", Code.MISSING_SCOPE),
    ("unknown field", Code.UNKNOWN_FIELD),
    ("pem", Code.BAD_CERTIFICATE),
    ("max_configs", Code.MAX_CONFIGS),
    ("public key", Code.MISSING_KEY),
)
