"""What can go wrong between us and a payment provider.

BillingError
├── ProviderAway          no answer, or none that can be read; what was asked may be done
├── ProviderBusy          asked to wait; `retry_after_s` seconds
├── ProviderRefused       said no; `code` is its own word, `request_id` for its support
├── AlreadySubscribed     the user has a subscription that still runs
├── BeingDone             somebody else does the same thing just now
├── NotPossible           not in the subscription's present state; `words` say why
└── UnknownPlan           the selection has no price in the catalog
"""


class BillingError(Exception):
    """Something about a subscription did not work."""


class ProviderAway(BillingError):
    """The provider gave no answer; what was asked for may have been done or not."""


class ProviderBusy(BillingError):
    """The provider asks to wait this many seconds; nothing was done."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"retry after {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class ProviderRefused(BillingError):
    """The provider refused; nothing was done."""

    def __init__(self, status: int, code: str, request_id: str = "") -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.request_id = request_id


class AlreadySubscribed(BillingError):
    """The user has a subscription that still runs."""


class BeingDone(BillingError):
    """The same is being done just now by another request."""


class NotPossible(BillingError):
    """The subscription's present state does not allow this; `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class UnknownPlan(BillingError):
    """The catalog has no price for what was selected."""
