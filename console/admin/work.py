"""Work that must not be lost: deletions and exports."""

from typing import Any

from django.contrib.admin import action, display, register
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from console import tasks
from console.admin.base import OpenFilter, OperatorAdmin, link, tell
from console.models import Deletion, Export
from console.services import deletions, export_jobs, receipts
from tokens import bell


class _OpenDeletion(OpenFilter):
    def is_open(self) -> dict[str, Any]:
        return {"done_at": None}


@register(Deletion)
class DeletionAdmin(OperatorAdmin[Deletion]):
    """Deletions: how far they are. None can be canceled: its account is off already."""

    list_display = ("reference", "kind", "of", "asked_at", "failures", "done_at")
    list_filter = (_OpenDeletion, "kind", "asked_at")
    list_select_related = ("user",)
    search_fields = ("pk__startswith", "user__email")
    readonly_fields = ("of", "steps")
    actions = ("retry",)
    ordering = ("-asked_at",)

    @display(description="user")
    def of(self, deletion: Deletion) -> SafeString | str:
        """Link to the user, while there is one."""
        return link(deletion.user)

    @display(description="steps")
    def steps(self, deletion: Deletion) -> SafeString:
        """Return how each step stands."""
        lines = receipts.lines(deletion.steps.order_by("position"))
        return format_html_join(
            "",
            "<div>{}: {} {}</div>",
            ((one.state, one.title, one.detail) for one in lines),
        )

    @action(description="Try again now", permissions=["change"])
    def retry(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Let deletions that wait go on at once."""
        done = [row for row in rows if deletions.retry(row)]
        for row in done:
            bell.ring(tasks.delete, str(row.pk))
        tell(request, len(done), rows.count(), "Tried again")


class _OpenExport(OpenFilter):
    def is_open(self) -> dict[str, Any]:
        return {"state__in": [Export.State.WAITING, Export.State.RUNNING]}


@register(Export)
class ExportAdmin(OperatorAdmin[Export]):
    """Exports: how far they are, never their files."""

    list_display = ("asked_at", "of", "state", "row_count", "size_bytes", "expires_at")
    list_filter = (_OpenExport, "state", "asked_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    readonly_fields = ("of",)
    actions = ("cancel", "retry")
    ordering = ("-asked_at",)

    @display(description="user")
    def of(self, export: Export) -> SafeString | str:
        """Link to the user."""
        return link(export.user)

    @action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Give up exports that are under way."""
        done = sum(export_jobs.cancel(row) for row in rows)
        tell(request, done, rows.count(), "Canceled")

    @action(description="Make again", permissions=["change"])
    def retry(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Have the file of a failed export made anew."""
        chosen = list(rows.select_related("user").filter(state=Export.State.FAILED))
        for row in chosen:
            bell.ring(tasks.export, str(export_jobs.ask(row.user).pk))
        tell(request, len(chosen), rows.count(), "Asked again")
