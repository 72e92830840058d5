"""What is sold at the pretend Paddle: the same prices at every start."""

from collections.abc import Mapping
from typing import Any

from simulator.paddle.ids import fixed_id
from simulator.paddle.known import PRICE_IDS
from simulator.paddle.refusals import Refused

_EURO = ("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "NL", "PT")
_AMOUNTS = {
    ("vehicle", "month"): {"USD": 250, "EUR": 230, "AUD": 400, "JPY": 380},
    ("vehicle", "year"): {"USD": 2500, "EUR": 2300, "AUD": 4000, "JPY": 3800},
    ("site", "month"): {"USD": 150, "EUR": 140, "AUD": 240, "JPY": 230},
    ("site", "year"): {"USD": 1500, "EUR": 1400, "AUD": 2400, "JPY": 2300},
}
_COUNTRIES = {"EUR": _EURO, "AUD": ("AU", "NZ"), "JPY": ("JP",)}
_NAMES = {"vehicle": "Vehicle", "site": "Energy site"}


def _price(kind: str, cycle: str) -> dict[str, Any]:
    amounts = _AMOUNTS[kind, cycle]
    return {
        "id": PRICE_IDS[f"{kind}:{cycle}"],
        "product_id": fixed_id("pro", kind),
        "type": "standard",
        "description": f"{_NAMES[kind]} by the {cycle}",
        "name": _NAMES[kind],
        "billing_cycle": {"interval": cycle, "frequency": 1},
        "trial_period": None,
        "tax_mode": "account_setting",
        "unit_price": _money(amounts["USD"], "USD"),
        "unit_price_overrides": [
            {
                "country_codes": list(countries),
                "unit_price": _money(amounts[currency], currency),
            }
            for currency, countries in _COUNTRIES.items()
        ],
        "quantity": {"minimum": 1, "maximum": 100},
        "status": "active",
        "custom_data": None,
    }


def _money(amount: int, currency: str) -> dict[str, str]:
    return {"amount": str(amount), "currency_code": currency}


def seeded() -> dict[str, dict[str, Any]]:
    """Return the prices by id."""
    return {price["id"]: price for price in (_price(*key) for key in _AMOUNTS)}


def amount(price: Mapping[str, Any], currency: str) -> int:
    """Return what one costs, in the smallest unit. Raises `Refused` without a price."""
    offers = [
        price["unit_price"],
        *(override["unit_price"] for override in price["unit_price_overrides"]),
    ]
    for offer in offers:
        if offer["currency_code"] == currency:
            return int(offer["amount"])
    raise Refused(400, "transaction_currency_code_not_supported")


def currency_of(price: Mapping[str, Any], country: str) -> str:
    """Return the currency that a buyer in a country pays unless told otherwise."""
    for override in price["unit_price_overrides"]:
        if country in override["country_codes"]:
            return str(override["unit_price"]["currency_code"])
    return str(price["unit_price"]["currency_code"])
