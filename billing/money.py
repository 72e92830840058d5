"""Money as whole numbers of a currency's smallest unit; never a float."""

from dataclasses import dataclass
from decimal import Decimal

_NO_MINOR_UNIT = frozenset({"CLP", "JPY", "KRW", "PYG", "UGX", "VND"})


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the smallest unit of its currency: 1250 USD is 12.50 dollars."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        """Add an amount of the same currency. Raises ValueError for another."""
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.minor + other.minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        """Multiply by a whole number."""
        return Money(self.minor * count, self.currency)

    def __str__(self) -> str:
        """Write the amount with its currency's code: `12.50 USD`, `1250 JPY`."""
        places = 0 if self.currency in _NO_MINOR_UNIT else 2
        return f"{Decimal(self.minor).scaleb(-places):,.{places}f} {self.currency}"


def minor_of(text: object) -> int:
    """Read an amount that a provider writes in smallest units, as text or number.

    Raises ValueError for anything but a whole number.
    """
    if isinstance(text, bool) or not isinstance(text, str | int):
        raise ValueError("an amount is a whole number of the smallest unit")  # noqa: TRY004 - wrong news, not a wrong call
    return int(text)
