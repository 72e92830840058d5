"""What is sold at the pretend Stripe: the same prices at every start."""

from collections.abc import Mapping
from typing import Any

from simulator.stripe.known import PRICE_IDS
from simulator.stripe.refusals import Refused

_AMOUNTS = {
    ("vehicle", "month"): {"usd": 250, "eur": 230, "gbp": 200},
    ("vehicle", "year"): {"usd": 2500, "eur": 2300, "gbp": 2000},
    ("site", "month"): {"usd": 150, "eur": 140, "gbp": 120},
    ("site", "year"): {"usd": 1500, "eur": 1400, "gbp": 1200},
}
_BEGAN_S = 1_700_000_000


def _price(kind: str, cycle: str) -> dict[str, Any]:
    amounts = _AMOUNTS[kind, cycle]
    return {
        "id": PRICE_IDS[f"{kind}:{cycle}"],
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": _BEGAN_S,
        "currency": "usd",
        "livemode": False,
        "metadata": {},
        "nickname": f"{'Vehicle' if kind == 'vehicle' else 'Energy site'} by the {cycle}",
        "product": f"prod_simulated{kind}",
        "recurring": {"interval": cycle, "interval_count": 1, "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": amounts["usd"],
    }


def seeded() -> dict[str, dict[str, Any]]:
    """Return the prices by id."""
    return {price["id"]: price for price in (_price(*key) for key in _AMOUNTS)}


def currency_options(price: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return what a price costs in each currency, as `expand` shows it."""
    for (kind, cycle), amounts in _AMOUNTS.items():
        if PRICE_IDS[f"{kind}:{cycle}"] == price["id"]:
            return {code: {"unit_amount": minor} for code, minor in amounts.items()}
    return {price["currency"]: {"unit_amount": price["unit_amount"]}}


def amount(price: Mapping[str, Any], currency: str) -> int:
    """Return what one costs, in the smallest unit. Raises `Refused` without a price."""
    options = currency_options(price)
    if currency not in options:
        raise Refused(400, "currency_mismatch", param="currency")
    return options[currency]["unit_amount"]
