"""Describe the table to programs: OpenAPI 3.1, as YAML."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from api.describing import DESCRIBED, PRICES, group_of, limits
from fleet.endpoints import Content, Endpoint, Kind, Param, Where

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
# What older readers of YAML take for true, false or nothing.
_WORDS = frozenset({"on", "off", "yes", "no", "y", "n", "true", "false", "null"})
_TYPES = {
    Content.JSON: "application/json",
    Content.TEXT: "text/plain",
    Content.PDF: "application/pdf",
    Content.YAML: "application/yaml",
    Content.PAGE: "text/html",
}
_REFUSALS = {
    400: "Something in the request is wrong; `messages` names each field.",
    401: "The access token is missing, or not valid here.",
    402: "A subscription or credit is needed.",
    403: "The Tesla account did not grant a scope that this needs.",
    404: "No car, site or account of yours has this name.",
    406: "The body is not JSON.",
    413: "The body is too large.",
    429: "Too many calls; `Retry-After` says how long to wait.",
    502: "Tesla's answer cannot be read.",
    503: "Tesla cannot be reached, or wants its person to sign in again.",
    504: "Tesla took too long.",
}
_ASLEEP = "The car is asleep or offline."


def document(base_url: str, version: str) -> dict[str, Any]:
    """Return the description of what an access token opens at an address."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in DESCRIBED:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(
            endpoint
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Keyfob",
            "version": version,
            "summary": "Tesla's Fleet API through a Keyfob of one's own.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "security": [{"bearer": []}, {"query": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
            },
            "schemas": _SCHEMAS,
        },
    }


_SCHEMAS = {
    "Answer": {"type": "object"},
    "Outcome": {
        "type": "object",
        "properties": {
            "response": {
                "type": ["object", "null"],
                "properties": {
                    "result": {"type": "boolean"},
                    "reason": {"type": "string"},
                },
            }
        },
    },
    "Refusal": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "response": {},
            "error": {"type": "string"},
            "error_description": {"type": "string"},
            "messages": {
                "type": "object",
                "additionalProperties": {
                    "type": "array",
                    "items": {"type": "string"},
                },
            },
        },
    },
}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "tags": [group_of(endpoint)],
        "summary": endpoint.summary,
        "description": _description(endpoint),
        "parameters": [
            _parameter(param)
            for where in (Where.PATH, Where.QUERY)
            for param in endpoint.params_in(where)
        ],
        "responses": _responses(endpoint),
        "x-price-class": endpoint.price.value,
        "x-scopes": [scope.value for scope in endpoint.scopes],
        "x-repeatable": endpoint.repeatable,
    }
    if endpoint.params_in(Where.BODY):
        found["requestBody"] = _body(endpoint)
    if endpoint.public:
        found["security"] = []
    return found


def _description(endpoint: Endpoint) -> str:
    scopes = " or ".join(scope.value for scope in endpoint.scopes) or "none"
    note = f"{endpoint.note[:1].upper()}{endpoint.note[1:]}." if endpoint.note else ""
    return f"{note} Scope: {scopes}. {PRICES[endpoint.price]}.".strip()


def _parameter(param: Param) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": param.name,
        "in": param.where.value,
        "required": param.required,
        "schema": _schema(param),
    }
    if param.note:
        found["description"] = param.note
    return found


def _body(endpoint: Endpoint) -> dict[str, Any]:
    params = endpoint.params_in(Where.BODY)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {param.name: _schema(param) for param in params},
    }
    required = [param.name for param in params if param.required]
    if required:
        schema["required"] = required
    if endpoint.one_of:
        schema["anyOf"] = [{"required": [name]} for name in endpoint.one_of]
    return {
        "required": bool(required or endpoint.one_of),
        "content": {"application/json": {"schema": schema}},
    }


def _schema(param: Param) -> dict[str, Any]:
    kinds = [param.kind.value, *(kind.value for kind in param.also)]
    found: dict[str, Any] = {}
    if param.kind is not Kind.ANY:
        found["type"] = kinds[0] if len(kinds) == 1 else kinds
    if param.separator:
        one = "|".join(str(choice) for choice in param.choices)
        found["pattern"] = f"^(?:{one})(?:{param.separator}(?:{one}))*$"
    elif param.choices:
        found["enum"] = list(param.choices)
    elif param.kind is Kind.ARRAY:
        items = {"type": "string", "pattern": f"^{param.pattern}$"}
        found |= {"items": items, "minItems": 1, "maxItems": param.longest}
    elif param.kind is Kind.STRING:
        if param.pattern:
            found["pattern"] = f"^{param.pattern}$"
        found["maxLength"] = param.longest
    else:
        bounds = (("minimum", param.minimum), ("maximum", param.maximum))
        found |= {name: value for name, value in bounds if value is not None}
    if param.note and param.where is Where.BODY:
        found["description"] = param.note
    if words := limits(param):
        found.setdefault("description", words)
    return found


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.content is Content.REDIRECT:
        found: dict[str, Any] = {"302": {"description": "The way to it."}}
    else:
        name = "Outcome" if endpoint.is_command else "Answer"
        schema: dict[str, Any] = {"$ref": f"#/components/schemas/{name}"}
        if endpoint.content is not Content.JSON:
            schema = {"type": "string"}
        media = {_TYPES[endpoint.content]: {"schema": schema}}
        found = {"200": {"description": "What was asked for.", "content": media}}
    if endpoint.public:
        return found
    refusals = {**_REFUSALS, 408: _ASLEEP} if endpoint.live else _REFUSALS
    schema = {"$ref": "#/components/schemas/Refusal"}
    for status, words in sorted(refusals.items()):
        found[str(status)] = {
            "description": words,
            "content": {"application/json": {"schema": schema}},
        }
    return found


@cache
def as_yaml(base_url: str, version: str) -> bytes:
    """Return the description as YAML 1.2."""
    lines = _lines(document(base_url, version), 0)
    return ("\n".join(lines) + "\n").encode()


def scalar(value: Any) -> str:
    """Return a value as JSON, with its characters as they are."""
    return json.dumps(value, ensure_ascii=False)


def _lines(value: Any, depth: int) -> Iterator[str]:
    """Yield a mapping or a list in block style; scalars are written as JSON."""
    indent = "  " * depth
    if isinstance(value, Mapping):
        pairs: Iterator[tuple[str, Any]] = (
            (f"{_key(k)}:", v) for k, v in value.items()
        )
    else:
        pairs = (("-", one) for one in value)
    for head, one in pairs:
        if isinstance(one, Mapping | list | tuple) and one:
            yield f"{indent}{head}"
            yield from _lines(one, depth + 1)
        else:
            yield f"{indent}{head} {scalar(one)}"


def _key(name: str) -> str:
    plain = _PLAIN_KEY.fullmatch(name) and name.lower() not in _WORDS
    return name if plain else json.dumps(name)
