"""Describe the API: the pages of /docs, /openapi.yaml and /fields.json."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from api import openapi as description
from api.describing import (
    DESCRIBED,
    GROUPS,
    PRICES,
    example,
    group_of,
    limits,
    plain,
)
from api.snippets import snippets
from fleet import streamed
from fleet.endpoints import Endpoint, Param, Where

_BY_NAME = {endpoint.name: endpoint for endpoint in DESCRIBED}
_VERSION = "1"


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """List the endpoints by group; `q` keeps those that hold all of its words."""
    asked = request.GET.get("q", "")[:100]
    words = asked.lower().split()
    found = [one for one in DESCRIBED if _holds(one, words)]
    groups = [
        (name, [one for one in found if group_of(one) == name]) for name in GROUPS
    ]
    return render(
        request,
        "api/docs.html",
        {
            "groups": [(name, rows) for name, rows in groups if rows],
            "asked": asked,
            "count": len(found),
            "base_url": settings.PUBLIC_URL,
        },
    )


def _holds(endpoint: Endpoint, words: list[str]) -> bool:
    names = (param.name for param in endpoint.params)
    text = " ".join((endpoint.path, endpoint.summary, endpoint.note, *names)).lower()
    return all(word in text for word in words)


@require_safe
def endpoint(request: HttpRequest, name: str) -> HttpResponse:
    """Show one endpoint: parameters, scope, price, snippets, and a form to try it."""
    found = _BY_NAME.get(name)
    if found is None:
        raise Http404
    return render(
        request,
        "api/endpoint.html",
        {
            "endpoint": found,
            "title": found.summary.removesuffix("."),
            "note": _sentence(found.note),
            "group": group_of(found),
            "price": PRICES[found.price],
            "params": [_row(param) for param in found.params],
            "snippets": snippets(found, settings.PUBLIC_URL),
            "can_try": found.content == "json",
        },
    )


def _sentence(note: str) -> str:
    """Return a note as a sentence; the name of a field or scope keeps its own letters."""
    first, _, _ = note.partition(" ")
    return note if "_" in first else note[:1].upper() + note[1:]


def _row(param: Param) -> dict[str, object]:
    """Return what a page says of a parameter."""
    value = example(param)
    kinds = " or ".join((param.kind.value, *(kind.value for kind in param.also)))
    return {
        "name": param.name,
        "where": param.where.value,
        "kind": kinds,
        "required": param.required,
        "limits": limits(param),
        "note": param.note,
        "example": description.scalar(value)
        if param.where is Where.BODY
        else plain(value),
    }


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """Return the description for programs."""
    content = description.as_yaml(settings.PUBLIC_URL, _VERSION)
    return HttpResponse(content, content_type="application/yaml; charset=utf-8")


@require_safe
def fields(request: HttpRequest) -> HttpResponse:
    """Return the catalog of the fields that cars can stream."""
    return HttpResponse(
        streamed.document(), content_type="application/json; charset=utf-8"
    )
