"""Turn an answer with a status of error into the error that says so."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from fleet.errors.redaction import redact
from fleet.errors.tree import (
    DeviceFault,
    Forbidden,
    InvalidRequest,
    KeyDownloadFailed,
    Locked,
    LoginRequired,
    MissingScopes,
    NotAcceptable,
    NotFound,
    NotRegistered,
    NotSupported,
    OutOfRegion,
    PaymentRequired,
    RateLimited,
    Refused,
    ServerFault,
    Unauthorized,
    VehicleUnavailable,
)
from fleet.regions import base_url_from_421
from fleet.scopes import Scope

_BY_STATUS: Mapping[int, type[Refused]] = {
    400: InvalidRequest,
    401: Unauthorized,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    408: VehicleUnavailable,
    412: NotRegistered,
    421: OutOfRegion,
    422: NotSupported,
    423: Locked,
    424: KeyDownloadFailed,
    429: RateLimited,
    540: DeviceFault,
}
_WAIT = re.compile(r"\bretry in (\d{1,9}) second", re.IGNORECASE)
_LONGEST_WAIT_S = 86_400.0
_SCOPE_NAMES = frozenset(Scope)


def refusal(
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    *,
    secrets: Iterable[str] = (),
) -> Refused:
    """Return the error that an answer with a status of error stands for.

    The body may be anything: Tesla's JSON, plain text, HTML, nothing. Texts
    taken from it are shortened to one line, without `secrets` and tokens.
    Source: Tesla's page on response codes; bodies as seen in the field.
    """
    secrets = tuple(secrets)
    lowered = {name.lower(): value for name, value in headers.items()}
    code, description, txid = _facts(body, secrets)
    error = _class_of(status, code)(
        status=status,
        code=code,
        description=description,
        retry_after_s=_retry_after_s(body, lowered),
        txid=txid or redact(lowered.get("x-txid", ""), secrets),
    )
    if isinstance(error, MissingScopes):
        words = re.findall(r"[a-z_]+", f"{code} {description}")
        error.scopes = tuple(word for word in words if word in _SCOPE_NAMES)
    if isinstance(error, OutOfRegion):
        error.base_url = base_url_from_421(body, lowered)
    return error


def unenveloped(document: Mapping[str, Any]) -> Refused | None:
    """Return the error inside an answer 200 whose `response` is null, else None.

    Tesla says "vehicle unavailable" that way at times.
    """
    error = document.get("error")
    if document.get("response") is not None or not isinstance(error, str) or not error:
        return None
    kind = VehicleUnavailable if "vehicle unavailable" in error else Refused
    description = document.get("error_description")
    return kind(
        status=200,
        code=redact(error),
        description=redact(description) if isinstance(description, str) else "",
    )


def _class_of(status: int, code: str) -> type[Refused]:
    said = code.lower()
    if status == 401 and said == "login_required":
        return LoginRequired
    if status == 400 and said == "server_error":
        return ServerFault
    if status == 403 and "missing scope" in said:
        return MissingScopes
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ServerFault if status >= 500 else Refused


def _facts(body: bytes, secrets: tuple[str, ...]) -> tuple[str, str, str]:
    """Return `error`, `error_description` and `txid` of a body, "" for each absent."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return _plain_text(body, secrets), "", ""
    if not isinstance(document, dict):
        return "", "", ""
    texts = (document.get(key) for key in ("error", "error_description", "txid"))
    code, description, txid = (
        redact(text, secrets) if isinstance(text, str) else "" for text in texts
    )
    return code, description, txid


def _plain_text(body: bytes, secrets: tuple[str, ...]) -> str:
    """Return a short plain text such as "Retry in 42 seconds"; nothing of HTML."""
    text = body[:2000].decode("utf-8", "replace").strip()
    if "<" in text or text.startswith(("{", "[")) or "\ufffd" in text:
        return ""
    return redact(text, secrets)


def _retry_after_s(body: bytes, headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the answer asks to wait, at most a day, else None."""
    for name in ("retry-after", "ratelimit-reset"):
        seconds = _seconds(headers.get(name, ""))
        if seconds is not None:
            return seconds
    match = _WAIT.search(body[:200].decode("utf-8", "replace"))
    return _seconds(match.group(1)) if match else None


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if math.isfinite(seconds) else None
