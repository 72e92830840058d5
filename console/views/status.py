"""How this Keyfob is, for whoever watches it; nothing that is a secret."""

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from console import health


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Answer whether all is well: the word ok, or a summary where JSON is asked for.

    503 when the database does not answer, since nothing works without it.
    """
    works = _database_answers()
    troubles = health.troubles(timezone.now()) if works else ()
    words = [one.title for one in troubles] if works else ["The database is away."]
    summary = {
        "status": "ok" if not words else "degraded" if works else "down",
        "troubles": words,
        "checked_at": timezone.now().isoformat(),
    }
    code = 200 if works else 503
    wanted = request.headers.get("Accept", "*/*")
    if "json" in wanted or "html" in wanted:
        answer: HttpResponse = JsonResponse(summary, status=code)
    else:
        answer = HttpResponse(
            summary["status"], status=code, content_type="text/plain; charset=utf-8"
        )
    answer["Cache-Control"] = "no-store"
    return answer


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True
