"""Make accounts with one car and one access token each, and print them as JSON lines.

    python -m bench.accounts COUNT

Run with the console's environment, after `migrate`.
"""

import json
import os
import sys
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402  # Django must be set up first
from tokens.models import TeslaGrant  # noqa: E402
from tokens.services import access_tokens  # noqa: E402
from vehicles.models import Vehicle, VehicleAccess  # noqa: E402


def main(count: int) -> None:
    """Make the accounts; each line has account, vin and access_token."""
    now = timezone.now()
    for number in range(count):
        user = User.objects.create_user(
            f"bench{number}@example.com", "a long passphrase"
        )
        grant = TeslaGrant.objects.create(
            user=user,
            tesla_sub=f"bench{number}",
            region="na",
            scopes=["vehicle_device_data"],
            tesla_access_token_expires_at=now + timedelta(hours=8),
        )
        vehicle = Vehicle.objects.create(vin=f"5YJ3E1EA7NF{number:06d}", name="Car")
        VehicleAccess.objects.create(
            vehicle=vehicle,
            grant=grant,
            access_type="OWNER",
            tesla_id=str(10**15 + number),
            seen_at=now,
        )
        _, text = access_tokens.issue(user, "bench")
        facts = {"account": str(user.pk), "vin": vehicle.vin, "access_token": text}
        sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
