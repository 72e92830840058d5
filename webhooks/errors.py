"""What can be wrong with what somebody asks of webhooks.

WebhookError
├─ Unusable          a field of an endpoint cannot be used; `field` names it
├─ TooManyEndpoints  the user has as many as one may have
├─ NotSending        the endpoint is disabled, so that nothing can be sent again
└─ NothingToResend   the row is not there, or is another user's
"""


class WebhookError(Exception):
    """Something asked of webhooks cannot be done."""


class Unusable(WebhookError):
    """A field cannot be used; the text says why, `field` which."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class TooManyEndpoints(WebhookError):
    """The user has as many endpoints as one may have."""


class NotSending(WebhookError):
    """The endpoint is disabled."""


class NothingToResend(WebhookError):
    """There is no such delivery of this user's."""
