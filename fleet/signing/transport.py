"""Carry the protocol's messages to Tesla, and sort what Tesla answers."""

import json
from base64 import b64decode, b64encode
from typing import Protocol

import httpx

from fleet.async_client import AsyncClient
from fleet.errors import (
    FleetError,
    NotSent,
    ProtocolUnsupported,
    Unreachable,
    Unreadable,
    VehicleUnavailable,
    refusal,
)
from fleet.errors.refusals import unenveloped
from fleet.wire import Answer

_MAYBE_DONE = frozenset({500, 502, 504, 540})
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    ConnectionRefusedError,
)


class Transport(Protocol):
    """Carry a message to a car, by Tesla's `signed_command`."""

    async def signed_command(self, vin: str, routable: bytes) -> Answer:
        """Return Tesla's whole answer, whatever its status.

        Raises `Unreachable`, `TimedOut` or `Unreadable` where none came.
        """


class FleetTransport:
    """Carry messages by the gateway's client, for one person's car."""

    def __init__(
        self, client: AsyncClient, base_url: str, tesla_access_token: str
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._tesla_access_token = tesla_access_token

    async def signed_command(self, vin: str, routable: bytes) -> Answer:
        """Return Tesla's whole answer, whatever its status."""
        return await self._client.send(
            "POST",
            self._base_url,
            f"/api/1/vehicles/{vin}/signed_command",
            tesla_access_token=self._tesla_access_token,
            body=envelope(routable),
        )


class Lost(Exception):
    """Say that a message was sent and nothing readable came back; `cause` knows."""

    def __init__(self, cause: FleetError) -> None:
        super().__init__()
        self.cause = cause


def envelope(routable: bytes) -> bytes:
    """Return the body that takes a message to Tesla."""
    return json.dumps({"routable_message": b64encode(routable).decode()}).encode()


def never_left(error: FleetError) -> bool:
    """Tell whether a call ended before anything of it was sent."""
    return isinstance(error, NotSent) or isinstance(error.__cause__, _NEVER_SENT)


async def carry(transport: Transport, vin: str, routable: bytes) -> bytes:
    """Return the car's answer to a message.

    Raises `ProtocolUnsupported` (422), `VehicleUnavailable` (408, 503), or what
    else Tesla's refusal is; `Unreachable` where the message never left; `Lost`
    where it left and may have reached the car.
    """
    try:
        answer = await transport.signed_command(vin, routable)
    except Unreachable as error:
        if never_left(error):
            raise
        raise Lost(error) from error
    except Unreadable as error:
        raise Lost(error) from error
    if answer.status != 200:
        raise _refusal(answer)
    return opened(answer.body)


def opened(body: bytes) -> bytes:
    """Return the message in Tesla's answer. Raises `Lost` where there is none."""
    try:
        document = json.loads(body)
        if isinstance(document, dict) and (said := unenveloped(document)):
            raise said
        return b64decode(document["response"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        unreadable = Unreadable("Tesla's answer holds no message", status=200)
        raise Lost(unreadable) from error


def _refusal(answer: Answer) -> FleetError | Lost:
    error = refusal(answer.status, answer.body, dict(answer.headers))
    if answer.status == 422:
        return ProtocolUnsupported(
            status=422, code=error.code, description=error.description, txid=error.txid
        )
    if answer.status == 503:
        return VehicleUnavailable(
            status=503,
            description=error.description,
            txid=error.txid,
            retry_after_s=error.retry_after_s,
        )
    timed_out = answer.status == 408 and "timeout" in error.code.lower()
    if timed_out or answer.status in _MAYBE_DONE:
        return Lost(error)
    return error
