"""Where which currency is the local one; Stripe's prices do not say."""

from typing import Final

_EURO: Final = (
    *("AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT"),
    *("LT", "LU", "LV", "MT", "NL", "PT", "SI", "SK"),
)
_COUNTRIES: Final[dict[str, tuple[str, ...]]] = {
    "AUD": ("AU",),
    "CAD": ("CA",),
    "CHF": ("CH", "LI"),
    "DKK": ("DK",),
    "EUR": _EURO,
    "GBP": ("GB",),
    "JPY": ("JP",),
    "NOK": ("NO",),
    "NZD": ("NZ",),
    "SEK": ("SE",),
}


def countries_of(currency: str) -> tuple[str, ...]:
    """Return the countries (two letters) of a currency; none for one not listed."""
    return _COUNTRIES.get(currency, ())
