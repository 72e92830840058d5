"""Messages travel to Tesla as JSON, over the gateway's own client."""

import asyncio
import json
from base64 import b64encode

import pytest

from fleet.async_client import AsyncClient
from fleet.errors import FleetError, Refused, Unreachable
from fleet.hosts import TESLA
from fleet.signing import FleetTransport, envelope
from fleet.signing.transport import Lost, carry, opened
from tests.fleet.loopback import Answerer, Loopback, cut, http
from tests.fleet.signing import vectors


def _carry(url: str) -> bytes:
    async def main() -> bytes:
        client = AsyncClient(TESLA)
        try:
            transport = FleetTransport(client, url, "a-token")
            return await carry(transport, vectors.VIN, b"routable")
        finally:
            await client.close()

    return asyncio.run(main())


def test_a_message_goes_to_the_car_and_its_answer_comes_back() -> None:
    answer = http({"response": b64encode(b"answer").decode()})

    with Loopback(answer) as server:
        assert _carry(server.url) == b"answer"

    asked = server.asked[0]
    assert (asked.method, asked.target) == (
        "POST",
        f"/api/1/vehicles/{vectors.VIN}/signed_command",
    )
    assert asked.headers["authorization"] == "Bearer a-token"
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == {"routable_message": "cm91dGFibGU="}
    assert asked.body == envelope(b"routable")


@pytest.mark.parametrize(
    "answer", [cut(), cut(b"HTTP/1.1 200 OK\r\n"), b"garbage\r\n\r\n"]
)
def test_a_connection_that_breaks_after_sending_is_a_loss(
    answer: bytes | Answerer,
) -> None:
    with Loopback(answer) as server, pytest.raises(Lost) as told:
        _carry(server.url)

    assert isinstance(told.value.cause, FleetError)


def test_a_server_that_is_not_there_got_nothing() -> None:
    with Loopback(b"") as server:
        pass

    with pytest.raises(Unreachable):
        _carry(server.url)


def test_a_refusal_inside_a_success_is_one() -> None:
    with pytest.raises(Refused) as told:
        opened(b'{"response": null, "error": "not_a_JSON_request"}')

    assert told.value.code == "not_a_JSON_request"


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{}", b'{"response": null}', b'{"response": "*"}', b"[" * 99_999],
)
def test_a_body_without_a_message_is_a_loss(body: bytes) -> None:
    with pytest.raises(Lost):
        opened(body)
