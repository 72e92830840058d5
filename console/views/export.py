"""Take everything along: ask for the file, see how far it is, fetch it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import audit, proofs
from accounts.http import UserRequest
from console import tasks
from console.services import export_jobs
from tokens import bell

_CHUNK_BYTES = 256 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def export(request: UserRequest) -> HttpResponse:
    """Show the newest export; have one made. htmx gets how far it is alone."""
    if request.method == "POST":
        if not proofs.is_recent(request):
            return proofs.ask(reverse("console:export"))
        asked = export_jobs.ask(request.user)
        bell.ring(tasks.export, str(asked.pk))
        audit.record(request.user, "export.asked", request=request)
        return redirect("console:export")
    context = {"export": export_jobs.newest(request.user), "now": timezone.now()}
    page = "console/_export.html" if request.htmx else "console/export.html"
    return render(request, page, context)


@require_safe
@never_cache
@login_required
def export_download(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """Send the file of an export of one's own, within its day, as it is read."""
    found = export_jobs.ready(request.user, pk, timezone.now())
    if found is None or not export_jobs.path_of(found).is_file():
        raise Http404
    if not proofs.is_recent(request):
        here = reverse("console:export_download", args=[pk])
        return proofs.ask(here)
    audit.record(request.user, "export.fetched", request=request)
    name = f"keyfob-export-{found.asked_at:%Y-%m-%d}.zip"
    return StreamingHttpResponse(
        _chunks(export_jobs.path_of(found)),
        content_type="application/zip",
        headers={
            "Content-Length": str(found.size_bytes),
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    """Yield a file piece by piece; Django would read a plain file whole under ASGI."""
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk
