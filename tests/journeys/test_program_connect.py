"""A person connects Home Assistant in a browser, at a redirect that leads to it."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.answering import answering
from tests.factories import PASSWORD
from tests.fixtures.live import LiveConsole
from tests.journeys.conftest import Enter
from tests.journeys.steps import agree, sign_in_with_tesla
from tests.tokens.connecting import Installation, told
from tokens.models import MOST_ACCESS_TOKENS, AccessToken, ConnectCode
from tokens.services import access_tokens


class HomeAssistant:
    """Somebody's Home Assistant on this machine: it takes people back."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str | None]] = []
        there = self

        class Handler(BaseHTTPRequestHandler):
            """Answers for Home Assistant."""

            def do_GET(self) -> None:
                """Keep the address and who led here; greet."""
                if self.path.startswith("/auth/"):
                    there.came.append((self.path, self.headers["Referer"]))
                page = b"<title>Home Assistant</title>Window can be closed"
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.one = Installation(f"http://{self.host}/auth/external/callback")


@pytest.fixture
def at_home() -> Iterator[HomeAssistant]:
    """Return a Home Assistant that runs."""
    one = HomeAssistant()
    with answering(one.server):
        yield one


def test_person_signs_in_with_tesla_and_allows_home_assistant(
    page: Page, live_console: LiveConsole, at_home: HomeAssistant
) -> None:
    page.goto(at_home.one.address("/connect"))
    page.get_by_role("button", name="Sign in with Tesla").click()
    agree(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect Home Assistant?")
    expect(page.locator("dd.mono")).to_have_text(at_home.host)
    page.get_by_role("button", name="Allow").click()
    expect(page).to_have_title("Home Assistant")
    ((path, referer),) = at_home.came
    assert referer is None
    got = told(path)
    assert got["state"] == at_home.one.state
    assert at_home.one.exchange(got["code"]).status_code == 200

    page.goto(f"{live_console.url}/console/tokens")
    row = page.get_by_role("row", name="Home Assistant · Home")
    expect(row).to_contain_text("connected by a sign-in")
    assert got["code"] not in page.content()
    row.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the connection").click()
    expect(page.get_by_text("Home Assistant · Home is removed.")).to_be_visible()
    assert not AccessToken.objects.exists()


def test_person_who_thinks_twice_connects_nothing(
    page: Page, at_home: HomeAssistant
) -> None:
    sign_in_with_tesla(page)
    page.goto(at_home.one.address("/connect"))
    page.get_by_role("button", name="Cancel").click()
    expect(page).to_have_title("Home Assistant")
    ((path, _),) = at_home.came
    assert told(path)["error"] == "access_denied"
    assert not ConnectCode.objects.exists()


def test_old_sign_in_and_a_full_list_lose_nothing(
    page: Page, alice: User, enter: Enter, at_home: HomeAssistant
) -> None:
    for number in range(MOST_ACCESS_TOKENS):
        access_tokens.issue(alice, f"Program {number}")
    enter(page, alice)
    page.goto(at_home.one.address("/connect"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("You have 10 access tokens")).to_be_visible()
    AccessToken.objects.filter(name="Program 5").delete()
    page.get_by_role("link", name="I removed one").click()
    page.get_by_role("button", name="Allow").click()
    expect(page).to_have_title("Home Assistant")
    assert told(at_home.came[0][0]).keys() == {"code", "state"}


def test_link_of_a_stranger_leads_nowhere(page: Page, at_home: HomeAssistant) -> None:
    sign_in_with_tesla(page)
    elsewhere = f"http://{at_home.host}/auth/external/callback?x"
    page.goto(at_home.one.address("/connect", redirect_uri=elsewhere))
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was connected")
    assert at_home.host not in page.content()
    assert at_home.came == []
