"""Make a person with webhooks in a database: `python -m tests.webhooks.program url ...`.

Prints the person's id.
"""

import sys

import django

django.setup()

# What follows reads models, so Django must be set up first.
from tests.factories import make_user  # noqa: E402
from webhooks.services import endpoints  # noqa: E402


def main(*urls: str) -> None:
    """Make Alice with a webhook at each address, and say who she is."""
    alice = make_user("alice@example.com")
    for url in urls:
        endpoints.add(alice, url, max_rate=50)
    sys.stdout.write(alice.pk.hex)


if __name__ == "__main__":
    main(*sys.argv[1:])
