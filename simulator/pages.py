"""Draw the simulator's pages."""

from functools import cache
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from simulator.hub import Hub, hub_of
from simulator.scopes import WORDS
from simulator.world.persons import Person

SESSION_COOKIE = "simulated_tesla_session"
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'",
}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("simulator", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **facts: Any) -> str:
    """Return the text of a page drawn from a template."""
    return _environment().get_template(template).render(words=WORDS, **facts)


def page(template: str, status: int = 200, **facts: Any) -> web.Response:
    """Return a page drawn from a template; `facts` are its variables."""
    return web.Response(
        text=render(template, **facts),
        status=status,
        content_type="text/html",
        headers=_HEADERS,
    )


def message(title: str, words: str, status: int = 200, back: str = "") -> web.Response:
    """Return a page that says one thing, with a link back when there is one."""
    return page("message.html", status, title=title, message=words, back=back)


def signed_in(request: web.Request) -> Person | None:
    """Return the person signed in to the simulated Tesla in this browser, or None."""
    hub = hub_of(request)
    email = hub.store.sessions.get(request.cookies.get(SESSION_COOKIE, ""), "")
    return hub.world.persons.get(email)


def login_page(hub: Hub, error: str = "") -> web.Response:
    """Return the page that offers the persons of this world."""
    persons = list(hub.world.persons.values())
    return page(
        "login.html", 401 if error else 200, persons=persons, hub=hub, error=error
    )
