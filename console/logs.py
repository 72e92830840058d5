"""Write logs as one JSON object a line, with secrets and line breaks taken out."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime

REMOVED = "[removed]"

_NAMED = re.compile(
    r"""(?ix)
    ( ["']? \b (?: [a-z0-9_]* (?: token | secret | password | passwd ) | code | state
        | nonce | authorization | code_verifier | cookie | set-cookie | sessionid | csrftoken
        | private_key | encryption_keys ) ["']? \s* [=:] \s* )
    ( "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | (?:bearer\ +|basic\ +)? [^\s&"',;)}\]]+ )
    """
)
_SHAPED = re.compile(
    r"""(?x)
    \b (?: bearer | Bearer ) \ + [\w.~+/=-]+          # a header's value
    | \b eyJ [\w-]+ \. [\w-]+ (?: \. [\w-]* )?        # a JWT
    | \b kf[cr]?_ [0-9A-Za-z]{6,}                      # a token or code we issued
    | \b v1:[0-9A-Za-z]+:[\w+/=-]{16,}                # a sealed column
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
      .*? (?: -----END\ [A-Z ]*PRIVATE\ KEY----- | \Z )
    | (?<=://) [^\s/@:]+ : [^\s/@]+ (?=@)             # user:password@host
    """,
    re.DOTALL,
)
_VIN = re.compile(r"\b[A-HJ-NPR-Z0-9]{11}([A-HJ-NPR-Z0-9]{2}[0-9]{4})\b")
_EXTRAS = ("status_code", "method", "path", "event")


def redact(text: str) -> str:
    """Return a text without secrets; a VIN keeps its last six characters only."""
    text = _SHAPED.sub(REMOVED, text)
    text = _NAMED.sub(rf"\g<1>{REMOVED}", text)
    return _VIN.sub(r"VIN…\g<1>", text)


class JSONFormatter(logging.Formatter):
    """Format a log record as one JSON object.

    Keys: `time` (ISO 8601, UTC), `level`, `logger`, `message`, and where they exist
    `error` (the traceback) and the extras `event`, `method`, `path`, `status_code`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line, without a line break at the end."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = redact(self.formatException(record.exc_info))
        line.update(_extras(vars(record)))
        return json.dumps(line, ensure_ascii=False)


class NotOurFault(logging.Filter):
    """Turn what a stranger's request caused into one warning without a traceback.

    Django logs a foreign Host header as an error, and anybody can send any number.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; return whether warnings are written at all."""
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        return logging.getLogger().isEnabledFor(logging.WARNING)


def _extras(facts: Mapping[str, object]) -> dict[str, object]:
    found = {name: facts[name] for name in _EXTRAS if name in facts}
    return {
        name: redact(value) if isinstance(value, str) else value
        for name, value in found.items()
        if isinstance(value, str | int)
    }
