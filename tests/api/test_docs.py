"""The pages that describe the API, and the form that tries a call."""

import pytest
from django.test import Client

from api.describing import DESCRIBED
from api.snippets import snippets
from fleet import streamed
from fleet.endpoints import BY_NAME, ENDPOINTS, Endpoint

pytestmark = pytest.mark.django_db


def test_docs_lists_every_endpoint_that_a_token_opens(client: Client) -> None:
    page = client.get("/docs").content.decode()
    assert f"{len(DESCRIBED)} endpoints" in page
    for endpoint in ENDPOINTS:
        assert (f'href="/docs/{endpoint.name}"' in page) is not endpoint.partner


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("charge limit", "set_charge_limit"),
        ("STORM", "storm_mode"),
        ("command/door_lock", "door_lock"),
        ("driver_temp", "set_temps"),
    ],
)
def test_docs_are_searched_by_words(client: Client, asked: str, found: str) -> None:
    page = client.get("/docs", {"q": asked}).content.decode()
    assert f'href="/docs/{found}"' in page
    assert 'href="/docs/users_me"' not in page
    assert f'value="{asked}"' in page


def test_docs_say_when_nothing_is_found(client: Client) -> None:
    page = client.get("/docs", {"q": "<b>parrot"}).content.decode()
    assert "0 endpoints" in page
    assert "No endpoint holds these words" in page
    assert "<b>parrot" not in page


@pytest.mark.parametrize("endpoint", DESCRIBED, ids=lambda one: one.name)
def test_page_of_an_endpoint_tells_what_the_table_says(
    client: Client, endpoint: Endpoint
) -> None:
    answer = client.get(f"/docs/{endpoint.name}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert endpoint.path in page
    for param in endpoint.params:
        assert f'<span class="mono">{param.name}</span>' in page
    for scope in endpoint.scopes:
        assert scope.value in page
    assert page.count("<pre id=") == 3
    assert ("data-try " in page) is (endpoint.content == "json")


@pytest.mark.parametrize("name", ["register_partner", "nothing"])
def test_page_of_what_is_not_described_is_not_there(client: Client, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404


def test_page_of_an_endpoint_has_a_title_and_names_as_they_are_written(
    client: Client,
) -> None:
    page = client.get("/docs/vehicle_data").content.decode()
    assert ".</h1>" not in page
    assert "location_data without vehicle_location is 403" in page
    assert 'placeholder="true"' in page
    assert 'placeholder="True"' not in page


def test_snippets_make_the_same_call_in_each_language() -> None:
    curl, python, typescript = snippets(BY_NAME["set_charge_limit"], "http://keyfob")
    url = "http://keyfob/api/1/vehicles/5YJ3E1EA7NF123456/command/set_charge_limit"
    assert curl.text == (
        "curl -X POST \\\n"
        '  -H "Authorization: Bearer $KEYFOB_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        "  -d '{\"percent\": 80}' \\\n"
        f'  "{url}"'
    )
    assert f'"POST",\n    "{url}",' in python.text
    assert "json={'percent': 80}," in python.text
    compile(python.text, "snippet", "exec")
    assert 'body: JSON.stringify({"percent": 80}),' in typescript.text
    assert f'fetch("{url}", {{' in typescript.text


def test_snippet_of_a_public_address_carries_no_token() -> None:
    texts = [one.text for one in snippets(BY_NAME["fields"], "http://keyfob")]
    assert texts[0] == 'curl \\\n  "http://keyfob/fields.json"'
    assert "TOKEN" not in "".join(texts)


@pytest.mark.parametrize("endpoint", DESCRIBED, ids=lambda one: one.name)
def test_python_snippet_compiles(endpoint: Endpoint) -> None:
    compile(snippets(endpoint, "http://keyfob")[1].text, "snippet", "exec")


def test_fields_are_those_that_cars_can_stream(client: Client) -> None:
    answer = client.get("/fields.json")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    found = answer.json()
    assert found == streamed.fields()
    assert len(found) > 240
    assert found["VehicleSpeed"]["type"] == "float"
    assert found["Location"] == {
        "type": "location",
        "category": "Location",
        "version": "2024.26",
        "nullable": True,
        "scopes": ["vehicle_location"],
        "interval_seconds": {"default": 1, "min": 1},
    }
    kinds = {"int", "float", "bool", "enum", "string", "time", "location", "unknown"}
    assert {one["type"] for one in found.values()} <= kinds
    assert len({one["category"] for one in found.values()}) == 11
