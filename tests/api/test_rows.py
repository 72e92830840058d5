"""Each row of the table has its test: the smallest good call, through the gateway.

All calls are made once, by one program of Alice's, in the order of the table; the
tests then look at what came back.
"""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from fleet.endpoints import (
    COMMANDS,
    CUSTOM_COMMANDS,
    ENDPOINTS,
    Content,
    Endpoint,
    Subject,
    Where,
)
from fleet.scopes import Scope
from tests.api import samples
from tests.api.conftest import Answer, Program, Stage

# The database of tests is only made for tests that say so.
pytestmark = pytest.mark.django_db

# A refresh comes first: others tell what it read.
ROWS = sorted(
    (one for one in ENDPOINTS if not one.public), key=lambda one: one.name != "refresh"
)
STATUS = {
    # Tesla keeps no backup key for Alice, and she is no business.
    "users_backup_key": (404, "not_found"),
    "charging_sessions": (403, "Forbidden: business accounts only"),
    # The code of an invitation to one's own car lends nothing.
    "redeem_invitation": (404, "not_found"),
    "redeem_vehicle_invitation": (404, "not_found"),
    # Nobody drives Granny but Alice.
    "remove_driver": (404, "not_found"),
    # Tesla takes a streaming configuration signed only.
    "fleet_telemetry_config_create": (403, None),
    "fleet_telemetry_config_jws": (400, "the token is not a compact JWS"),
    # Granny is too old for the command protocol.
    "signed_command": (422, "vehicle does not support the command protocol"),
    "image": (302, None),
    # Nobody has said yet what Granny is to stream.
    "config": (404, "not_found"),
    **{
        one.name: (403, "Forbidden: a partner token is required")
        for one in ENDPOINTS
        if one.partner
    },
}
# The first of the choices is nothing to do, or nothing that is said signed.
SAID: dict[str, dict[str, Any]] = {
    "custom_closure": {"rearTrunk": "move"},
    "sun_roof_control": {"state": "vent"},
    "add_charge_schedule": {"start_time": 120, "end_time": 300},
}
NEEDING_A_SCOPE = [
    one
    for one in ROWS
    # A list leaves out what no scope opens: Tesla decides.
    if one.scopes and not one.partner and one.name not in {"products", "vehicles"}
]


async def _call(program: Program, endpoint: Endpoint, known: dict[str, Any]) -> Answer:
    values = {
        param.name: known.get(param.name, "1")
        for param in endpoint.params_in(Where.PATH)
    }
    query, body = samples.query(endpoint), samples.body(endpoint)
    body |= SAID.get(endpoint.name, {})
    query |= {name: known[name] for name in query.keys() & known.keys()}
    body |= {name: known[name] for name in body.keys() & known.keys()}
    return await program.call(
        endpoint.path.format_map(values),
        method=endpoint.method,
        query=urlencode(query).encode(),
        body=json.dumps(body).encode() if body else b"",
    )


async def _tour(program: Program, known: dict[str, Any]) -> dict[str, Answer]:
    found = {}
    for endpoint in ROWS:
        # Custom commands are taken signed only, and Granny is too old for that.
        vin = known["signing_vin" if endpoint.is_custom else "vin"]
        answer = await _call(program, endpoint, known | {"vehicle_tag": vin})
        found[endpoint.name] = answer
        if endpoint.name == "create_invitation":
            known["invitation_id"] = answer.json["response"]["id_s"]
            known["code"] = answer.json["response"]["code"]
        if endpoint.name == "charging_history":
            newest = answer.json["response"]["data"][0]
            known["content_id"] = newest["invoices"][0]["contentId"]
    return found


@pytest.fixture(scope="module")
def seen(stage: Stage) -> dict[str, Answer]:
    """Return the answers to all calls, by the endpoint's name."""
    answers: dict[str, Answer] = stage.play(_tour)
    return answers


@pytest.fixture(scope="module")
def seen_signed(stage: Stage) -> dict[str, Answer]:
    """Return what a car that wants signatures answers to each of Tesla's commands."""

    async def tour(program: Program, known: dict[str, Any]) -> dict[str, Answer]:
        there = known | {"vehicle_tag": known["signing_vin"]}
        return {one.name: await _call(program, one, there) for one in COMMANDS}

    found: dict[str, Answer] = stage.play(tour)
    return found


@pytest.fixture(scope="module")
def seen_without_scopes(
    stage: Stage, seen: dict[str, Answer], seen_signed: dict[str, Answer]
) -> dict[str, Answer]:
    """Return what each call gets when the grant was given no scope at all."""

    async def tour(program: Program, known: dict[str, Any]) -> dict[str, Answer]:
        return {
            endpoint.name: await _call(program, endpoint, known)
            for endpoint in NEEDING_A_SCOPE
        }

    stage.grant.scopes = [Scope.OPENID.value]
    stage.grant.save(update_fields=["scopes"])
    stage.simulator.hub.ledger.clear()
    answers: dict[str, Answer] = stage.play(tour)
    assert stage.simulator.calls == []
    return answers


@pytest.mark.parametrize("endpoint", ROWS, ids=lambda one: one.name)
def test_row_answers(seen: dict[str, Answer], endpoint: Endpoint) -> None:
    answer = seen[endpoint.name]
    status, error = STATUS.get(endpoint.name, (200, None))
    assert answer.status == status, answer.body
    if error:
        assert answer.json["error"] == error
    if endpoint.content is Content.PDF:
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.body.startswith(b"%PDF-")
    else:
        kind = answer.headers["content-type"]
        assert kind.startswith("application/json")
        assert isinstance(answer.json, dict)


@pytest.mark.parametrize(
    "endpoint", [*COMMANDS, *CUSTOM_COMMANDS], ids=lambda one: one.name
)
def test_command_says_whether_it_was_carried_out(
    seen: dict[str, Answer], endpoint: Endpoint
) -> None:
    content = seen[endpoint.name].json["response"]
    assert isinstance(content["result"], bool)
    assert content["result"] or content["reason"]


@pytest.mark.parametrize("endpoint", COMMANDS, ids=lambda one: one.name)
def test_command_is_taken_by_a_car_that_wants_signatures(
    seen_signed: dict[str, Answer], endpoint: Endpoint
) -> None:
    answer = seen_signed[endpoint.name]
    assert answer.status == 200, answer.body
    content = answer.json["response"]
    assert isinstance(content["result"], bool)
    assert content["result"] or content["reason"]


@pytest.mark.parametrize("endpoint", NEEDING_A_SCOPE, ids=lambda one: one.name)
def test_row_is_refused_without_its_scope(
    seen_without_scopes: dict[str, Answer], endpoint: Endpoint
) -> None:
    answer = seen_without_scopes[endpoint.name]
    assert answer.status == 403, answer.body
    assert answer.error.startswith("Unauthorized missing scopes ")


def test_every_row_belongs_to_a_subject_that_was_met() -> None:
    assert {one.subject for one in ENDPOINTS} == set(Subject)
