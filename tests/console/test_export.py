"""The page of exports: ask, wait, fetch, and only one's own."""

import io
import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
import time_machine
from allauth.account.models import EmailAddress
from asgiref.sync import async_to_sync
from django.apps import apps
from django.core import mail
from django.test import AsyncClient, Client
from django.utils import timezone

from accounts.models import Invitation, User
from accounts.services import invitations, letters
from console import tasks
from console.models import Export
from console.services import export_jobs
from console.services.exporting import sheets
from events import channel, latest, shapes
from events.event import Entry
from tests.factories import make_bare_grant, make_user, make_vehicle
from tests.tokens.helpers import fresh_client
from tokens.models import Inquiry
from tokens.services import access_tokens, inquiries
from tokens.services.last_answers import StillKept
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services.telemetry import wishes

Rung = Callable[[], list[tuple[str, list[object]]]]
PAGE = "/console/export"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _data_dir(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def _made(user: User) -> Export:
    export = export_jobs.ask(user)
    export_jobs.run(export.pk)
    export.refresh_from_db()
    return export


def _download(client: Client, address: str) -> tuple[Any, bytes]:
    """Fetch a file the way the ASGI server does."""
    browser = AsyncClient()
    browser.cookies = client.cookies

    async def read() -> tuple[Any, bytes]:
        response: Any = await browser.get(address)
        return response, b"".join([part async for part in response.streaming_content])

    return async_to_sync(read)()


def test_export_is_asked_for_made_and_fetched(alice: User, rung: Rung) -> None:
    client = fresh_client(alice)
    assert "No export yet" in client.get(PAGE).content.decode()
    answer = client.post(PAGE)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    client.post(PAGE)
    export = Export.objects.get()
    waiting = client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "Packing your data" in waiting
    assert "<html" not in waiting
    tasks.export(str(export.pk))
    assert "Your file is ready" in client.get(PAGE).content.decode()
    response, content = _download(client, f"{PAGE}/{export.pk}")
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert int(response["Content-Length"]) == len(content)
    archive = ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    (account,) = json.loads(archive.read("json/account.json"))
    assert (account["email"], account["id"]) == ("alice@example.com", str(alice.pk))
    assert "All that this Keyfob keeps" in archive.read("README.txt").decode()


def test_export_holds_every_row_and_nothing_secret(alice: User, bob: User) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant)
    VehicleAccess.objects.update(
        vehicle_data={"vin": "5YJ3E1EA4PF000001", "tokens": ["open sesame"]},
        vehicle_data_at=timezone.now(),
    )
    make_vehicle(make_bare_grant(bob), vin="5YJ3E1EA4PF000009", name="Blitz")
    _, text = access_tokens.issue(alice, "=HYPERLINK(1)")
    asked = inquiries.ask(alice, grant, "vehicle", "5YJ3E1EA4PF000001")
    Inquiry.objects.update(answer={"a": [{"backseat_token": "open sesame", "b": 1}]})
    fresh_client(alice)
    export = _made(alice)
    with ZipFile(export_jobs.path_of(export)) as archive:
        content = {name: archive.read(name).decode() for name in archive.namelist()}
    together = "".join(content.values())
    assert text not in together
    assert access_tokens.digest(text) not in together
    assert "open sesame" not in together
    assert "Blitz" not in together
    assert "'=HYPERLINK(1)" in content["csv/access_tokens.csv"]
    (token,) = json.loads(content["json/access_tokens.json"])
    assert token["name"] == "=HYPERLINK(1)"
    (question,) = json.loads(content["json/questions_to_tesla.json"])
    assert question["about"] == asked.subject
    assert question["answer"] == {"a": [{"b": 1}]}
    (reading,) = json.loads(content["json/car_readings.json"])
    assert reading["vehicle_data"] == {"vin": "5YJ3E1EA4PF000001"}
    assert len(json.loads(content["json/sessions.json"])) == 1
    assert sorted(name for name in content if name.startswith("csv/")) == [
        f"csv/{name}.csv"
        for name in (
            "access_tokens",
            "account",
            "activity",
            "car_commands",
            "car_latest_values",
            "car_readings",
            "car_streaming",
            "cars",
            "checkouts",
            "counts_of_calls",
            "credits_last_told",
            "deletions",
            "email_addresses",
            "energy_latest_values",
            "energy_readings",
            "energy_sites",
            "exports",
            "hourly_tokens",
            "invitations",
            "invoices",
            "letters",
            "moves",
            "programs_allowed",
            "questions_to_tesla",
            "second_factors",
            "sessions",
            "subscriptions",
            "tesla_accounts",
            "webhook_attempts",
            "webhook_deliveries",
            "webhook_messages",
            "webhooks",
        )
    ]


def test_file_is_readable_by_us_alone_and_told_by_letter(alice: User) -> None:
    path = export_jobs.path_of(_made(alice))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.com"]
    assert "/console/export" in str(letter.body)


def test_member_without_an_address_gets_no_letter(alice: User) -> None:
    alice.email = None
    alice.save()
    _made(alice)
    assert mail.outbox == []


def test_export_asks_who_it_is_after_five_minutes(alice: User) -> None:
    client = fresh_client(alice)
    export = _made(alice)
    with time_machine.travel(timezone.now().timestamp() + 301):
        for answer in (client.post(PAGE), client.get(f"{PAGE}/{export.pk}")):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert Export.objects.count() == 1


def test_export_of_another_is_as_unknown(alice: User, charlie: User) -> None:
    export = _made(alice)
    client = fresh_client(charlie)
    for pk in (export.pk, uuid4()):
        assert client.get(f"{PAGE}/{pk}").status_code == 404
    assert Client().get(f"{PAGE}/{export.pk}").status_code == 302
    assert "No export yet" in client.get(PAGE).content.decode()


def test_file_goes_after_a_day(alice: User) -> None:
    client = fresh_client(alice)
    export = _made(alice)
    after = timezone.now() + export_jobs.KEPT + timedelta(seconds=1)
    with time_machine.travel(after):
        assert export_jobs.ready(alice, export.pk, timezone.now()) is None
        tasks.tidy()
    assert not export_jobs.path_of(export).exists()
    assert client.get(f"{PAGE}/{export.pk}").status_code == 404
    assert "The last file is gone" in client.get(PAGE).content.decode()
    with time_machine.travel(after + 3 * export_jobs.KEPT):
        tasks.tidy()
    assert Export.objects.count() == 0


def test_newer_export_replaces_the_older_file(alice: User) -> None:
    older, newer = _made(alice), _made(alice)
    assert not export_jobs.path_of(older).exists()
    assert export_jobs.path_of(newer).exists()
    older.refresh_from_db()
    assert older.state == "expired"


def test_file_that_is_missing_is_as_unknown(alice: User) -> None:
    client = fresh_client(alice)
    export = _made(alice)
    export_jobs.path_of(export).unlink()
    assert client.get(f"{PAGE}/{export.pk}").status_code == 404


def test_sweep_rings_for_what_waits_and_for_what_a_worker_left(
    alice: User, rung: Rung
) -> None:
    export = export_jobs.ask(alice)
    tasks.sweep()
    assert rung() == [("console.tasks.export", [str(export.pk)])]
    assert export_jobs.claim(export.pk) is not None
    assert export_jobs.claim(export.pk) is None
    assert export_jobs.due(timezone.now()) == []
    after = timezone.now() + export_jobs.LEASE
    assert export_jobs.due(after) == [export.pk]


def test_export_that_is_cut_off_again_and_again_fails(alice: User) -> None:
    client = fresh_client(alice)
    export = export_jobs.ask(alice)
    Export.objects.update(attempts=export_jobs.MOST_ATTEMPTS)
    export_jobs.run(export.pk)
    assert "The export did not work" in client.get(PAGE).content.decode()
    assert export_jobs.cancel(export) is False


def test_canceled_export_leaves_no_file(alice: User) -> None:
    export = export_jobs.ask(alice)
    claimed = export_jobs.claim(export.pk)
    assert claimed is not None
    assert export_jobs.cancel(export) is True
    Export.objects.update(state="waiting")
    with time_machine.travel(timezone.now()):
        export_jobs.run(export.pk)
    assert list(export_jobs.path_of(export).parent.glob("*")) != []
    Export.objects.update(state="failed")
    assert export_jobs.expire(timezone.now()) == 1
    assert list(export_jobs.path_of(export).parent.glob("*")) == []


EXPORTED = {
    "account.EmailAddress": "email_addresses",
    "accounts.AuditSubject": "activity",
    "accounts.Invitation": "invitations",
    "accounts.User": "account",
    "billing.Checkout": "checkouts",
    "billing.Invoice": "invoices",
    "billing.Move": "moves",
    "billing.Subscription": "subscriptions",
    "console.Deletion": "deletions",
    "console.Export": "exports",
    "energy.SiteAccess": "energy_readings",
    "mfa.Authenticator": "second_factors",
    "tokens.AccessToken": "access_tokens",
    "tokens.ConnectCode": "programs_allowed",
    "tokens.HourlyToken": "hourly_tokens",
    "tokens.Inquiry": "questions_to_tesla",
    "tokens.TeslaGrant": "tesla_accounts",
    "tokens.Usage": "counts_of_calls",
    "usersessions.UserSession": "sessions",
    "vehicles.Command": "car_commands",
    "vehicles.TelemetryConfig": "car_streaming",
    "vehicles.VehicleAccess": "car_readings",
    "webhooks.Attempt": "webhook_attempts",
    "webhooks.Delivery": "webhook_deliveries",
    "webhooks.Endpoint": "webhooks",
    "webhooks.Message": "webhook_messages",
}
LEFT_OUT = {
    "account.EmailConfirmation": "its key opens an address",
    "admin.LogEntry": "the admin saves nothing, so that none is written",
    "billing.Customer": "the provider's own number for who pays, of no use elsewhere",
    "billing.ProviderEvent": "the provider's words; what came of them is in the rest",
    "console.DeletionStep": "the work of a deletion that is in the sheet",
    "socialaccount.SocialAccount": "empty: Tesla accounts have a table of our own",
    "socialaccount.SocialToken": "empty: Tesla accounts have a table of our own",
}


def _leads_to_a_user(model: Any, seen: frozenset[Any] = frozenset()) -> bool:
    if model is User:
        return True
    ahead = {
        field.related_model
        for field in model._meta.get_fields()  # noqa: SLF001
        if field.many_to_one or (field.one_to_one and field.concrete)
    }
    beyond = seen | {model}
    return any(_leads_to_a_user(one, beyond) for one in ahead - beyond)


def test_every_table_that_leads_to_a_person_is_exported_or_has_a_reason(
    alice: User,
) -> None:
    found = {m._meta.label for m in apps.get_models() if _leads_to_a_user(m)}  # noqa: SLF001
    assert found == set(EXPORTED) | set(LEFT_OUT)
    assert set(EXPORTED.values()) <= {sheet.name for sheet in sheets(alice)}


def test_every_kind_of_product_of_which_somebody_is_told_is_exported(
    alice: User, events_redis: Any
) -> None:
    vin, place = "5YJ3E1EA4PF000001", {"latitude": 52.5, "longitude": 13.5}
    access = make_vehicle(make_bare_grant(alice), vin=vin)
    told = (
        shapes.data(vin, {"Location": place, "Soc": 80.5}, 1000),
        shapes.vehicle_data(vin, {"drive_state": place}, 1000),
        shapes.live_status(2252142071, {"solar_power": 1}, 1000),
        shapes.credits("command", 2, "flash_lights", 5, 0.1, 1000),
    )
    channel.publish(events_redis, [Entry(alice.pk, event) for event in told])
    products = set(latest.products(events_redis, alice.pk))
    names = ("car_latest_values", "energy_latest_values", "credits_last_told")
    found = [row for name in names for row in _rows(alice, name)]
    assert {next(iter(row.values())) for row in found} == products
    cars = {row["name"]: row["value"] for row in _rows(alice, names[0])}
    assert (cars["Soc"], cars["Location"]) == (80.5, place)
    type(access).objects.update(hide_private=True)
    hidden = {row["name"]: row["value"] for row in _rows(alice, names[0])}
    assert set(hidden) == {"Soc", "vehicle_data"}
    assert hidden["vehicle_data"]["vehicle_data"] == {"drive_state": {}}


def test_export_tells_nothing_of_a_gone_car_that_is_its_new_owner_s(
    alice: User, bob: User, events_redis: Any
) -> None:
    firmware = "2026.38.3"
    hers = make_vehicle(make_bare_grant(alice), key_paired=True, firmware=firmware)
    Vehicle.objects.update(
        state="online", state_at=timezone.now(), command_signing="required"
    )
    access = make_vehicle(make_bare_grant(bob))
    wishes.merge(access, {"Gear": None})
    live = ("state", "state_at", "command_signing", "has_virtual_key", "firmware")
    (row,) = _rows(alice, "cars")
    assert None not in {row[name] for name in live}
    assert len(_rows(alice, "car_streaming")) == 1
    VehicleAccess.objects.filter(pk=hers.pk).update(gone_at=timezone.now())
    (row,) = _rows(alice, "cars")
    assert {row[name] for name in live} == {None}
    assert (row["vin"], row["access"]) == (hers.vehicle.vin, "OWNER")
    assert row["no_longer_listed_since"] is not None
    assert _rows(alice, "car_streaming") == []
    (theirs,) = _rows(bob, "car_streaming")
    assert set(theirs["fields"]) == {"Gear"}


def test_export_tells_guests_what_pages_show_them(
    alice: User, events_redis: Any
) -> None:
    access = make_vehicle(make_bare_grant(alice), key_paired=True, firmware="2026.1")

    def inside() -> list[Any]:
        return [
            (row["has_virtual_key"], row["firmware"]) for row in _rows(alice, "cars")
        ]

    assert inside() == [(True, "2026.1")]
    VehicleAccess.objects.filter(pk=access.pk).update(access_type="GUEST")
    assert inside() == [(None, None)]


@pytest.mark.usefixtures("redis_away")
def test_export_is_not_made_without_what_redis_keeps(alice: User) -> None:
    with pytest.raises(StillKept):
        _rows(alice, "car_latest_values")


def _rows(user: User, name: str) -> list[dict[str, Any]]:
    [found] = [sheet for sheet in sheets(user) if sheet.name == name]
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_export_tells_owner_from_support_staff(owner: User, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    told = [
        (row["is_owner"], row["is_support_staff"])
        for user in (owner, alice)
        for row in _rows(user, "account")
    ]
    assert told == [(True, True), (False, True)]


def test_export_says_from_where_somebody_is_signed_in(alice: User) -> None:
    fresh_client(alice)
    (row,) = _rows(alice, "sessions")
    assert (row["address"], row["program"]) == ("127.0.0.1", "")


def test_export_holds_letters_to_each_own_address_and_no_other_s_address(
    owner: User,
) -> None:
    EmailAddress.objects.create(user=owner, email="second@example.com")
    for to in ("owner@example.com", "Second@example.com", "alice@example.com"):
        letters.keep(to, f"to {to}", "text")
    subjects = {row["subject"] for row in _rows(owner, "letters")}
    assert subjects == {"to owner@example.com", "to Second@example.com"}
    invitation, _ = invitations.invite(owner, "dora@example.com", "member")
    (written,) = _rows(owner, "invitations")
    assert (written["email"], written["invited_at"]) == ("", invitation.invited_at)
    dora = make_user("dora@example.com")
    Invitation.objects.update(member=dora)
    (came,) = _rows(dora, "invitations")
    assert came["email"] == "dora@example.com"


def test_file_that_begins_to_grow_is_not_swept_away(
    alice: User, tmp_path: Path
) -> None:
    export = export_jobs.ask(alice)
    growing = export_jobs.path_of(export).with_suffix(".1.part")
    growing.parent.mkdir(parents=True)
    growing.touch()
    assert export_jobs.expire(timezone.now()) == 0
    assert growing.exists()
