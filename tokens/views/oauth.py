"""Where connected programs get their tokens (RFC 6749, section 3.2)."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from allauth.core.internal import ratelimit
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import (
    sensitive_post_parameters,
    sensitive_variables,
)

from accounts import audit, notices
from tokens.models import MOST_ACCESS_TOKENS, AccessToken
from tokens.services import access_tokens, connections, programs

_LOG = logging.getLogger(__name__)
_MOST_BODY_BYTES = 16 * 1024
_MOST_FIELDS = 30
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_Fields = Mapping[str, str]
_SLOW = "Too many calls. Wait a minute."
_FULL = (
    f"This login has {MOST_ACCESS_TOKENS} access tokens, as many as it may have. Remove"
    " one in the console, then connect again."
)


class _Refusal(Exception):
    """Nothing is given: status, code for programs, sentence for people."""

    def __init__(self, code: str, words: str, *, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.words = words
        self.status = status


@csrf_exempt
@never_cache
@sensitive_post_parameters()
def oauth_token(request: HttpRequest) -> HttpResponse:
    """Give a program a token for an hour: for a code, a refresh token, or a migration.

    Only what is good for nothing is answered 4xx: programs give their connection up
    then, and come back after a 5xx.
    """
    try:
        pair = _pair(request)
    except _Refusal as refusal:
        return _refused(refusal.status, refusal.code, refusal.words)
    except connections.CodeReused as reused:
        audit.record(reused.user, "program.ended", request=request)
        return _refused(400, "invalid_grant", reused.words)
    except connections.NotConnected as error:
        return _not_connected(request, error)
    except access_tokens.TooManyAccessTokens:
        return _refused(400, "invalid_grant", _FULL)
    except DatabaseError:
        _LOG.exception("The database did not answer a program that asked for a token")
        words = "Keyfob cannot reach its database. Try again shortly."
        return _refused(503, "temporarily_unavailable", words)
    return _answer(
        200,
        {
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "expires_in": int(connections.TOKEN_LIFE.total_seconds()),
            "token_type": "Bearer",
        },
    )


@sensitive_variables("fields")
def _pair(request: HttpRequest) -> connections.Pair:
    """Return what is asked for. Raises `_Refusal` and what `connections` raises."""
    if request.method != "POST":
        raise _Refusal("invalid_request", "Use POST.", status=405)
    fields = _read(request)
    grant_type = _needed(fields, "grant_type")
    give = _GRANTS.get(grant_type)
    if give is None:
        raise _Refusal(
            "unsupported_grant_type", f"The grant types are {', '.join(_GRANTS)}."
        )
    if _needed(fields, "client_id") not in programs.KNOWN:
        raise _Refusal("invalid_client", "No program with this client_id is known.")
    pair = give(request, fields)
    if not _may(request, "oauth_token", key=str(pair.connection.pk)):
        raise _Refusal("slow_down", _SLOW, status=429)
    if grant_type != "refresh_token":
        _note(request, pair.connection)
    return pair


@sensitive_variables()
def _by_code(_request: HttpRequest, fields: _Fields) -> connections.Pair:
    return connections.exchange(
        _needed(fields, "code"),
        client_id=fields["client_id"],
        redirect_uri=_needed(fields, "redirect_uri"),
        verifier=_needed(fields, "code_verifier"),
    )


@sensitive_variables()
def _by_refresh_token(request: HttpRequest, fields: _Fields) -> connections.Pair:
    return connections.refresh(
        _needed(fields, "refresh_token"),
        client_id=fields["client_id"],
        client=access_tokens.one_line(request.headers.get("User-Agent", "")),
    )


@sensitive_variables()
def _by_access_token(request: HttpRequest, fields: _Fields) -> connections.Pair:
    scheme, _, in_header = request.headers.get("Authorization", "").partition(" ")
    if in_header and scheme.lower() == "bearer":
        text = in_header.strip()
        if fields.get("access_token", text) != text:
            raise _Refusal("invalid_request", "There are two different access tokens.")
    else:
        text = _needed(fields, "access_token")
    program = programs.KNOWN[fields["client_id"]]
    title = programs.titled(program, fields.get("name", ""))
    return connections.migrate(text, client_id=program.client_id, name=title)


_GRANTS: Mapping[str, Callable[[HttpRequest, _Fields], connections.Pair]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh_token,
    "migrate": _by_access_token,
}


def _not_connected(
    request: HttpRequest, error: connections.NotConnected
) -> HttpResponse:
    """Refuse what is good for nothing, so often a minute; what is good is not held up.

    Programs with a dead token ask on and on, maybe from the address of those without.
    """
    if not _may(request, "oauth_refused"):
        return _refused(429, "slow_down", _SLOW)
    return _refused(400, "invalid_grant", error.words)


def _may(request: HttpRequest, action: str, *, key: str | None = None) -> bool:
    limit = {"app": "allauth.account", "action": action, "key": key}
    return ratelimit.consume(request, **limit) is not None


def _note(request: HttpRequest, made: AccessToken) -> None:
    """Put a connection into the trail; write of one that nobody allowed on a page."""
    audit.record(made.user, "program.connected", subject=made.hint, request=request)
    if made.migrated_from is not None:
        notices.write(
            request,
            made.user,
            "account/email/program_connected",
            program=programs.KNOWN[made.client_id].name,
            title=made.name,
        )


@sensitive_variables()
def _read(request: HttpRequest) -> dict[str, str]:
    """Return the fields of the body, each once. Raises `_Refusal`."""
    if len(request.body) > _MOST_BODY_BYTES:
        raise _Refusal("invalid_request", "The body is too long.")
    try:
        text = request.body.decode()
        if request.content_type == _JSON:
            found = json.loads(text, object_pairs_hook=_once)
        elif request.content_type == _FORM:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
            found = _once(pairs)
        else:
            raise _Refusal("invalid_request", f"Send the body as {_FORM} or {_JSON}.")
    except (ValueError, RecursionError):
        raise _Refusal("invalid_request", "The body cannot be read.") from None
    if not isinstance(found, dict):
        raise _Refusal("invalid_request", "The body must be an object.")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _needed(fields: _Fields, name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise _Refusal("invalid_request", f"{name} is missing.")
    return value


def _refused(status: int, code: str, words: str) -> HttpResponse:
    answer = _answer(status, {"error": code, "error_description": words})
    if status == 405:
        answer["Allow"] = "POST"
    if status in {429, 503}:
        answer["Retry-After"] = "60" if status == 429 else "5"
    return answer


def _answer(status: int, content: dict[str, Any]) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return JsonResponse(content, status=status, headers=headers)
