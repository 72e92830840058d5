"""What can be subscribed to: vehicles and energy sites, by the month or by the year."""

from dataclasses import dataclass

from django.db import models

from billing.errors import UnknownPlan
from billing.money import Money

MOST_OF_A_KIND = 100


class Kind(models.TextChoices):
    """What a price is for, each."""

    VEHICLE = "vehicle", "Vehicle"
    SITE = "site", "Energy site"


class Cycle(models.TextChoices):
    """How often a subscription is billed."""

    MONTH = "month", "Monthly"
    YEAR = "year", "Yearly"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person chose.

    `products` names the vehicles (VIN) and sites (id as text) that are meant; empty
    where the policy counts only.
    """

    currency: str
    cycle: str
    vehicles: int
    sites: int
    products: tuple[str, ...] = ()

    @property
    def quantities(self) -> dict[str, int]:
        """Return how many of each kind, the kinds with none left out."""
        counts = {Kind.VEHICLE.value: self.vehicles, Kind.SITE.value: self.sites}
        return {kind: count for kind, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class Price:
    """What one of a kind costs per cycle, and how the provider names that price.

    `countries` are those where this currency is the local one.
    """

    external_id: str
    kind: str
    cycle: str
    each: Money
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a subscription or a payment: the provider's price, times how many.

    `each` is None where the provider did not say it.
    """

    price_id: str
    quantity: int
    each: Money | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One price, times how many."""

    price: Price
    quantity: int

    @property
    def total(self) -> Money:
        """Return what the line costs per cycle, before tax."""
        return self.price.each * self.quantity


@dataclass(frozen=True, slots=True)
class Catalog:
    """All prices of one provider.

    Of each kind and cycle the first price is sold; others are known, for those who
    subscribed to them.
    """

    prices: tuple[Price, ...]

    @property
    def sold(self) -> tuple[Price, ...]:
        """Return the prices that are sold, one for each currency."""
        first: dict[tuple[str, str], str] = {}
        for one in self.prices:
            first.setdefault((one.kind, one.cycle), one.external_id)
        return tuple(
            one for one in self.prices if first[one.kind, one.cycle] == one.external_id
        )

    @property
    def currencies(self) -> tuple[str, ...]:
        """Return the currencies in which everything has a price, US dollars first."""
        found = dict.fromkeys(price.each.currency for price in self.sold)
        return tuple(sorted(found, key=lambda code: (code != "USD", code)))

    def local_currency(self, country: str) -> str:
        """Return the currency of a country (two letters), US dollars if none is set."""
        for price in self.sold:
            if country and country in price.countries:
                return price.each.currency
        return "USD"

    def price(self, kind: str, cycle: str, currency: str) -> Price:
        """Return one price that is sold. Raises `UnknownPlan`."""
        for price in self.sold:
            if (price.kind, price.cycle, price.each.currency) == (
                kind,
                cycle,
                currency,
            ):
                return price
        raise UnknownPlan(f"{kind} by the {cycle} in {currency}")

    def lines(self, selection: Selection) -> tuple[Line, ...]:
        """Return the lines of a selection. Raises `UnknownPlan`."""
        return tuple(
            Line(self.price(kind, selection.cycle, selection.currency), quantity)
            for kind, quantity in selection.quantities.items()
        )

    def total(self, selection: Selection) -> Money:
        """Return what a selection costs per cycle, before tax. Raises `UnknownPlan`."""
        total = Money(0, selection.currency)
        for line in self.lines(selection):
            total += line.total
        return total

    def kind_of(self, external_id: str) -> str:
        """Return the kind that a price is for; empty when it is not in the catalog."""
        for price in self.prices:
            if price.external_id == external_id:
                return price.kind
        return ""

    def is_usual(self, items: tuple[Item, ...], currency: str) -> bool:
        """Tell whether each item costs what is listed, in a currency that is listed.

        Providers tell an item's base price, whatever the currency of the payment.
        """
        usual = {(one.external_id, one.each) for one in self.prices}
        sold = {(one.external_id, one.each.currency) for one in self.prices}
        return all(
            (item.price_id, currency) in sold
            and (item.each is None or (item.price_id, item.each) in usual)
            for item in items
        )
