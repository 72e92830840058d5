"""Check the parameters of a call against the table, before anybody is asked.

Tesla bills bad requests like good ones, so none is forwarded. What programs are known
to send differently is taken: a PIN as a number, a whole number as 5.0, a plus sign in
a time that arrived as a space. What the table does not name is left out.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.responses import Refusal
from fleet.endpoints import ENDPOINTS, Endpoint, Kind, Param, Where

_LARGEST = 2**53
_SHIFTED_ZONE = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})")
_MOMENTS = frozenset({"start_date", "end_date"})
_WORDS = {
    Kind.STRING: "a text",
    Kind.INTEGER: "a whole number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.ARRAY: "a list",
    Kind.OBJECT: "an object",
}


class Wrong(Exception):
    """A value that a parameter does not take; says what it must be."""


Check = Callable[[Any], Any]
"""Takes a value as it was sent; returns it as it is forwarded, or raises `Wrong`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one endpoint takes in one place of a request."""

    checks: Mapping[str, Check]
    required: tuple[str, ...]
    ours: frozenset[str]
    one_of: tuple[str, ...]


def query(endpoint: Endpoint, sent: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a query, checked, without those that Tesla knows not.

    Raises the 400 `Refusal` that names each field that is wrong.
    """
    rules = _QUERY.get(endpoint.name)
    if rules is None or not (sent or rules.required):
        return {}
    found = _checked(rules, sent)
    return {name: value for name, value in found.items() if name not in rules.ours}


def body(endpoint: Endpoint, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a body, checked; None is as good as absent.

    Raises the 400 `Refusal` that names each field that is wrong.
    """
    rules = _BODY.get(endpoint.name)
    return {} if rules is None else _checked(rules, sent)


def _checked(rules: Rules, sent: Mapping[str, Any]) -> dict[str, Any]:
    wrong: dict[str, str] = {}
    found: dict[str, Any] = {}
    for name, check in rules.checks.items():
        value = sent.get(name)
        if value is None:
            continue
        try:
            found[name] = check(value)
        except Wrong as why:
            wrong[name] = f"“{name}” must be {why}."
    for name in rules.required:
        if name not in found:
            wrong.setdefault(name, f"“{name}” is missing.")
    if rules.one_of and not wrong and not found.keys() & set(rules.one_of):
        one_of = ", ".join(f"“{name}”" for name in rules.one_of)
        wrong[rules.one_of[0]] = f"One of {one_of} is needed."
    if wrong:
        raise invalid(wrong)
    return found


def invalid(wrong: Mapping[str, str]) -> Refusal:
    """Return the refusal of fields, each with a sentence on what is wrong with it."""
    return Refusal(
        400,
        "invalid_field",
        " ".join(wrong.values()),
        more={"messages": {name: [words] for name, words in wrong.items()}},
    )


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        raise Wrong(_WORDS[Kind.INTEGER])
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(_WORDS[Kind.NUMBER])
    if isinstance(value, float) and not -1e308 < value < 1e308:
        raise Wrong(_WORDS[Kind.NUMBER])
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise Wrong(_WORDS[Kind.NUMBER])
    return value


def _kind(kind: Kind) -> Check:
    """Return the check of a type alone."""
    if kind is Kind.INTEGER:
        return _whole
    if kind is Kind.NUMBER:
        return _number
    types = {
        Kind.STRING: str,
        Kind.BOOLEAN: bool,
        Kind.ARRAY: list,
        Kind.OBJECT: dict,
        Kind.ANY: object,
    }
    wanted = types[kind]

    def check(value: Any) -> Any:
        if not isinstance(value, wanted):
            raise Wrong(_WORDS[kind])
        return value

    return check


def _sent_as_text(kind: Kind) -> Check:
    """Return the check of a type as a query says it."""
    if kind is Kind.INTEGER:
        return _digits
    if kind is Kind.BOOLEAN:
        return _yes_or_no
    return _kind(Kind.STRING)


def _digits(value: str) -> str:
    if not re.fullmatch(r"-?[0-9]{1,15}", value, re.ASCII):
        raise Wrong(_WORDS[Kind.INTEGER])
    return value


def _yes_or_no(value: str) -> str:
    if value.lower() not in {"true", "false"}:
        raise Wrong(_WORDS[Kind.BOOLEAN])
    return value.lower()


def _moment(value: str) -> str:
    mended = _SHIFTED_ZONE.sub(r"\1+\2", value)
    try:
        datetime.fromisoformat(mended)
    except ValueError:
        raise Wrong("a time such as 2026-11-20T00:00:00-08:00") from None
    return mended


def _limited(param: Param, check: Check) -> Check:
    """Return a check that heeds the limits of a number, too."""
    least, most = param.minimum, param.maximum
    words = _WORDS[param.kind]
    if least is not None and most is not None:
        words = f"{words} from {least:g} to {most:g}"
    elif least is not None:
        words = f"{words} of {least:g} or more"

    def limited(value: Any) -> Any:
        checked = check(value)
        size = int(checked) if isinstance(checked, str) else checked
        if (least is not None and size < least) or (most is not None and size > most):
            raise Wrong(words)
        return checked

    return limited


def _chosen(param: Param, check: Check) -> Check:
    """Return a check that takes the choices alone."""
    known = {str(choice) for choice in param.choices}
    words = f"one of {', '.join(str(choice) for choice in param.choices)}"
    divided = param.separator

    def chosen(value: Any) -> Any:
        checked = check(value)
        text = str(checked)
        parts = [part for part in text.split(divided) if part] if divided else [text]
        if not known.issuperset(parts):
            raise Wrong(words)
        return checked

    return chosen


def _written(param: Param, check: Check) -> Check:
    """Return a check of a text's length and form."""
    pattern = re.compile(param.pattern, re.ASCII) if param.pattern else None
    words = param.note or _WORDS[Kind.STRING]
    longest = param.longest

    def written(value: Any) -> Any:
        if pattern and isinstance(value, int) and not isinstance(value, bool):
            # A PIN of 0420 that was sent as a number has lost its zero.
            value = f"{value:04}"
        checked = check(value)
        if len(checked) > longest:
            raise Wrong(f"at most {longest} characters long")
        if pattern and not pattern.fullmatch(checked):
            raise Wrong(words)
        return checked

    return written


def _members(param: Param) -> Check:
    """Return a check of a list of texts."""
    pattern = re.compile(param.pattern, re.ASCII)
    words = f"a list of {param.note}"
    least = param.minimum or 0

    def members(value: Any) -> Any:
        if not isinstance(value, list) or not least <= len(value) <= param.longest:
            raise Wrong(words)
        for one in value:
            if not isinstance(one, str) or not pattern.fullmatch(one):
                raise Wrong(words)
        return list(dict.fromkeys(value))

    return members


def _check_of(param: Param) -> Check:
    in_query = param.where is Where.QUERY
    if param.name in _MOMENTS:
        return _moment
    if param.kind is Kind.ARRAY and param.pattern:
        return _members(param)
    check = _sent_as_text(param.kind) if in_query else _kind(param.kind)
    if param.minimum is not None or param.maximum is not None:
        check = _limited(param, check)
    if param.choices:
        check = _chosen(param, check)
    elif param.kind is Kind.STRING:
        check = _written(param, check)
    for kind in param.also:
        check = _either(check, _kind(kind), f"{_WORDS[param.kind]} or {_WORDS[kind]}")
    return check


def _either(first: Check, second: Check, words: str) -> Check:
    def either(value: Any) -> Any:
        for check in (first, second):
            try:
                return check(value)
            except Wrong:
                continue
        raise Wrong(words)

    return either


def _rules(endpoint: Endpoint, where: Where) -> Rules:
    params = endpoint.params_in(where)
    names = {param.name for param in params}
    return Rules(
        {param.name: _check_of(param) for param in params},
        tuple(param.name for param in params if param.required),
        frozenset(param.name for param in params if param.ours),
        endpoint.one_of if names.issuperset(endpoint.one_of) else (),
    )


_QUERY = {
    one.name: _rules(one, Where.QUERY)
    for one in ENDPOINTS
    if one.params_in(Where.QUERY)
}
_BODY = {
    one.name: _rules(one, Where.BODY) for one in ENDPOINTS if one.params_in(Where.BODY)
}
