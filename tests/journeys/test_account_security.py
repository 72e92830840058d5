"""People protect their account, get in with what they set up, and invite others."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.services.members import prove_address
from tests.accounts.factors import code_now, set_up_app
from tests.factories import PASSWORD
from tests.fixtures.live import NewPage
from tests.journeys.conftest import Enter
from tests.journeys.steps import ALICE, agree, sign_in_by_password
from tokens.models import TeslaGrant

pytestmark = pytest.mark.xdist_group("live")

EMAIL = "alice@example.com"
DESK = {"viewport": {"width": 1280, "height": 800}}
NEW = "another long password of tests"


def plug_in_authenticator(page: Page) -> None:
    """Give the browser an authenticator that knows its person and says yes."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def prove_by_password(page: Page, password: str = PASSWORD) -> None:
    """Answer “Is it you?” with the password."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Go on").click()


def sign_out(page: Page) -> None:
    """Press the button in the rail."""
    page.get_by_role("navigation").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")


def test_person_adds_a_passkey_and_signs_in_with_it_alone(
    page: Page, alice: User, enter: Enter
) -> None:
    plug_in_authenticator(page)
    enter(page, alice)
    page.goto("/console/account")
    page.get_by_role("link", name="Passkeys, app and recovery codes").click()
    page.get_by_role("link", name="Add a passkey").click()
    prove_by_password(page)
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    expect(page.locator("#recovery-codes")).to_contain_text(re.compile(r"(\d{8}\s){9}"))
    sign_out(page)

    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/console/")
    page.goto("/console/account/activity")
    expect(page.get_by_text("by passkey").first).to_be_visible()
    sign_out(page)

    sign_in_by_password(page, EMAIL, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("One step more")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/console/")


def test_browser_without_a_passkey_says_so(page: Page, alice: User) -> None:
    prove_address(alice)
    plug_in_authenticator(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    assert urlsplit(page.url).path == "/accounts/login/"


def test_person_sets_up_an_app_and_signs_in_with_its_code(
    page: Page, alice: User, enter: Enter
) -> None:
    enter(page, alice)
    page.goto("/accounts/2fa/")
    page.get_by_role("link", name="Set up").click()
    prove_by_password(page)
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.get_by_text("I cannot scan it").click()
    secret = page.locator("#totp-secret").inner_text()
    page.get_by_label("Authenticator code").fill(code_now(secret))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    sign_out(page)
    # A second app stands for the next half minute, in which this one has another code.
    Authenticator.objects.all().delete()
    set_up_app(alice)
    sign_in_by_password(page, EMAIL, PASSWORD)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Incorrect code.")).to_be_visible()
    page.get_by_label("Code").fill(code_now())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/")


def test_person_without_the_phone_signs_in_with_a_recovery_code(
    page: Page, alice: User
) -> None:
    prove_address(alice)
    code = set_up_app(alice)[0]
    sign_in_by_password(page, EMAIL, PASSWORD)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/")
    page.goto("/accounts/2fa/")
    expect(page.get_by_text("9 of 10 are left")).to_be_visible()


def test_person_ends_the_other_sessions(
    new_page: NewPage, alice: User, enter: Enter
) -> None:
    desk, phone = new_page(**DESK), new_page(**DESK)
    enter(desk, alice)
    prove_address(alice)
    sign_in_by_password(phone, EMAIL, PASSWORD)
    phone.wait_for_url("**/console/")
    phone.goto("/console/account/sessions")
    expect(phone.get_by_text("this browser")).to_have_count(1)
    phone.get_by_role("button", name="Sign out everywhere else").click()
    expect(phone.get_by_text("You are signed in here alone.")).to_be_visible()
    desk.goto("/console/")
    assert urlsplit(desk.url).path == "/accounts/login/"
    phone.goto("/console/")
    assert urlsplit(phone.url).path == "/console/"


def test_owner_invites_two_people_who_join_in_two_ways(
    new_page: NewPage, owner: User, enter: Enter
) -> None:
    desk = new_page(**DESK)
    enter(desk, owner)
    desk.goto("/console/account")
    desk.get_by_role("link", name="Invite and manage people").click()
    desk.get_by_label("E-mail address").fill("dora@example.com")
    desk.get_by_role("button", name="Invite").click()
    prove_by_password(desk, "correct horse battery")
    links = []
    for email in ("dora@example.com", "emil@example.com"):
        desk.goto("/console/members")
        desk.get_by_label("E-mail address").fill(email)
        desk.get_by_role("button", name="Invite").click()
        expect(desk.get_by_text(f"The invitation of {email} stands")).to_be_visible()
        desk.goto("/console/letters")
        letter = desk.get_by_role("article").filter(has_text=email)
        link = letter.get_by_role("link", name=re.compile("invitation"))
        links.append(str(link.get_attribute("href")))

    dora, emil = new_page(**DESK), new_page(**DESK)
    dora.goto(links[0])
    for label in ("Password", "Password again"):
        dora.get_by_label(label, exact=True).fill(NEW)
    dora.get_by_role("button", name="Join", exact=True).click()
    dora.wait_for_url("**/console/")
    emil.goto(links[1])
    emil.get_by_role("button", name="Join with Tesla").click()
    agree(emil, ALICE)
    emil.wait_for_url("**/console/")
    assert TeslaGrant.objects.get().user.email == "emil@example.com"
    emil.goto(links[1])
    expect(emil.get_by_role("heading", level=1)).to_have_text(
        "This invitation has ended"
    )

    desk.goto("/console/members")
    row = desk.get_by_role("row", name="dora@example.com")
    row.get_by_role("button", name="Suspend").click()
    expect(desk.get_by_text("is kept out, and signed out everywhere.")).to_be_visible()
    dora.goto("/console/")
    assert urlsplit(dora.url).path == "/accounts/login/"
