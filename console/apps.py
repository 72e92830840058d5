"""Name the app for Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The `console` app."""

    name = "console"
