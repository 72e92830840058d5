"""An answer that arrives while a page is being made is never half on it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from energy.models import SiteAccess
from energy.services import sites
from tests.factories import make_bare_grant, make_energy_site, make_vehicle
from tokens.models import Inquiry
from tokens.services import inquiries
from vehicles.models import VehicleAccess
from vehicles.services import vehicles

NO_READING = "Nothing has been read yet"
UNDER_WAY = 'class="progress"'


@contextmanager
def after_first_query_of(table: str, happen: Callable[[], None]) -> Iterator[None]:
    """Let something happen as soon as a table has been read for the first time."""
    waiting = [happen]

    def watch(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if waiting and f'FROM "{table}"' in sql:
            waiting.pop()()
        return result

    with connection.execute_wrapper(watch):
        yield
    assert waiting == []


def answer(asked: Inquiry, keep: Callable[[Inquiry], None]) -> None:
    """Do what the worker does when Tesla has answered."""
    Inquiry.objects.filter(pk=asked.pk).update(
        state=Inquiry.State.ANSWERED,
        answer={"vin": asked.subject, "display_name": "Red", "solar_power": 5},
        answered_at=timezone.now(),
    )
    asked.refresh_from_db()
    keep(asked)


def check(client: Client, address: str, headers: dict[str, str]) -> None:
    """Load a page that must show progress or the reading, or both, never neither."""
    page = client.get(address, headers=headers).content.decode()
    assert UNDER_WAY in page or NO_READING not in page


@pytest.mark.parametrize(
    ("about", "headers"),
    [("car", {}), ("inquiry", {}), ("inquiry", {"HX-Request": "true"})],
)
@pytest.mark.parametrize("table", ["tokens_inquiry", "vehicles_vehicleaccess"])
def test_car_is_shown_with_its_progress_or_its_reading(
    alice: User,
    client_of: Callable[[User], Client],
    table: str,
    about: str,
    headers: dict[str, str],
) -> None:
    car: VehicleAccess = make_vehicle(make_bare_grant(alice))
    vin = car.vehicle.vin
    asked = inquiries.ask(alice, car.grant, "vehicle_data", vin)
    address = f"/console/vehicle/{vin}"
    if about == "inquiry":
        address += f"/inquiries/{asked.pk}"
    client = client_of(alice)
    with after_first_query_of(
        table, lambda: answer(asked, lambda row: vehicles.note_answer(car, row))
    ):
        check(client, address, headers)
    assert NO_READING not in client.get(address, headers=headers).content.decode()


@pytest.mark.parametrize(
    ("about", "headers"),
    [("site", {}), ("inquiry", {}), ("inquiry", {"HX-Request": "true"})],
)
@pytest.mark.parametrize("table", ["tokens_inquiry", "energy_siteaccess"])
def test_site_is_shown_with_its_progress_or_its_reading(
    alice: User,
    client_of: Callable[[User], Client],
    table: str,
    about: str,
    headers: dict[str, str],
) -> None:
    site: SiteAccess = make_energy_site(make_bare_grant(alice))
    site_id = site.site.site_id
    asked = inquiries.ask(alice, site.grant, "live_status", str(site_id))
    address = f"/console/energy/{site_id}"
    if about == "inquiry":
        address += f"/inquiries/{asked.pk}"
    client = client_of(alice)
    with after_first_query_of(
        table, lambda: answer(asked, lambda row: sites.note_answer(site, row))
    ):
        check(client, address, headers)
    assert NO_READING not in client.get(address, headers=headers).content.decode()
