"""Make the operator's application known at Tesla, in every region that is served."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

import fleet
from fleet import errors as fleet_errors
from tokens.services import fleet_app
from tokens.well_known import PATH


class Command(BaseCommand):
    """Register the application in each region of the settings; safe to repeat."""

    help = "Register this application at Tesla in every region of TESLA_REGIONS."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Register in each region; fail with words when one of them refuses."""
        failed = [
            region for region in settings.TESLA_REGIONS if not self._register(region)
        ]
        if failed:
            raise CommandError(f"Not registered in: {', '.join(failed)}.")

    def _register(self, region: str) -> bool:
        try:
            registration = fleet_app.register(region)
        except fleet.FleetError as error:
            self.stderr.write(f"{region}: {_words(error)}")
            return False
        self.stdout.write(f"{region}: registered as {registration.domain}.")
        return True


def _words(error: fleet.FleetError) -> str:
    """Say what went wrong, what to do about it, and what Tesla itself said."""
    explanation = fleet_errors.explain(error)
    words = f"{explanation.title}. {explanation.words}"
    if isinstance(error, fleet.NotRegistered):
        words = (
            f"Tesla does not let {settings.TESLA_DOMAIN} be registered. Add"
            f" https://{settings.TESLA_DOMAIN} to the allowed origins of your"
            " application at developer.tesla.com, then run this again."
        )
    elif isinstance(error, fleet.KeyDownloadFailed):
        words = (
            "Tesla could not fetch the public key. This address must answer it from"
            f" the internet, without a redirect: https://{settings.TESLA_DOMAIN}{PATH}"
        )
    said = f" {error.description}".rstrip()
    return f"{words} (Tesla said: {error}{said})"
