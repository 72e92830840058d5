"""People find their way in: from Tesla, by password, with a code, or not at all."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services.members import prove_address
from accounts.services.owner import new_owner_code
from tests.factories import PASSWORD
from tests.fixtures.live import LiveConsole
from tests.journeys.conftest import Enter
from tests.journeys.steps import (
    ALICE,
    BOB,
    agree,
    sign_in_by_password,
    sign_in_with_tesla,
)
from tokens.models import TeslaGrant
from vehicles.models import VehicleAccess


def test_person_signs_in_with_tesla_and_finds_what_they_own(page: Page) -> None:
    sign_in_with_tesla(page)
    for name in ("Red", "Luna", "Granny", "Home"):
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(page.get_by_text("Luna has no virtual key yet.")).to_be_visible()
    expect(
        page.get_by_role("navigation").get_by_text("Simulated Tesla")
    ).to_be_visible()
    grant = TeslaGrant.objects.get()
    assert grant.user == User.objects.get()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")
    page.goto("/console/")
    assert urlsplit(page.url).path == "/accounts/login/"


def test_person_who_thinks_twice_decides_what_to_share(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in with Tesla").click()
    page.get_by_role("button", name=ALICE).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "You did not agree at Tesla"
    )
    assert not User.objects.exists()

    page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name=ALICE).click()
    page.get_by_role("checkbox", name="Vehicle Location").uncheck()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/console/")
    expect(page.get_by_text("Vehicle location · missing")).to_be_visible()
    assert "vehicle_location" not in TeslaGrant.objects.get().scopes

    page.get_by_role("link", name="Scopes").click()
    page.get_by_role("button", name="Grant what is missing").click()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Alice Moreau is linked.")).to_be_visible()
    expect(page.get_by_text("missing", exact=True)).to_have_count(0)
    assert "vehicle_location" in TeslaGrant.objects.get().scopes


def test_callback_that_was_started_elsewhere_is_refused(
    page: Page, live_console: LiveConsole
) -> None:
    addresses = ["/accounts/tesla/callback?code=NA_abc&state=foreign"]
    with page.expect_request("**/oauth2/v3/authorize?*") as authorize:
        page.goto("/")
        page.get_by_role("button", name="Sign in with Tesla").click()
    theirs = live_console.simulator.follow(authorize.value.url, "bob@example.com")
    assert "code" in parse_qs(urlsplit(theirs).query)
    addresses.append(theirs)
    page.context.clear_cookies()
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 400
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "This sign-in was not started here"
        )
    assert not TeslaGrant.objects.exists()
    assert not User.objects.exists()


def test_person_links_a_second_tesla_account(page: Page) -> None:
    sign_in_with_tesla(page)
    page.get_by_role("link", name="Scopes").click()
    page.get_by_role("button", name="Link another Tesla account").click()
    agree(page, BOB)
    expect(page.get_by_text("Bob Keller is linked.")).to_be_visible()
    page.get_by_role("link", name="Console", exact=True).click()
    expect(page.get_by_role("heading", name="Blitz", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Cabin", exact=True)).to_be_visible()
    # Both accounts see this car; it stands here once, as its owner sees it.
    red = page.get_by_role("article").filter(
        has=page.get_by_role("heading", name="Red", exact=True)
    )
    expect(red).to_have_count(1)
    expect(red.get_by_text("OWNER")).to_be_visible()
    assert User.objects.count() == 1
    assert VehicleAccess.objects.filter(vehicle__name="Red").count() == 2


def test_tesla_account_of_another_login_is_refused(
    page: Page, alice: User, bob: User, enter: Enter
) -> None:
    enter(page, alice, "alice@example.com")
    page.context.clear_cookies()
    prove_address(bob)
    sign_in_by_password(page, "bob@example.com", PASSWORD)
    page.wait_for_url("**/console/")
    page.goto("/console/scopes")
    page.get_by_role("button", name="Link a Tesla account").click()
    # Alice has agreed before, so that Tesla does not ask again.
    page.get_by_role("button", name=ALICE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "This Tesla account is linked to another login"
    )
    assert TeslaGrant.objects.get().user == alice


def test_first_person_becomes_the_owner_with_the_code(page: Page) -> None:
    code = new_owner_code()
    page.goto("/accounts/login/")
    page.get_by_role("link", name="welcome page").click()
    page.get_by_label("code").fill(str(code))
    page.get_by_label("E-mail").fill("owner@example.com")
    for label in ("Password", "Password again"):
        page.get_by_label(label, exact=True).fill("correct horse battery staple")
    page.get_by_role("button", name="Become the owner").click()
    page.wait_for_url("**/console/")
    assert User.objects.get().is_staff
    answer = page.goto("/welcome")
    assert answer is not None
    assert "Become the owner" not in page.content()


def test_owner_signs_in_by_password_and_links_a_tesla_account(
    page: Page, owner: User
) -> None:
    prove_address(owner)
    sign_in_by_password(page, "owner@example.com", "not the password of anybody")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in_by_password(page, "owner@example.com", "correct horse battery")
    page.wait_for_url("**/console/")
    page.get_by_role("button", name="Link a Tesla account").click()
    agree(page, ALICE)
    expect(page.get_by_text("Alice Moreau is linked.")).to_be_visible()
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_text("Owner of this Keyfob")).to_be_visible()
    assert TeslaGrant.objects.get().user == owner
