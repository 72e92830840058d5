"""Bad input at every kind of address: refused here, and Tesla hears nothing of it."""

from typing import Any
from urllib.parse import urlencode

import pytest

from fleet.endpoints import ENDPOINTS, Endpoint, Where
from tests.api import samples
from tests.api.conftest import Answer, Program, Stage

pytestmark = pytest.mark.django_db

WITH_BODY = [
    one
    for one in ENDPOINTS
    if one.params_in(Where.BODY) and not one.partner and not one.local
]
WITH_PATH = [one for one in ENDPOINTS if one.params_in(Where.PATH) and not one.partner]
WITH_QUERY = [
    one for one in ENDPOINTS if one.params_in(Where.QUERY) and not one.partner
]
BODIES = {
    "deep": (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "twice": (b'{"on":true,"on":false}', 400),
    "not UTF-8": (b'{"on":"\xff"}', 400),
    "too large": (b'{"on":"' + b"x" * 1024 * 1024 + b'"}', 413),
    "no object": (b"[]", 400),
    "cut off": (b'{"on":', 400),
}
PATHS = ("..", "%2e%2e", "a;b", "a%00b", "a%0d%0ab", "a\\b", "a b", "é", "x" * 65)
JSON = ((b"content-type", b"application/json"),)


def _path(endpoint: Endpoint, known: dict[str, Any], **more: str) -> str:
    names = {param.name for param in endpoint.params_in(Where.PATH)}
    values = {name: known.get(name, "1") for name in names}
    return endpoint.path.format_map({**values, **more})


def _headers(program: Program, *more: tuple[bytes, bytes]) -> Any:
    bearer = f"Bearer {program.access_token}".encode()
    return ((b"authorization", bearer), *more)


@pytest.mark.parametrize("kind", BODIES)
def test_bad_body_is_refused_everywhere(stage: Stage, kind: str) -> None:
    body, status = BODIES[kind]

    async def tour(program: Program, known: dict[str, Any]) -> dict[str, Answer]:
        return {
            endpoint.name: await program.call(
                _path(endpoint, known),
                method=endpoint.method,
                query=urlencode(samples.query(endpoint)).encode(),
                body=body,
                headers=_headers(program, *JSON),
            )
            for endpoint in WITH_BODY
        }

    stage.simulator.hub.ledger.clear()
    answers = stage.play(tour)
    assert {one.status for one in answers.values()} == {status}
    assert {one.error for one in answers.values()} == {"invalid_request"}
    assert stage.simulator.calls == []


@pytest.mark.parametrize("value", PATHS)
def test_odd_value_in_a_path_reaches_nobody(stage: Stage, value: str) -> None:
    async def tour(program: Program, known: dict[str, Any]) -> list[int]:
        statuses = []
        for endpoint in WITH_PATH:
            for param in endpoint.params_in(Where.PATH):
                path = _path(endpoint, known, **{param.name: value})
                answer = await program.call(
                    path, method=endpoint.method, raw_path=path.encode()
                )
                statuses.append(answer.status)
        return statuses

    stage.simulator.hub.ledger.clear()
    assert set(stage.play(tour)) <= {400, 404}
    assert stage.simulator.calls == []


def test_parameter_that_stands_twice_is_refused(stage: Stage) -> None:
    async def tour(program: Program, known: dict[str, Any]) -> list[Answer]:
        return [
            await program.call(
                _path(endpoint, known),
                method=endpoint.method,
                query=f"{param.name}=1&{param.name}=2".encode(),
            )
            for endpoint in WITH_QUERY
            for param in endpoint.params_in(Where.QUERY)
            if not endpoint.public
        ]

    stage.simulator.hub.ledger.clear()
    answers = stage.play(tour)
    assert {(one.status, one.error) for one in answers} == {(400, "invalid_request")}
    assert stage.simulator.calls == []
