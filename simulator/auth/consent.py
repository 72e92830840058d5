"""Let a person look at, change and end what an application may do."""

from aiohttp import web

from simulator.auth.login import person_of_form, sign_in
from simulator.config import Application
from simulator.hub import Hub, hub_of
from simulator.pages import login_page, message, page, signed_in
from simulator.scopes import ordered
from simulator.world.persons import Person


async def consent(request: web.Request) -> web.StreamResponse:
    """Show the scopes that a person grants to an application."""
    application = _application(request)
    if application is None:
        return message(
            "Something is not right", "We don't recognize this application.", 400
        )
    person = signed_in(request)
    if person is None:
        return login_page(hub_of(request))
    return _page(request, application, person)


async def consent_step(request: web.Request) -> web.StreamResponse:
    """Take a form of the page: sign in, save the ticked scopes, or revoke all."""
    application = _application(request)
    if application is None:
        return message(
            "Something is not right", "We don't recognize this application.", 400
        )
    hub, form = hub_of(request), await request.post()
    if form.get("step") == "login":
        person = person_of_form(hub, form)
        if person is None:
            return login_page(hub, "We could not sign you in with these.")
        response = _page(request, application, person)
        sign_in(hub, person, response)
        return response
    person = signed_in(request)
    if person is None:
        return login_page(hub)
    ticked = ordered([str(scope) for scope in form.getall("scope", [])])
    if form.get("step") == "save" and ticked:
        allowed = tuple(one for one in ticked if one in application.scopes)
        _change(hub, application, person, allowed)
    else:
        hub.revoke(application.client_id, person.email)
    return _leave(request)


def _application(request: web.Request) -> Application | None:
    return hub_of(request).config.application(request.query.get("revoke_client_id", ""))


def _page(
    request: web.Request, application: Application, person: Person
) -> web.Response:
    hub = hub_of(request)
    grant = hub.store.grant(application.client_id, person.email)
    return page(
        "manage.html",
        application=application,
        person=person,
        grant=grant,
        back=_back_url(request),
    )


def _change(
    hub: Hub, application: Application, person: Person, scopes: tuple[str, ...]
) -> None:
    if hub.store.grant(application.client_id, person.email) is not None:
        hub.store.consent(application.client_id, person.email, scopes, hub.clock.now())
        hub.drop_configs(application.client_id, person.email)


def _leave(request: web.Request) -> web.StreamResponse:
    back = _back_url(request)
    if not back:
        return message("Saved", "Your choice is saved. You can close this page.")
    return web.Response(status=303, headers={"Location": back})


def _back_url(request: web.Request) -> str:
    back = request.query.get("back_url", "")
    safe = back.startswith(("http://", "https://")) and back.isprintable()
    return back if safe else ""
