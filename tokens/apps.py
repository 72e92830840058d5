"""Name the app for Django."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """The `tokens` app."""

    name = "tokens"
