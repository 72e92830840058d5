"""Show the authorize page: sign-in, consent with a checkbox per scope, redirect."""

from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from simulator.auth.login import person_of_form, sign_in, sign_out
from simulator.config import Application
from simulator.hub import Hub, hub_of
from simulator.pages import login_page, message, page, signed_in
from simulator.scopes import ordered
from simulator.store import CODE_LIFE, Code
from simulator.world.persons import Person


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what an application asks for in the authorize address.

    `scopes` are those asked for, less the ones not ticked in the portal.
    """

    application: Application
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    nonce: str
    locale: str
    prompt: str
    only_missing: bool
    all_required: bool
    keypair_step: bool


async def authorize(request: web.Request) -> web.StreamResponse:
    """Show the next page of the sign-in, or go back to the application with a code."""
    asked = _read(request)
    if isinstance(asked, web.Response):
        return asked
    problem = _problem(request, asked)
    if problem:
        return _back(asked, error=problem[0], error_description=problem[1])
    person = signed_in(request)
    if person is None or asked.prompt == "login":
        return login_page(hub_of(request))
    return _decide(hub_of(request), asked, person)


async def authorize_step(request: web.Request) -> web.StreamResponse:
    """Take a form of the sign-in: login, another account, allow or deny."""
    asked = _read(request)
    if isinstance(asked, web.Response):
        return asked
    hub, form = hub_of(request), await request.post()
    step = form.get("step")
    if step == "login":
        person = person_of_form(hub, form)
        if person is None:
            return login_page(hub, "We could not sign you in with these.")
        response = _decide(hub, asked, person)
        sign_in(hub, person, response)
        return response
    if step == "cancel":
        return _denied(asked)
    person = signed_in(request)
    if step == "consent" and person is not None:
        return _consented(hub, asked, person, form)
    response = login_page(hub)
    sign_out(hub, request, response)
    return response


def _read(request: web.Request) -> Asked | web.Response:
    hub, query = hub_of(request), request.query
    application = hub.config.application(query.get("client_id", ""))
    if application is None:
        return message(
            "Something is not right", "We don't recognize this client_id.", 400
        )
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in application.redirect_uris:
        return message(
            "Something is not right", "We don't recognize this redirect_uri.", 400
        )
    scopes = ordered(query.get("scope", ""))
    return Asked(
        application=application,
        redirect_uri=redirect_uri,
        scopes=tuple(one for one in scopes if one in application.scopes),
        state=query.get("state", ""),
        nonce=query.get("nonce", ""),
        locale=query.get("locale", "") or "en-US",
        prompt=query.get("prompt", ""),
        only_missing=query.get("prompt_missing_scopes") == "true",
        all_required=query.get("require_requested_scopes") == "true",
        keypair_step=query.get("show_keypair_step") == "true",
    )


def _problem(request: web.Request, asked: Asked) -> tuple[str, str] | None:
    if request.query.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    if not asked.state:
        return "invalid_request", "state is required"
    if not asked.scopes:
        return "invalid_scope", "no known scope was requested"
    return None


def _decide(hub: Hub, asked: Asked, person: Person) -> web.Response:
    grant = hub.store.grant(asked.application.client_id, person.email)
    granted = grant.scopes if grant else ()
    missing = [scope for scope in asked.scopes if scope not in granted]
    prompted = bool(missing) and (asked.only_missing or asked.all_required)
    if grant and asked.prompt != "consent" and not prompted:
        # Without prompt_missing_scopes the old grant is taken up again silently,
        # and scopes that were added since are dropped.
        return _with_code(hub, asked, person)
    return _consent_page(hub, asked, person)


def _offered(hub: Hub, asked: Asked, person: Person) -> tuple[list[str], list[str]]:
    grant = hub.store.grant(asked.application.client_id, person.email)
    if grant is None or asked.prompt == "consent":
        return [], list(asked.scopes)
    held = [scope for scope in asked.scopes if scope in grant.scopes]
    return held, [scope for scope in asked.scopes if scope not in grant.scopes]


def _consent_page(
    hub: Hub, asked: Asked, person: Person, error: str = ""
) -> web.Response:
    held, offered = _offered(hub, asked, person)
    return page(
        "consent.html",
        400 if error else 200,
        asked=asked,
        person=person,
        held=held,
        offered=offered,
        error=error,
    )


def _consented(
    hub: Hub, asked: Asked, person: Person, form: MultiMapping[object]
) -> web.Response:
    if form.get("decision") != "allow":
        return _denied(asked)
    held, offered = _offered(hub, asked, person)
    ticked = [scope for scope in offered if scope in form.getall("scope", [])]
    if asked.all_required and len(ticked) < len(offered):
        words = "This application needs all of these permissions."
        return _consent_page(hub, asked, person, words)
    if not ticked and not held:
        words = "Choose at least one permission, or cancel."
        return _consent_page(hub, asked, person, words)
    grant = hub.store.grant(asked.application.client_id, person.email)
    kept = set(grant.scopes if grant else ()) - set(offered)
    scopes = ordered([*kept, *ticked])
    client_id = asked.application.client_id
    hub.store.consent(client_id, person.email, scopes, hub.clock.now())
    return _with_code(hub, asked, person)


def _with_code(hub: Hub, asked: Asked, person: Person) -> web.Response:
    code = f"{person.region.upper()}_{token_hex(32)}"
    hub.store.codes[code] = Code(
        client_id=asked.application.client_id,
        redirect_uri=asked.redirect_uri,
        email=person.email,
        nonce=asked.nonce,
        until=hub.clock.now() + CODE_LIFE,
    )
    return _back(asked, code=code, locale=asked.locale, issuer=hub.config.issuer)


def _denied(asked: Asked) -> web.Response:
    words = "User denied the authorization request"
    return _back(asked, error="access_denied", error_description=words)


def _back(asked: Asked, **facts: str) -> web.Response:
    facts["state"] = asked.state
    join = "&" if "?" in asked.redirect_uri else "?"
    location = f"{asked.redirect_uri}{join}{urlencode(facts)}"
    return web.Response(status=302, headers={"Location": location})
