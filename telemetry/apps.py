"""Name the app for Django."""

from django.apps import AppConfig
from django.core.checks import register

from telemetry import checks


class TelemetryConfig(AppConfig):
    """The `telemetry` app."""

    name = "telemetry"

    def ready(self) -> None:
        """Have the certificate for cars looked at whenever Keyfob starts."""
        register(checks.certificate_for_cars, "telemetry")
