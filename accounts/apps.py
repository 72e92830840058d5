"""Name the app for Django, and have its keys checked at each start."""

from django.apps import AppConfig
from django.core import checks

from accounts.checks import check_sealed_columns


class AccountsConfig(AppConfig):
    """The `accounts` app."""

    name = "accounts"

    def ready(self) -> None:
        """Register the check of the encryption keys, which reads the database."""
        checks.register(check_sealed_columns, checks.Tags.database)
