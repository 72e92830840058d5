"""What a payment provider refuses is said in words that help."""

import pytest

from billing.errors import (
    AlreadySubscribed,
    BeingDone,
    BillingError,
    NotPossible,
    ProviderAway,
    ProviderBusy,
    ProviderRefused,
    UnknownPlan,
)
from console.refusals import words_of


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotPossible("It has ended."), "It has ended."),
        (BeingDone(), "being done already"),
        (AlreadySubscribed(), "a subscription already"),
        (UnknownPlan("x"), "no price for this selection"),
        (ProviderBusy(7.2), "Try again in 7 s."),
        (ProviderAway("x"), "does not answer"),
        (ProviderRefused(400, "subscription_payment_declined"), "The bank declined"),
        (ProviderRefused(404, "resource_missing"), "has ended"),
        (ProviderRefused(403, "forbidden"), "does not accept this Keyfob's key"),
        (ProviderRefused(400, "odd", "req_1"), "(odd, request req_1)"),
        (ProviderRefused(400, "odd"), "(odd)"),
    ],
)
def test_each_error_has_its_words(error: BillingError, words: str) -> None:
    assert words in words_of(error)
