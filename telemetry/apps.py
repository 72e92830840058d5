"""Name the app for Django."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import Tags, register


class TelemetryConfig(AppConfig):
    """The `telemetry` app."""

    name = "telemetry"

    def ready(self) -> None:
        """Have the certificate for cars looked at whenever Keyfob starts."""
        # Models can be imported from now on, not before.
        checks = import_module("telemetry.checks")
        register(checks.certificate_for_cars, "telemetry")
        register(checks.authority_of_cars, "telemetry", Tags.database)
