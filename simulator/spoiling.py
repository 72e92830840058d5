"""Spoil the next calls of a pretend provider, as tests order it."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Fault:
    """Spoil the next calls whose method and path fit.

    `status` answers so instead; with `is_lost` the work is done and the answer is not
    sent. `retry_after_s` goes with a 429.
    """

    method: str
    path: str
    status: int = 503
    is_lost: bool = False
    retry_after_s: int = 0
    times: int = 1

    def fits(self, method: str, path: str) -> bool:
        """Tell whether this call is to be spoiled."""
        return (
            self.times > 0
            and self.method == method
            and re.fullmatch(self.path, path) is not None
        )


def due(faults: list[Fault], request: web.Request) -> Fault | None:
    """Return the fault that this call meets, and count it; None without one."""
    for fault in faults:
        if fault.fits(request.method, request.path):
            fault.times -= 1
            return fault
    return None


async def spoil(
    request: web.Request, handler: Handler, fault: Fault, refusal: web.Response
) -> web.StreamResponse:
    """Answer with the refusal, or do the work and lose the answer."""
    if fault.is_lost:
        await handler(request)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=499)
    if fault.retry_after_s:
        refusal.headers["Retry-After"] = str(fault.retry_after_s)
    return refusal
