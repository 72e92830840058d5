"""Name the app for Django."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The `billing` app."""

    name = "billing"
