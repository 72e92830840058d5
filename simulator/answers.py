"""Write answers in the Fleet API's own shape."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from aiohttp import web

_SLEEPING = "vehicle unavailable: vehicle is offline or asleep"


class Refused(Exception):
    """Carry a finished answer that says no, from wherever it was decided."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


def answer(response: Any, status: int = 200, **more: Any) -> web.Response:
    """Return the envelope `{"response": …}`; `more` are its other keys."""
    return document({"response": response, **more}, status)


def document(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a JSON answer with an `x-txid` header."""
    txid = body.get("txid") or new_txid()
    return web.Response(
        body=json.dumps(body).encode(),
        status=status,
        content_type="application/json",
        charset="utf-8",
        headers={"x-txid": txid, **(headers or {})},
    )


def refuse(
    status: int,
    error: str,
    description: str = "",
    headers: Mapping[str, str] | None = None,
) -> Refused:
    """Return, to be raised, a refusal in the Fleet API's error shape."""
    body = {
        "response": None,
        "error": error,
        "error_description": description,
        "txid": new_txid(),
    }
    return Refused(document(body, status, headers))


def refuse_silently(status: int) -> Refused:
    """Return, to be raised, a refusal without any body."""
    return Refused(web.Response(status=status, headers={"x-txid": new_txid()}))


def refuse_asleep() -> Refused:
    """Return, to be raised, the 408 of a car that is offline or asleep."""
    return refuse(408, _SLEEPING)


def new_txid() -> str:
    """Return a fresh transaction id, 32 hexadecimal digits."""
    return uuid4().hex
