"""Make values for the parameters of the table: good ones, and ones that are wrong."""

from typing import Any

from fleet.endpoints import Endpoint, Kind, Param, Where

VIN = "5YJ3E1EA7NF123456"
_BY_NAME = {
    "vin": VIN,
    "vins": [VIN],
    "pin": "1234",
    "password": "1234",
    "url": "https://example.com/film.mp4",
    "public_key": "AAAA",
    "time_zone": "America/Los_Angeles",
    "start_date": "2026-06-14T00:00:00-07:00",
    "end_date": "2026-06-14T23:59:59-07:00",
    "share_user_id": 1,
    "days_of_week": "All",
    "limit_mph": 60.0,
}
_BY_KIND = {
    Kind.STRING: "words",
    Kind.INTEGER: 1,
    Kind.NUMBER: 1.5,
    Kind.BOOLEAN: True,
    Kind.ARRAY: [],
    Kind.OBJECT: {"key": "value"},
    Kind.ANY: {"key": [None]},
}
_OTHERS: dict[Kind, tuple[Any, ...]] = {
    Kind.STRING: ([], {}, True, 1.5),
    Kind.INTEGER: ("5", 1.5, True, [], {}, 10**30, float("inf")),
    Kind.NUMBER: ("1.5", True, [], {}, 10**30, float("inf")),
    Kind.BOOLEAN: ("true", 1, 0, [], {}),
    Kind.ARRAY: ("words", {}, 1, True),
    Kind.OBJECT: ([], 1, True),
}


def good(param: Param) -> Any:
    """Return a value that the parameter takes."""
    if param.choices:
        return param.choices[0]
    if param.name in _BY_NAME:
        return _BY_NAME[param.name]
    if param.minimum is not None:
        return param.minimum if param.kind is Kind.NUMBER else int(param.minimum)
    return _BY_KIND[param.kind]


def wrong(param: Param) -> list[Any]:
    """Return values that the parameter does not take, as a body says them."""
    found = list(_OTHERS.get(param.kind, ()))
    if param.choices:
        found.append("nothing of the kind" if param.kind is Kind.STRING else 9_999)
    if param.minimum is not None and param.kind is not Kind.ARRAY:
        found.append(param.minimum - 1)
    if param.maximum is not None:
        found.append(param.maximum + 1)
    if param.kind is Kind.STRING and not param.choices:
        found.append("x" * (param.longest + 1))
    if param.pattern and param.kind is Kind.STRING:
        found += ["12 34", "\u0661\u0662\u0663\u0664", "12é"]
    if param.kind is Kind.STRING and Kind.OBJECT not in param.also:
        found.append({"key": "value"})
    taken = {Kind.OBJECT: dict, Kind.STRING: str, Kind.INTEGER: int}
    also = tuple(taken[kind] for kind in param.also)
    return [
        value
        for value in found
        if not isinstance(value, also)
        or (isinstance(value, bool) and Kind.INTEGER in param.also)
    ]


def body(endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    """Return the smallest good body of an endpoint, with more members."""
    params = endpoint.params_in(Where.BODY)
    found = {param.name: good(param) for param in params if param.required}
    names = {param.name: param for param in params}
    if endpoint.one_of and names.keys() >= set(endpoint.one_of):
        found[endpoint.one_of[0]] = good(names[endpoint.one_of[0]])
    return {**found, **more}


def query(endpoint: Endpoint, **more: str) -> dict[str, str]:
    """Return the smallest good query of an endpoint, with more parameters."""
    params = endpoint.params_in(Where.QUERY)
    return {
        **{param.name: str(good(param)) for param in params if param.required},
        **more,
    }
