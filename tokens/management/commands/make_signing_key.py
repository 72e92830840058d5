"""Make the key that signs commands, once."""

from typing import Any

from django.core.management.base import BaseCommand

from tokens.models import SigningKey
from tokens.services import signing_keys


class Command(BaseCommand):
    """Make the signing key unless there is one, and write its public half to a file."""

    help = "Make the key that signs commands, unless there is one already."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Make the key or leave it; say which, and where the public half is."""
        existed = SigningKey.objects.exists()
        signing_keys.public_pem()
        done = "is there already" if existed else "was made"
        self.stdout.write(f"The signing key {done}: {signing_keys.public_file()}")
