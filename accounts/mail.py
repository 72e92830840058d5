"""The mail backend of an instance without a mail server."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from accounts.services import letters


class LetterBackend(BaseEmailBackend):
    """Keep every letter for the owner instead of sending it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the letters, one a recipient; return how many messages were kept."""
        for message in email_messages:
            for recipient in message.recipients():
                letters.keep(recipient, str(message.subject), str(message.body))
        return len(email_messages)
