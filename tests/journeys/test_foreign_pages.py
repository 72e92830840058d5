"""What other sites and strange addresses get out of the running console."""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from playwright.sync_api import Browser

from tests.answering import answering
from tests.fixtures.live import LiveConsole
from tools.surroundings import HOST


@contextmanager
def foreign_page(body: str) -> Iterator[str]:
    """Serve one page at an origin of its own, and yield its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with answering(ThreadingHTTPServer((HOST, 0), Page)) as address:
        yield f"{address}/"


def test_page_in_a_frame_of_another_site_stays_empty(
    browser: Browser, live_console: LiveConsole
) -> None:
    ours = f"{live_console.url}/accounts/login/"
    others = f"{live_console.simulator.url}/admin"
    frames = f'<iframe src="{others}"></iframe><iframe src="{ours}"></iframe>'
    failed: list[str | None] = []
    with browser.new_context() as context, foreign_page(frames) as address:
        page = context.new_page()
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto(address)
        shown = [frame.locator("link[rel=icon]").count() for frame in page.frames[1:]]
    # The simulator's page may be framed: so the frame itself is no reason to be empty.
    assert shown == [1, 0]
    assert failed == [ours]


def test_paths_that_climb_find_nothing(live_console: LiveConsole) -> None:
    place = urlsplit(live_console.url)
    for path in (
        "/static/../console/settings.py",
        "/static/../../etc/passwd",
        "/static/%2e%2e/console/settings.py",
        "/static/..%2f..%2fpublic-key.pem",
        "/static//etc/passwd",
        "//etc/passwd",
        "/.git/config",
        "/.env",
        "/__debug__/",
    ):
        connection = http.client.HTTPConnection(place.hostname or "", place.port)
        with closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
        assert answer.status in {400, 404}, path
        assert "root:" not in text, path
        assert "SECRET_KEY" not in text, path
