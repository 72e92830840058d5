"""Name the app for Django."""

from django.apps import AppConfig


class EnergyConfig(AppConfig):
    """The `energy` app."""

    name = "energy"
