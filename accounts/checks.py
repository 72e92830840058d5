"""Refuse to start with encryption keys that cannot open what is stored."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error

from accounts.services import sealed

HINT = (
    "Put the right key back into ENCRYPTION_KEYS. A key may go only after"
    " `manage.py rotate_secrets` has reported that nothing needs it."
)


def check_sealed_columns(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **_kwargs: object,
) -> list[CheckMessage]:
    """Report every sealed column that needs another key; run by `migrate`."""
    if not databases:
        return []
    return [Error(words, hint=HINT, id="accounts.E001") for words in sealed.problems()]
