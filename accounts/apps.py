"""Name the app for Django, have its keys checked at each start, and its trail written."""

from importlib import import_module

from django.apps import AppConfig
from django.core import checks

from accounts.checks import check_sealed_columns


class AccountsConfig(AppConfig):
    """The `accounts` app."""

    name = "accounts"

    def ready(self) -> None:
        """Register the check of the encryption keys, and listen for the audit trail."""
        checks.register(check_sealed_columns, checks.Tags.database)
        # Models can be imported from now on, not before.
        import_module("accounts.trail").connect()
