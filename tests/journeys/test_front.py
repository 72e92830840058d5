"""A person opens the console for the first time."""

from playwright.sync_api import Page

from accounts.models import User
from tokens.models import TeslaGrant


def test_person_signs_in_with_tesla(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in with Tesla").first.click()
    page.get_by_role("button", name="Alice Moreau").click()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/console/")
    page.get_by_text("Granny").wait_for()
    assert TeslaGrant.objects.get().user == User.objects.get()
