"""The parameters of every call, good and wrong, against the table."""

from typing import Any

import pytest

from api import validation
from api.responses import Refusal
from fleet.endpoints import BY_NAME, ENDPOINTS, Endpoint, Kind, Param, Where
from tests.api import samples

WITH_BODY = [one for one in ENDPOINTS if one.params_in(Where.BODY)]
WITH_QUERY = [one for one in ENDPOINTS if one.params_in(Where.QUERY)]


def _pairs(rows: list[Endpoint], where: Where) -> list[Any]:
    return [
        pytest.param(endpoint, param, id=f"{endpoint.name}-{param.name}")
        for endpoint in rows
        for param in endpoint.params_in(where)
    ]


def _body_wrongs(endpoint: Endpoint, sent: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(Refusal) as refused:
        validation.body(endpoint, sent)
    return _wrongs(refused.value)


def _query_wrongs(endpoint: Endpoint, sent: dict[str, str]) -> dict[str, Any]:
    with pytest.raises(Refusal) as refused:
        validation.query(endpoint, sent)
    return _wrongs(refused.value)


def _wrongs(refusal: Refusal) -> dict[str, Any]:
    assert (refusal.status, refusal.code) == (400, "invalid_field")
    messages: Any = refusal.more["messages"]
    assert messages
    for name, (words,) in messages.items():
        assert f"“{name}”" in words
        assert words in refusal.description
    return dict(messages)


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=lambda one: one.name)
def test_smallest_body_is_taken_as_it_is(endpoint: Endpoint) -> None:
    sent = samples.body(endpoint)
    assert validation.body(endpoint, {**sent, "colour": "red"}) == sent


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=lambda one: one.name)
def test_fullest_body_is_taken_as_it_is(endpoint: Endpoint) -> None:
    params = endpoint.params_in(Where.BODY)
    sent = {param.name: samples.good(param) for param in params}
    assert validation.body(endpoint, sent) == sent


@pytest.mark.parametrize(("endpoint", "param"), _pairs(WITH_BODY, Where.BODY))
def test_wrong_member_of_a_body_is_named(endpoint: Endpoint, param: Param) -> None:
    wrong = samples.wrong(param)
    assert wrong or param.kind is Kind.ANY
    for value in wrong:
        sent = samples.body(endpoint, **{param.name: value})
        assert _body_wrongs(endpoint, sent).keys() == {param.name}, value


@pytest.mark.parametrize(("endpoint", "param"), _pairs(WITH_BODY, Where.BODY))
def test_missing_member_of_a_body_is_named(endpoint: Endpoint, param: Param) -> None:
    sent = samples.body(endpoint)
    without = {name: value for name, value in sent.items() if name != param.name}
    if param.required:
        assert _body_wrongs(endpoint, without).keys() == {param.name}
        # None is as good as nothing.
        assert _body_wrongs(endpoint, {**without, param.name: None}).keys() == {
            param.name
        }
    elif endpoint.one_of:
        assert _body_wrongs(endpoint, _none_of(endpoint, sent)).keys() == {
            endpoint.one_of[0]
        }
    else:
        assert validation.body(endpoint, {**without, param.name: None}) == without


def _none_of(endpoint: Endpoint, sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name not in endpoint.one_of}


@pytest.mark.parametrize("endpoint", WITH_QUERY, ids=lambda one: one.name)
def test_query_is_taken_without_what_is_ours(endpoint: Endpoint) -> None:
    params = endpoint.params_in(Where.QUERY)
    sent = {param.name: str(samples.good(param)) for param in params}
    forwarded = validation.query(endpoint, {**sent, "colour": "red"})
    assert forwarded == {
        param.name: sent[param.name].lower()
        if param.kind is Kind.BOOLEAN
        else sent[param.name]
        for param in params
        if not param.ours
    }


@pytest.mark.parametrize(("endpoint", "param"), _pairs(WITH_QUERY, Where.QUERY))
def test_wrong_parameter_of_a_query_is_named(endpoint: Endpoint, param: Param) -> None:
    wrong = {
        Kind.INTEGER: ["x", "1.5", "", "9" * 30, "+1", "\u0661"],
        Kind.BOOLEAN: ["yes", "", "1"],
        Kind.STRING: ["x" * 10_001],
    }[param.kind]
    if param.choices or param.pattern or param.name.endswith("_date"):
        wrong.append("noonday?")
    if param.minimum is not None:
        wrong.append(str(int(param.minimum) - 1))
    sent: dict[str, str] = {}
    for value in wrong:
        sent = samples.query(endpoint, **{param.name: value})
        assert _query_wrongs(endpoint, sent).keys() == {param.name}, value
    if param.required:
        found = samples.query(endpoint)
        without = {k: v for k, v in found.items() if k != param.name}
        assert _query_wrongs(endpoint, without).keys() == {param.name}


def test_all_wrong_fields_are_named_at_once() -> None:
    wrongs = _body_wrongs(BY_NAME["set_temps"], {"driver_temp": 72})
    assert wrongs == {
        "driver_temp": ["“driver_temp” must be a number from 10 to 35."],
        "passenger_temp": ["“passenger_temp” is missing."],
    }


@pytest.mark.parametrize(
    ("name", "sent", "forwarded"),
    [
        (
            "navigation_request",
            {"value": {"android.intent.extra.TEXT": "Main Street"}},
            {"value": {"android.intent.extra.TEXT": "Main Street"}},
        ),
        ("navigation_request", {"value": "Main Street"}, {"value": "Main Street"}),
        ("navigation_sc_request", {"id": "7", "order": 1}, {"id": "7", "order": 1}),
        ("navigation_sc_request", {"id": 7}, {"id": 7}),
        ("window_control", {"command": "vent"}, {"command": "vent"}),
        ("clear_pin_to_drive_admin", {}, {}),
        ("clear_pin_to_drive_admin", {"pin": "1234"}, {"pin": "1234"}),
        ("speed_limit_activate", {"pin": 420}, {"pin": "0420"}),
        ("set_valet_mode", {"on": True, "password": ""}, {"on": True, "password": ""}),
        ("set_charge_limit", {"percent": 80.0}, {"percent": 80}),
        ("remote_seat_heater_request", {"heater": 0, "level": 3}, None),
        ("upcoming_calendar_entries", {"calendar_data": "{}"}, None),
        ("fleet_status", {"vins": [samples.VIN] * 2}, {"vins": [samples.VIN]}),
    ],
)
def test_what_clients_are_known_to_send_is_taken(
    name: str, sent: dict[str, Any], forwarded: dict[str, Any] | None
) -> None:
    assert validation.body(BY_NAME[name], sent) == (forwarded or sent)


@pytest.mark.parametrize("days", ["Monday,Friday", "All", 127])
def test_days_are_taken_as_words_and_as_a_mask(days: str | int) -> None:
    endpoint = BY_NAME["add_charge_schedule"]
    sent = samples.body(endpoint, days_of_week=days)
    assert validation.body(endpoint, sent)["days_of_week"] == days


@pytest.mark.parametrize(
    "vins", [[], [samples.VIN] * 101, ["5YJ"], [1], "5YJ3E1EA7NF123456"]
)
def test_vins_must_be_a_list_of_vins(vins: Any) -> None:
    wrongs = _body_wrongs(BY_NAME["fleet_status"], {"vins": vins})
    assert wrongs == {"vins": ["“vins” must be a list of 1 to 100 VINs."]}


@pytest.mark.parametrize(
    ("sent", "forwarded"),
    [
        ("2026-06-14T00:00:00 02:00", "2026-06-14T00:00:00+02:00"),
        ("2026-06-14T00:00:00.5 0200", "2026-06-14T00:00:00.5+0200"),
        ("2026-06-14T00:00:00Z", "2026-06-14T00:00:00Z"),
    ],
)
def test_plus_sign_of_a_time_is_mended(sent: str, forwarded: str) -> None:
    found = validation.query(
        BY_NAME["calendar_history"], {"kind": "energy", "start_date": sent}
    )
    assert found["start_date"] == forwarded


def test_groups_are_checked_one_by_one() -> None:
    endpoint = BY_NAME["vehicle_data"]
    groups = "charge_state;;location_data;"
    assert validation.query(endpoint, {"endpoints": groups}) == {"endpoints": groups}
    wrongs = _query_wrongs(endpoint, {"endpoints": "charge_state;engine_state"})
    assert wrongs.keys() == {"endpoints"}


def test_call_without_parameters_is_not_looked_at() -> None:
    assert validation.query(BY_NAME["vehicle"], {"colour": "red"}) == {}
    assert validation.body(BY_NAME["door_lock"], {"colour": "red"}) == {}
