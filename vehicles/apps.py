"""Name the app for Django."""

from django.apps import AppConfig


class VehiclesConfig(AppConfig):
    """The `vehicles` app."""

    name = "vehicles"
