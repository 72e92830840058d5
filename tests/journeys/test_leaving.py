"""A person takes their data along and leaves; the operator looks at what is there."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services.members import prove_address
from console.models import Deletion
from energy.models import SiteAccess
from tests.accounts.factors import code_now, set_up_app
from tests.fixtures.live import LiveConsole
from tokens.models import AccessToken, Inquiry, TeslaGrant
from tokens.services import access_tokens
from vehicles.models import Vehicle, VehicleAccess

CLIENT = settings.TESLA_CLIENT_ID
ADMIN_PAGES = [
    "accounts/user",
    "accounts/letter",
    "accounts/auditentry",
    "accounts/invitation",
    "billing/subscription",
    "billing/providerevent",
    "billing/invoice",
    "billing/alert",
    "billing/move",
    "tokens/teslagrant",
    "tokens/accesstoken",
    "tokens/inquiry",
    "tokens/registration",
    "vehicles/vehicle",
    "energy/energysite",
    "console/deletion",
    "console/export",
]


def _sign_in_with_tesla(page: Page) -> User:
    page.goto("/")
    page.get_by_role("button", name="Sign in with Tesla").first.click()
    page.get_by_role("button", name="Alice Moreau").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/console/")
    page.get_by_text("Granny").first.wait_for()
    page.get_by_role("heading", name="Home").first.wait_for()
    return User.objects.get()


def _table(archive: ZipFile, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(archive.read(f"json/{name}.json"))
    return rows


def test_person_exports_everything(page: Page, tmp_path: Path) -> None:
    alice = _sign_in_with_tesla(page)
    access_tokens.issue(alice, "Home Assistant")
    page.get_by_role("link", name="Read and delete").click()
    page.get_by_role("link", name="Export my data").click()
    page.get_by_role("button", name="Make an export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    file = tmp_path / "export.zip"
    download.value.save_as(file)
    with ZipFile(file) as archive:
        assert archive.testzip() is None
        (account,) = _table(archive, "account")
        (grant,) = _table(archive, "tesla_accounts")
        (token,) = _table(archive, "access_tokens")
        vins = {row["vin"] for row in _table(archive, "cars")}
        site_ids = {row["site_id"] for row in _table(archive, "energy_sites")}
        asked = len(_table(archive, "questions_to_tesla"))
    assert (account["id"], account["email"]) == (str(alice.pk), "alice@example.com")
    assert grant["tesla_sub"] == TeslaGrant.objects.get().tesla_sub
    assert token["name"] == "Home Assistant"
    assert vins == set(VehicleAccess.objects.values_list("vehicle__vin", flat=True))
    assert site_ids == set(SiteAccess.objects.values_list("site__site_id", flat=True))
    assert asked == Inquiry.objects.count()


def test_person_deletes_the_account_and_nothing_is_left(
    page: Page, live_console: LiveConsole
) -> None:
    tesla = live_console.simulator
    alice = _sign_in_with_tesla(page)
    access_tokens.issue(alice, "Home Assistant")
    vins = list(Vehicle.objects.values_list("vin", flat=True))
    for vin in vins:
        tesla.stream(vin, client_id=CLIENT)
    assert tesla.streams(client_id=CLIENT) == sorted(vins)
    page.get_by_role("link", name="Read and delete").click()
    expect(page.get_by_role("img", name="screen: Controls")).to_be_visible()
    page.get_by_label("Type “delete my account”").fill("delete my account")
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("heading", name="Your account is deleted").wait_for()
    assert tesla.streams(client_id=CLIENT) == []
    for model in (User, TeslaGrant, AccessToken, VehicleAccess, Vehicle, Inquiry):
        assert model.objects.count() == 0
    assert Deletion.objects.get().user is None
    page.get_by_role("link", name="s page").click()
    page.get_by_role("button", name="Remove all access").click()
    page.get_by_role("heading", name="Your account is deleted").wait_for()
    assert tesla.hub.store.grant(CLIENT, "alice@example.com") is None
    page.goto("/console/")
    page.wait_for_url("**/accounts/login/**")


def test_person_with_a_password_proves_it_and_cannot_sign_in_again(
    page: Page,
) -> None:
    password = "a long password of tests"
    prove_address(User.objects.create_user("dora@example.com", password))

    def sign_in() -> None:
        page.goto("/accounts/login/")
        page.locator("#id_login").fill("dora@example.com")
        page.locator("#id_password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()

    sign_in()
    page.wait_for_url("**/console/")
    page.goto("/console/delete")
    page.get_by_label("Type “delete my account”").fill("delete my account")
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("heading", name="Your account is deleted").wait_for()
    sign_in()
    page.get_by_role("alert").wait_for()
    page.goto("/console/")
    page.wait_for_url("**/accounts/login/**")


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_operator_looks_at_every_page_of_the_admin(
    page: Page, size: tuple[int, int]
) -> None:
    password = "correct horse battery staple"
    owner = User.objects.create_owner("owner@example.com", password)
    prove_address(owner)
    set_up_app(owner)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto("/admin/")
    page.locator("#id_login").fill("owner@example.com")
    page.locator("#id_password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(code_now())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="At a glance").wait_for()
    for name in ADMIN_PAGES:
        page.goto(f"/admin/{name}/")
        page.get_by_role("heading", level=1).first.wait_for()
    page.goto("/admin/accounts/user/")
    page.get_by_role("row", name="owner@example.com").get_by_role("link").first.click()
    page.get_by_role("link", name="0").first.wait_for()
    page.goto("/admin/accounts/user/")
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_label("Action:").select_option("end_sessions")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("button", name="Yes, go on").click()
    page.wait_for_url("**/accounts/login/**")
