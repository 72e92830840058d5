"""Money is exact, and what is selected has a price or is refused."""

import pytest

from billing.errors import UnknownPlan
from billing.money import Money, minor_of
from billing.plans import Catalog, Item, Price, Selection

CATALOG = Catalog(
    (
        Price("pri_1", "vehicle", "month", Money(230, "EUR"), ("DE", "AT")),
        Price("pri_1", "vehicle", "month", Money(250, "USD")),
        Price("pri_2", "site", "month", Money(10, "USD")),
    )
)


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (Money(0, "USD"), "0.00 USD"),
        (Money(5, "EUR"), "0.05 EUR"),
        (Money(123456789, "USD"), "1,234,567.89 USD"),
        (Money(380, "JPY"), "380 JPY"),
        (Money(-250, "USD"), "-2.50 USD"),
    ],
)
def test_money_is_written_with_its_currency(money: Money, words: str) -> None:
    assert str(money) == words


def test_money_of_two_currencies_is_not_added() -> None:
    assert Money(1, "USD") + Money(2, "USD") == Money(3, "USD")
    with pytest.raises(ValueError, match="cannot be added"):
        _ = Money(1, "USD") + Money(1, "EUR")


@pytest.mark.parametrize("value", [None, 2.5, True, "2.50", "", [], "1e3"])
def test_amount_that_is_no_whole_number_is_refused(value: object) -> None:
    assert (minor_of("250"), minor_of(250)) == (250, 250)
    with pytest.raises(ValueError, match=r"whole number|invalid literal"):
        minor_of(value)


def test_total_is_the_sum_of_the_lines() -> None:
    selection = Selection("USD", "month", 3, 7)
    assert [str(line.total) for line in CATALOG.lines(selection)] == [
        "7.50 USD",
        "0.70 USD",
    ]
    assert str(CATALOG.total(selection)) == "8.20 USD"


def test_selection_without_a_price_is_refused() -> None:
    with pytest.raises(UnknownPlan, match="site by the month in EUR"):
        CATALOG.total(Selection("EUR", "month", 1, 1))


def test_first_price_is_sold_and_others_are_known() -> None:
    old = Price("pri_0", "vehicle", "month", Money(190, "SEK"), ("SE",))
    both = Catalog((*CATALOG.prices, old))
    assert both.price("vehicle", "month", "USD").external_id == "pri_1"
    assert both.kind_of("pri_0") == "vehicle"
    assert both.is_usual((Item("pri_0", 1, Money(190, "SEK")),), "SEK") is True
    assert both.currencies == ("USD", "EUR")
    assert both.local_currency("SE") == "USD"
    with pytest.raises(UnknownPlan):
        both.price("vehicle", "month", "SEK")


def test_currency_of_a_country() -> None:
    assert [CATALOG.local_currency(one) for one in ("DE", "US", "")] == [
        "EUR",
        "USD",
        "USD",
    ]


def test_usual_is_what_is_listed() -> None:
    def usual(price_id: str, each: Money | None, currency: str) -> bool:
        return CATALOG.is_usual((Item(price_id, 1, each),), currency)

    assert usual("pri_1", Money(250, "USD"), "EUR") is True
    assert usual("pri_1", None, "USD") is True
    assert usual("pri_2", Money(10, "USD"), "EUR") is False
    assert usual("pri_1", Money(251, "USD"), "USD") is False
    assert usual("pri_9", None, "USD") is False
