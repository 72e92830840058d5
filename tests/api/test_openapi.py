"""The description for programs: valid, complete, and true."""

import json
from typing import Any

import pytest
import yaml
from django.test import Client
from openapi_spec_validator import validate

from api.describing import DESCRIBED, example_body
from api.openapi import as_yaml, document
from fleet.endpoints import BY_NAME, Endpoint, Where

pytestmark = pytest.mark.django_db
BASE_URL = "http://keyfob.example"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """Return the description as a program reads it."""
    found = yaml.safe_load(as_yaml(BASE_URL, "1"))
    assert isinstance(found, dict)
    return found


def test_openapi_is_served_as_yaml(client: Client) -> None:
    answer = client.get("/openapi.yaml")
    assert answer.headers["Content-Type"] == "application/yaml; charset=utf-8"
    found = yaml.safe_load(answer.content)
    assert found["servers"] == [{"url": "http://localhost:8000"}]
    assert len(found["paths"]) > 190


def test_openapi_is_valid(described: dict[str, Any]) -> None:
    validate(described)


def test_yaml_says_what_the_document_says(described: dict[str, Any]) -> None:
    assert described == json.loads(json.dumps(document(BASE_URL, "1")))


@pytest.mark.parametrize("endpoint", DESCRIBED, ids=lambda one: one.name)
def test_operation_tells_what_the_table_says(
    described: dict[str, Any], endpoint: Endpoint
) -> None:
    found = described["paths"][endpoint.path][endpoint.method.lower()]
    assert found["operationId"] == endpoint.name
    assert found["x-price-class"] == endpoint.price
    assert found["x-scopes"] == list(endpoint.scopes)
    assert {one["name"] for one in found["parameters"]} == {
        param.name for param in endpoint.params if param.where is not Where.BODY
    }
    body = found.get("requestBody", {"content": {"application/json": {"schema": {}}}})
    schema = body["content"]["application/json"]["schema"]
    assert schema.get("properties", {}).keys() == {
        param.name for param in endpoint.params_in(Where.BODY)
    }
    assert (found.get("security") == []) is endpoint.public


def test_kinds_that_programs_send_instead_are_named(
    described: dict[str, Any],
) -> None:
    path = BY_NAME["navigation_request"].path
    body = described["paths"][path]["post"]["requestBody"]
    properties = body["content"]["application/json"]["schema"]["properties"]
    assert properties["value"]["type"] == ["string", "object"]


def test_examples_are_the_smallest_good_bodies() -> None:
    assert example_body(BY_NAME["door_lock"]) is None
    assert example_body(BY_NAME["set_charge_limit"]) == {"percent": 80}
    assert example_body(BY_NAME["custom_closure"]) == {"frontDriverDoor": "none"}
