"""Whatever a program sends, it gets an answer that is no 5xx.

Schemathesis reads the OpenAPI document and makes up calls, good and bad. The budget is
bounded: each operation gets a few calls, in one door, against the simulated Tesla.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET

from api.door import Door
from api.openapi import as_yaml
from tests.api.conftest import Answer, Program, Stage

pytestmark = pytest.mark.django_db

BUDGET_S = 12.0
# So many are tried however slow the machine is.
LEAST = 25
EXAMPLES = 3
# A site's gateway answers a message that it does not know with Tesla's own 540.
PASSED_ON = {"energy_command": {540}, "remove_authorized_client": {540}}
BASE_URL = "http://keyfob.example"


async def _send(program: Program, case: Any, known: dict[str, Any]) -> Answer:
    values = {
        # Mostly the caller's own things, since what is unknown gets no further.
        name: known.get(name, value) if hash(str(value)) % 4 else value
        for name, value in (case.path_parameters or {}).items()
    }
    path = case.path.format_map({k: quote(str(v), safe="") for k, v in values.items()})
    query = {
        k: v
        for k, v in (case.query or {}).items()
        if k != "token" and str(v).isprintable()
    }
    body = b""
    if isinstance(case.body, bytes):
        body = case.body
    elif case.body is not NOT_SET:
        body = json.dumps(case.body).encode()
    return await program.call(
        path,
        method=case.method.upper(),
        query=urlencode(query, doseq=True).encode(),
        body=body,
    )


@dataclass(slots=True)
class Run:
    """Calls under way: what was seen, and which answers were wrong."""

    send: Callable[[Any], Answer]
    seen: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def try_out(self, operation: Any, mode: GenerationMode) -> None:
        """Make a few calls of one operation."""
        passed_on = PASSED_ON.get(operation.definition.raw["operationId"], set())

        def check(case: Any) -> None:
            answer = self.send(case)
            self.seen.add(answer.status)
            if answer.status >= 500 and answer.status not in passed_on:
                self.wrong.append(f"{operation.label}: {answer.status} {answer.body!r}")

        strategy = operation.as_strategy(generation_mode=mode)
        settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(case=strategy)(check))()


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"]
)
def test_no_call_is_answered_with_a_5xx(stage: Stage, mode: GenerationMode) -> None:
    document = yaml.safe_load(as_yaml(BASE_URL, "1"))
    document["paths"] = {
        path: operations
        for path, operations in document["paths"].items()
        if path.startswith("/api/")
    }
    schema: Any = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations()]
    # A machine that is too slow for all of them tries others each time.
    random.shuffle(operations)
    with asyncio.Runner() as runner:
        door = Door()
        program = Program(door, stage.access_token)
        run = Run(lambda case: runner.run(_send(program, case, stage.known)))
        ends_at = time.monotonic() + BUDGET_S / 2
        tried = 0
        try:
            for operation in operations:
                run.try_out(operation, mode)
                tried += 1
                if tried >= LEAST and time.monotonic() > ends_at:
                    break
        finally:
            runner.run(door.close())
    assert run.wrong == []
    assert tried >= min(LEAST, len(operations))
    assert {200, 400} <= run.seen
