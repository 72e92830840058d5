"""Name the app for Django, and join what must not know each other."""

from importlib import import_module

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The `console` app."""

    name = "console"

    def ready(self) -> None:
        """Tell webhooks which cars there are."""
        # Models can be imported from now on, not before.
        import_module("console.garage").connect()
