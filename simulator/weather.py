"""Let calls run into the bad weather that was ordered, and write them all down."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from simulator.answers import Refused, new_txid
from simulator.faults import Fault, FaultKind
from simulator.hub import Hub, hub_of
from simulator.ledger import Call

CALL = web.RequestKey("call", Call)
FORCED_FAULT = web.RequestKey("forced_fault", int)
PRICES = web.AppKey("prices", dict[tuple[str, str], str])

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CHUNK = 64 * 1024
_OUTSIDE = ("/admin", "/static", "/locks")
_REMEMBERED = "/signed_command"
_AFTERWARDS = (
    FaultKind.LOST,
    FaultKind.TRUNCATE,
    FaultKind.CUT,
    FaultKind.UNANSWERED,
    FaultKind.REPEAT,
)
_HTML = (
    "<!DOCTYPE html><html><head><title>Service unavailable</title></head>"
    "<body><h1>Service unavailable</h1></body></html>"
)


@web.middleware
async def keep_ledger(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write down the call and its answer, and save what it changed."""
    hub = hub_of(request)
    if request.path.startswith(_OUTSIDE):
        return await _saving(hub, request, handler)
    resource = request.match_info.route.resource
    path = resource.canonical if resource else ""
    price = request.config_dict[PRICES].get((request.method, path), "free")
    call = Call(request.method, request.path, hub.clock.now(), price)
    call.query = request.query_string if "/api/1/" in request.path else ""
    request[CALL] = call
    hub.ledger.open(call)
    status = 499
    try:
        response = await _saving(hub, request, handler)
        status = response.status
    except web.HTTPException as refusal:
        status = refusal.status
        raise
    finally:
        hub.ledger.close(call, status)
    body = response.body if isinstance(response, web.Response) else None
    if request.path.endswith(_REMEMBERED) and isinstance(body, bytes):
        hub.faults.last_answers[request.path] = (status, body)
    return response


async def _saving(
    hub: Hub, request: web.Request, handler: Handler
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return refused.answer
    finally:
        if hub.store.changed:
            hub.save()


@web.middleware
async def bad_weather(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Spoil the answer as ordered; latency comes first and adds up."""
    hub = hub_of(request)
    if request.path.startswith(_OUTSIDE) or not hub.faults.orders:
        return await handler(request)
    faults = hub.faults.take(request.method, request.path)
    for fault in faults:
        if fault.kind is FaultKind.LATENCY:
            await asyncio.sleep(fault.seconds)
    worse = [fault for fault in faults if fault.kind is not FaultKind.LATENCY]
    if not worse:
        return await handler(request)
    fault = worse[0]
    if fault.kind is FaultKind.SIGNED_FAULT:
        request[FORCED_FAULT] = fault.status
        return await handler(request)
    if fault.kind in _AFTERWARDS:
        return await _spoil(hub, request, fault, await _carried_out(request, handler))
    return await _instead(hub, request, fault)


async def _carried_out(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return refused.answer


async def _spoil(
    hub: Hub, request: web.Request, fault: Fault, done: web.StreamResponse
) -> web.StreamResponse:
    body = done.body if isinstance(done, web.Response) else b""
    whole = body if isinstance(body, bytes) else b""
    if fault.kind is FaultKind.LOST:
        # What was done must survive the silence, so it is saved before it.
        hub.save()
        await hub.faults.silence(fault.seconds)
        return _drop(request)
    if fault.kind is FaultKind.UNANSWERED:
        return _failed(fault.status or 503, fault.body)
    if fault.kind is FaultKind.REPEAT:
        return _again(hub, request.path, done)
    half = whole[: len(whole) // 2]
    if fault.kind is FaultKind.TRUNCATE:
        return web.Response(
            body=half, status=done.status, content_type="application/json"
        )
    broken = web.StreamResponse(
        status=done.status, headers={"Content-Type": "application/json"}
    )
    broken.content_length = len(whole)
    await broken.prepare(request)
    await broken.write(half)
    return _drop(request)


def _again(hub: Hub, path: str, done: web.StreamResponse) -> web.StreamResponse:
    if path not in hub.faults.last_answers:
        return done
    status, body = hub.faults.last_answers[path]
    return web.Response(body=body, status=status, content_type="application/json")


async def _instead(hub: Hub, request: web.Request, fault: Fault) -> web.StreamResponse:
    match fault.kind:
        case FaultKind.HANG:
            await hub.faults.silence(fault.seconds)
            return _drop(request)
        case FaultKind.REFUSE:
            return _drop(request)
        case FaultKind.HUGE:
            return await _huge(request, fault)
        case FaultKind.SERVER_ERROR:
            return _server_error(hub)
        case _:
            return _wrong(fault)


def _wrong(fault: Fault) -> web.Response:
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            return rate_limited(60, int(fault.seconds) or 42)
        case FaultKind.REDIRECT:
            headers = {"Location": fault.location}
            return web.Response(status=fault.status or 302, headers=headers)
        case FaultKind.HTML:
            status = fault.status or 200
            return web.Response(text=_HTML, status=status, content_type="text/html")
        case FaultKind.BODY:
            status, text = fault.status or 200, fault.body
            return web.Response(
                text=text, status=status, content_type="application/json"
            )
        case _:
            return _failed(fault.status or 503, fault.body)


def rate_limited(limit: int, wait_s: int) -> web.Response:
    """Return the 429: a line of plain text and four headers, times in seconds."""
    return web.Response(
        text=f"Retry in {wait_s} seconds\n",
        status=429,
        headers={
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": "0",
            "ratelimit-reset": str(wait_s),
            "retry-after": str(wait_s),
            "x-txid": new_txid(),
        },
    )


def _failed(status: int, error: str) -> web.Response:
    words = error or ("upstream internal error" if status == 500 else "")
    body = {
        "response": None,
        "error": words or "service unavailable",
        "error_description": "",
        "txid": new_txid(),
    }
    return web.json_response(
        body, status=status, headers={"x-txid": body["txid"] or ""}
    )


def _server_error(hub: Hub) -> web.Response:
    reference = f"{hub.config.public_url}/auth/error/reference/{new_txid()}"
    body = {
        "error": "server_error",
        "error_description": "Internal server error",
        "error_uri": reference,
    }
    return web.json_response(body, status=400)


async def _huge(request: web.Request, fault: Fault) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(b'{"response": "')
    for start in range(0, fault.size, _CHUNK):
        await response.write(b"a" * min(_CHUNK, fault.size - start))
    await response.write(b'"}')
    await response.write_eof()
    return response


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)
