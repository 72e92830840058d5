"""Sign a person in to the simulated Tesla, with or without a password."""

from secrets import compare_digest, token_hex

from aiohttp import web
from multidict import MultiMapping

from simulator.hub import Hub
from simulator.pages import SESSION_COOKIE
from simulator.world.persons import Person


def person_of_form(hub: Hub, form: MultiMapping[object]) -> Person | None:
    """Return the person a login form names: a button pressed, or e-mail and password."""
    chosen = hub.world.persons.get(str(form.get("person", "")))
    if chosen is not None:
        return chosen
    named = hub.world.persons.get(str(form.get("email", "")).strip().lower())
    password = str(form.get("password", ""))
    if named and compare_digest(named.password.encode(), password.encode()):
        return named
    return None


def sign_in(hub: Hub, person: Person, response: web.StreamResponse) -> None:
    """Remember the person in the browser that gets this response."""
    session = token_hex(16)
    hub.store.sessions[session] = person.email
    hub.store.changed = True
    response.set_cookie(
        SESSION_COOKIE, session, path="/", httponly=True, samesite="Lax"
    )


def sign_out(hub: Hub, request: web.Request, response: web.StreamResponse) -> None:
    """Forget who is signed in in this browser."""
    hub.store.sessions.pop(request.cookies.get(SESSION_COOKIE, ""), None)
    hub.store.changed = True
    response.del_cookie(SESSION_COOKIE, path="/")
