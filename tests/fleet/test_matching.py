"""Matching a path: exact segments or nothing."""

import string

import pytest
from hypothesis import given, strategies as st

from fleet.endpoints import BY_NAME, is_path_value, match, methods

VIN = "5YJ3E1EA0LF000001"
ALLOWED = string.ascii_letters + string.digits + "_-"


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/1/vehicles", "vehicles"),
        ("GET", f"/api/1/vehicles/{VIN}", "vehicle"),
        ("POST", "/api/1/vehicles/fleet_status", "fleet_status"),
        ("GET", f"/api/1/vehicles/{VIN}/specs", "specs"),
        ("POST", f"/api/1/vehicles/{VIN}/command/honk_horn", "honk_horn"),
        ("DELETE", f"/api/1/vehicles/{VIN}/drivers", "remove_driver"),
    ],
)
def test_match_names_the_endpoint(method: str, path: str, name: str) -> None:
    found = match(method, path)

    assert found is not None
    assert found.endpoint == BY_NAME[name]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "api/1/products",
        "/api/1/products/",
        "//api/1/products",
        "/api//1/products",
        "/api/1/./products",
        "/api/1/x/../products",
        "/api/1/%2e%2e/products",
        "/api/1/products;x=1",
        "/api/1/products?token=x",
        "/api/1/products#x",
        "/API/1/products",
        "/api/1/products\x00",
        "/api/1/vehicles/",
        "/api/1/vehicles/..",
        "/api/1/vehicles/.",
        "/api/1/vehicles/%2e%2e",
        "/api/1/vehicles/a%2fb",
        "/api/1/vehicles/a;b",
        "/api/1/vehicles/a\\b",
        "/api/1/vehicles/a\r\nHost: x",
        "/api/1/vehicles/a\n",
        "/api/1/vehicles/a b",
        "/api/1/vehicles/a@b",
        "/api/1/vehicles/é",
        "/api/1/vehicles/٣",
        "/api/1/vehicles/" + "a" * 65,
        "/api/1/vehicles/fleet_status/vehicle_data",
        f"/api/1/vehicles/{VIN}/command",
        f"/api/1/vehicles/{VIN}/command/unheard_of",
        f"/api/1/vehicles/{VIN}/command/honk_horn/x",
        "/api/1",
    ],
)
def test_match_refuses_whatever_is_not_exact(path: str) -> None:
    assert match("GET", path) is None
    assert match("POST", path) is None
    assert methods(path) == ()


def test_match_refuses_a_foreign_method() -> None:
    assert match("DELETE", "/api/1/products") is None
    assert match("get", "/api/1/products") is None
    assert methods("/api/1/products") == ("GET",)


def test_methods_lists_all_methods_of_a_path() -> None:
    assert methods(f"/api/1/vehicles/{VIN}/drivers") == ("DELETE", "GET")


def test_match_gives_the_values_in_the_path() -> None:
    found = match("POST", f"/api/1/vehicles/{VIN}/invitations/42/revoke")

    assert found is not None
    assert found.path_params == {"vehicle_tag": VIN, "invitation_id": "42"}


@given(st.text(alphabet=ALLOWED, min_size=1, max_size=64))
def test_match_takes_any_plain_value(value: str) -> None:
    found = match("GET", f"/api/1/energy_sites/{value}/site_info")

    assert found is not None
    assert found.path_params == {"site_id": value}


@given(st.text(max_size=80).filter(lambda text: not set(text) <= set(ALLOWED)))
def test_match_takes_no_value_with_another_sign(value: str) -> None:
    assert not is_path_value(value)
    assert match("GET", f"/api/1/energy_sites/{value}/site_info") is None


@given(st.text(max_size=600), st.sampled_from(["GET", "POST", "DELETE", "PATCH"]))
def test_match_survives_any_text(path: str, method: str) -> None:
    found = match(method, path)

    assert found is None or found.endpoint.method == method
