"""Fill an empty database for a benchmark and print the access token it made.

Run with the console's environment, after `migrate`. The figures of the car are the
benchmark's own; no simulator runs.
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
from bench.seed_names import vin_of  # noqa: E402
from energy.models import EnergySite, SiteAccess  # noqa: E402
from tokens.models import TeslaGrant  # noqa: E402
from tokens.services import access_tokens, sealing  # noqa: E402
from tokens.services.spool import Pair  # noqa: E402
from vehicles.models import Vehicle, VehicleAccess  # noqa: E402


def main(cars: int, sites: int) -> None:
    """Make one user with a grant, cars, sites and an access token."""
    now = timezone.now()
    user = User.objects.create_user("bench@example.com", "a benchmark's passphrase")
    grant = TeslaGrant(user=user, tesla_sub="bench", region="na", generation=0)
    pair = Pair(
        access_token="benchmark",  # noqa: S106  # the upstream takes any
        refresh_token="",
        expires_at=now + timedelta(hours=8),
    )
    columns = sealing.pair_columns(grant, pair, previous_refresh_token="")
    columns["scopes"] = ["vehicle_device_data", "vehicle_location"]
    for column, value in columns.items():
        setattr(grant, column, value)
    grant.save()
    for number in range(cars):
        vehicle = Vehicle.objects.create(
            vin=vin_of(number),
            name=f"Car {number}",
            state="online",
            state_at=now,
            command_signing="required",
            key_paired=True,
            protocol_required=True,
            firmware="2026.38.2",
            fleet_status_at=now,
        )
        VehicleAccess.objects.create(
            vehicle=vehicle,
            grant=grant,
            access_type="OWNER",
            tesla_id=str(10**15 + number),
            seen_at=now,
        )
    for number in range(sites):
        site = EnergySite.objects.create(
            site_id=10**9 + number, name=f"Site {number}", has_grid=True, has_solar=True
        )
        SiteAccess.objects.create(site=site, grant=grant, seen_at=now)
    _, text = access_tokens.issue(user, "bench")
    sys.stdout.write(json.dumps({"user": str(user.pk), "access_token": text}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
