"""What people do on more than one journey."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page

ALICE = "Alice Moreau"
BOB = "Bob Keller"
WITHIN_S = 20


def sign_in_with_tesla(page: Page, name: str = ALICE) -> None:
    """Go from the front page over Tesla's to the console."""
    page.goto("/")
    page.get_by_role("button", name="Sign in with Tesla").click()
    agree(page, name)
    page.wait_for_url("**/console/")


def agree(page: Page, name: str = ALICE) -> None:
    """Choose at Tesla who to be, and allow all that is asked for."""
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Allow").click()


def sign_in_by_password(page: Page, email: str, password: str) -> None:
    """Fill in the sign-in page."""
    page.goto("/accounts/login/")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def make_access_token(page: Page, name: str) -> str:
    """Make an access token on its page, and return the text that is shown once."""
    page.goto("/console/tokens")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make it").click()
    return page.locator("#token-text").inner_text()


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Let the page live on until something is so; fail when it takes too long."""
    end_at = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < end_at
        page.wait_for_timeout(100)
