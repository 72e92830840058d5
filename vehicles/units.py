"""Turn Tesla's miles, °C and bar into what a person reads."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from django.utils.translation.trans_real import parse_accept_lang_header

from accounts.models import Units
from tokens.readings import Value

_IMPERIAL_COUNTRIES = frozenset({"us", "lr", "mm"})
KM_PER_MILE = 1.609344
PSI_PER_BAR = 14.503773773
_EXACT = Context(prec=400)


def units_of(choice: str, accept_language: str) -> Units:
    """Return the person's choice, else what the browser's first language suggests.

    The United States, Liberia and Myanmar read miles. A language without a country
    says nothing: metric.
    """
    if choice in {Units.METRIC, Units.IMPERIAL}:
        return Units(choice)
    languages = parse_accept_lang_header(accept_language)
    country = languages[0][0].rpartition("-")[2] if languages else ""
    return Units.IMPERIAL if country in _IMPERIAL_COUNTRIES else Units.METRIC


def distance(label: str, miles: float, units: Units, *, digits: int = 0) -> Value:
    """Show a distance in km or mi."""
    if units == Units.IMPERIAL:
        return Value(label, figure(miles, digits), "mi")
    return Value(label, figure(miles * KM_PER_MILE, digits), "km")


def speed(label: str, mph: float, units: Units) -> Value:
    """Show a speed in km/h or mph."""
    if units == Units.IMPERIAL:
        return Value(label, figure(mph), "mph")
    return Value(label, figure(mph * KM_PER_MILE), "km/h")


def temperature(label: str, celsius: float, units: Units) -> Value:
    """Show a temperature in °C or °F."""
    if units == Units.IMPERIAL:
        return Value(label, figure(celsius * 9 / 5 + 32), "°F")
    return Value(label, figure(celsius, 1), "°C")


def pressure(label: str, bar: float, units: Units) -> Value:
    """Show a tire's pressure in bar or psi."""
    if units == Units.IMPERIAL:
        return Value(label, figure(bar * PSI_PER_BAR), "psi")
    return Value(label, figure(bar, 1), "bar")


def figure(number: float, digits: int = 0) -> str:
    """Return a number with so many decimals, thousands set apart; never "-0".

    A half is rounded away from zero, as the browser does it; what is beyond all numbers
    is "∞".
    """
    if math.isinf(number):
        return "\N{INFINITY}" if number > 0 else "\N{MINUS SIGN}\N{INFINITY}"
    exact = Decimal(number).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
    text = f"{exact:,.{digits}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", "\N{MINUS SIGN}")
