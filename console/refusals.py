"""Say in plain words what did not work with a subscription, and who must act."""

from typing import Final

from billing.errors import (
    AlreadySubscribed,
    BeingDone,
    BillingError,
    NotPossible,
    ProviderBusy,
    ProviderRefused,
    UnknownPlan,
)

_AWAY: Final = (
    "The payment provider does not answer. Nothing was changed that it did not confirm;"
    " look again in a minute."
)
_PLAIN: Final[dict[type[BillingError], str]] = {
    BeingDone: "This is being done already. Look again in a moment.",
    AlreadySubscribed: "You have a subscription already.",
    UnknownPlan: "There is no price for this selection. Choose another.",
}
_DECLINED: Final = (
    "The bank declined the payment, and nothing was changed. Update your payment"
    " details, then try again."
)
_SCHEDULED: Final = "Something is scheduled already. Undo it first."
_ENDED: Final = "This subscription has ended. Restart it instead."
_PAID: Final = (
    "This checkout was paid already, or was canceled. Look again in a minute."
)
_REFUSALS: Final[dict[str, str]] = {
    "subscription_payment_declined": _DECLINED,
    "card_declined": _DECLINED,
    "subscription_update_when_past_due": (
        "A payment is overdue. Update your payment details first."
    ),
    "subscription_locked_pending_changes": _SCHEDULED,
    "subscription_cannot_be_paused": "This subscription cannot be paused just now.",
    "subscription_not_paused": "This subscription is not paused.",
    "subscription_is_paused_action_invalid": (
        "This subscription is paused. Resume it first."
    ),
    "subscription_is_canceled_action_invalid": _ENDED,
    "resource_missing": _ENDED,
    "transaction_already_completed": _PAID,
    "transaction_immutable": _PAID,
    "checkout_session_not_open": _PAID,
    "transaction_item_quantity_out_of_range": (
        "The payment provider does not sell so many at once."
    ),
    "transaction_currency_code_not_supported": (
        "There is no price in this currency. Choose another."
    ),
}


def words_of(error: BillingError) -> str:
    """Return the words for an error; a refusal that is not known names its code."""
    match error:
        case NotPossible():
            return error.words
        case ProviderBusy():
            return f"The payment provider is busy. Try again in {error.retry_after_s:.0f} s."
        case ProviderRefused():
            return _refusal(error)
        case _:
            return _PLAIN.get(type(error), _AWAY)


def _refusal(error: ProviderRefused) -> str:
    if error.status in {401, 403}:
        return (
            "The payment provider does not accept this Keyfob's key. Nothing was"
            " changed; whoever runs this Keyfob has to set it up anew."
        )
    known = _REFUSALS.get(error.code)
    if known is not None:
        return known
    asked = f", request {error.request_id}" if error.request_id else ""
    return (
        "The payment provider refused this, and nothing was changed. Whoever runs this"
        f" Keyfob can ask it why ({error.code}{asked})."
    )
