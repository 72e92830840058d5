"""Nothing scrolls sideways on a small phone."""

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.fixtures.live import LiveConsole, NewPage
from tests.journeys.conftest import Enter
from tests.tokens.connecting import Installation
from tokens.models import AccessToken, TeslaGrant
from tokens.services import access_tokens

NARROWEST = 360


def sideways(page: Page) -> int:
    """Return how many pixels of the page stand beyond the right edge."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return max(0, width - NARROWEST)


def test_no_page_scrolls_sideways_on_a_phone(
    new_page: NewPage, live_console: LiveConsole, owner: User, enter: Enter
) -> None:
    phone = new_page(
        viewport={"width": NARROWEST, "height": 740}, has_touch=True, is_mobile=True
    )
    wide = {}
    for address in ("/", "/accounts/login/", "/accounts/password/reset/", "/nowhere"):
        phone.goto(address)
        wide[address] = sideways(phone)
    enter(phone, owner, "alice@example.com", "bob@example.com")
    access_tokens.issue(owner, "A program with a rather long name, as they come")
    red = live_console.simulator.world.car_named("Red").vin
    home = live_console.simulator.world.site_named("Home").id
    for address, button in (
        (f"/console/vehicle/{red}", "Vehicle Data"),
        (f"/console/energy/{home}", "Live Status"),
    ):
        phone.goto(address)
        phone.get_by_role("button", name=button).click()
        expect(phone.locator("#reading .values").first).to_be_visible()
        wide[f"{address} read"] = sideways(phone)
        phone.locator("#reading").get_by_role("link", name="JSON").click()
        expect(phone.locator("#reading pre").first).to_be_visible()
        wide[f"{address} as JSON"] = sideways(phone)
    token = AccessToken.objects.get().pk
    grant = TeslaGrant.objects.first()
    assert grant is not None
    phone.goto("/accounts/reauthenticate/?next=/accounts/email/")
    wide["again"] = sideways(phone)
    phone.get_by_label("Password").fill("correct horse battery")
    phone.get_by_role("button", name="Go on").click()
    expect(phone.get_by_label("New e-mail address")).to_be_visible()
    for address in (
        "/console/",
        Installation().address(),
        "/console/tokens",
        f"/console/tokens/{token}/remove",
        "/console/scopes",
        f"/console/scopes/{grant.pk}/unlink",
        "/console/account",
        "/console/letters",
        "/console/account/activity",
        "/console/account/sessions",
        "/console/members",
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/key",
        f"/console/vehicle/{red}/commands",
        f"/console/vehicle/{red}/telemetry",
        f"/console/vehicle/{red}/telemetry?preset=cheap",
        "/console/webhooks",
        "/console/webhooks/add",
    ):
        answer = phone.goto(address)
        assert answer is not None
        assert answer.status == 200
        wide[address] = sideways(phone)
    assert {address: px for address, px in wide.items() if px} == {}
