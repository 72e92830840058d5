"""Put the table into words and examples, for people and for programs."""

from typing import Any

from fleet.endpoints import (
    ENDPOINTS,
    PRICE_USD,
    Endpoint,
    Kind,
    Param,
    Price,
    Subject,
    Where,
)

PRICES = {
    Price.FREE: "Tesla bills nothing for it",
    Price.DATA: f"Tesla bills it as a data request, ${PRICE_USD[Price.DATA]}",
    Price.COMMANDS: f"Tesla bills it as a command, ${PRICE_USD[Price.COMMANDS]}",
    Price.WAKES: f"Tesla bills it as a wake, ${PRICE_USD[Price.WAKES]}",
}
_EXAMPLES: dict[str, Any] = {
    "vehicle_tag": "5YJ3E1EA7NF123456",
    "vin": "5YJ3E1EA7NF123456",
    "vins": ["5YJ3E1EA7NF123456"],
    "site_id": 1234567890123,
    "pin": "1234",
    "password": "1234",
    "percent": 80,
    "driver_temp": 21.5,
    "passenger_temp": 21.5,
    "lat": 52.5163,
    "lon": 13.3777,
    "url": "https://example.com/film.mp4",
    "public_key": "MIICCgKCAgEA",
    "start_date": "2026-11-20T00:00:00+01:00",
    "end_date": "2026-11-20T23:59:59+01:00",
    "time_zone": "Europe/Berlin",
    "days_of_week": "Weekdays",
    "value": "Alexanderplatz, Berlin",
    "tou_settings": {"tariff_content_v2": {}},
    "command_properties": {
        "message": {"common": {"get_system_info_request": {}}},
        "identifier_type": 1,
    },
}
_BY_KIND: dict[Kind, Any] = {
    Kind.STRING: "words",
    Kind.INTEGER: 1,
    Kind.NUMBER: 1,
    Kind.BOOLEAN: True,
    Kind.ARRAY: [],
    Kind.OBJECT: {},
    Kind.ANY: "words",
}
_SUBJECTS = {
    Subject.PLATFORM: "Platform",
    Subject.SERVER: "Platform",
    Subject.VEHICLE: "Vehicles",
    Subject.ENERGY_SITE: "Energy sites",
    Subject.USER: "Account and charging",
    Subject.CHARGING: "Account and charging",
}

DESCRIBED = tuple(one for one in ENDPOINTS if not one.partner)
"""What an access token opens, and what needs none; in the order of the table."""


def group_of(endpoint: Endpoint) -> str:
    """Return under which heading an endpoint stands."""
    if endpoint.is_custom:
        return "Custom commands"
    if endpoint.is_command:
        return "Commands"
    if endpoint.name == "products":
        return "Vehicles"
    return _SUBJECTS[endpoint.subject]


GROUPS = tuple(dict.fromkeys(group_of(one) for one in DESCRIBED))
"""The headings, in the order of the table."""


def example(param: Param) -> Any:
    """Return a value that the parameter takes, as a person might send it."""
    if param.choices:
        return param.choices[0]
    if param.name in _EXAMPLES:
        return _EXAMPLES[param.name]
    if param.minimum is not None:
        return param.minimum
    return _BY_KIND[param.kind]


def plain(value: Any) -> str:
    """Return an example as an address holds it: true and false as JSON has them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def example_path(endpoint: Endpoint) -> str:
    """Return the address with examples in it, and the query that is needed."""
    values = {param.name: example(param) for param in endpoint.params_in(Where.PATH)}
    path = endpoint.path.format_map(values)
    query = "&".join(
        f"{param.name}={plain(example(param))}"
        for param in endpoint.params_in(Where.QUERY)
        if param.required
    )
    return f"{path}?{query}" if query else path


def example_body(endpoint: Endpoint) -> dict[str, Any] | None:
    """Return the smallest body that the endpoint takes; None where it takes none."""
    params = {param.name: param for param in endpoint.params_in(Where.BODY)}
    if not params:
        return None
    wanted = [name for name, param in params.items() if param.required]
    if not wanted and endpoint.one_of:
        wanted = [endpoint.one_of[0]]
    return {name: example(params[name]) for name in wanted}


def limits(param: Param) -> str:
    """Return in words which values the parameter takes."""
    if param.choices:
        return ", ".join(str(choice) for choice in param.choices)
    least, most = param.minimum, param.maximum
    if param.kind is Kind.ARRAY or (least is None and most is None):
        return ""
    if most is None:
        return f"{least:g} or more"
    return f"{least:g} to {most:g}"
