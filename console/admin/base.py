"""What all pages of the admin have in common: they show, and act only by actions.

Support staff (`is_staff`) may look; the owner (`is_superuser`) may act. Nothing secret
is ever a field: what is sealed, hashed or leased is left out by its name.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin, SimpleListFilter, helpers
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User

_Row = TypeVar("_Row", bound=Model)
_SECRET = ("challenge", "digest", "refresh_digest", "password", "lease_id")
# What people's pages were told, and what a query must not ask letter by letter.
_PRIVATE = (
    "answer",
    "body",
    "detail",
    "live_status",
    "parameters",
    "request_excerpt",
    "request_headers",
    "response_excerpt",
    "site_info",
    "url",
    "vehicle_data",
)
_Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


if TYPE_CHECKING:
    _ModelAdmin = ModelAdmin[Any]
else:
    # Django's own class takes no type when it runs.
    _ModelAdmin = ModelAdmin


class OperatorAdmin(_ModelAdmin, Generic[_Row]):
    """Show rows; add, change and delete nothing by hand."""

    # Without this the site does not take a page.
    shows_no_secret = True
    list_per_page = 50
    show_full_result_count = False
    actions_selection_counter = True

    def get_fields(self, request: HttpRequest, obj: _Row | None = None) -> Any:
        """Return every column but the secret ones, then what the page adds."""
        columns = [
            field.name
            for field in self.model._meta.get_fields()  # noqa: SLF001  # documented
            if isinstance(field, Field)
            and not field.many_to_many
            and not _is_secret(field.name)
        ]
        return [*columns, *self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: _Row | None = None) -> Any:
        """Return all fields: what changes a row is an action."""
        return self.get_fields(request, obj)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse questions about columns that no page shows, by whatever way.

        A list that can be narrowed by the first letters of a secret tells the secret.
        """
        if any(_is_secret(name) or name in _PRIVATE for name in lookup.split("__")):
            return False
        allowed: bool = super().lookup_allowed(lookup, value, request)
        return allowed

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether somebody sees the app: all staff."""
        return self.has_view_permission(request)

    def has_view_permission(
        self, request: HttpRequest, obj: _Row | None = None
    ) -> bool:
        """Tell whether somebody may look: all staff."""
        return isinstance(request.user, User) and request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: rows are made by those whom they belong to."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: _Row | None = None
    ) -> bool:
        """Tell whether somebody may act: the owner alone."""
        return isinstance(request.user, User) and request.user.is_superuser

    def has_delete_permission(
        self, request: HttpRequest, obj: _Row | None = None
    ) -> bool:
        """Refuse: deletion goes by the chain that cleans up at Tesla too."""
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show one row; there is nothing to save, so the buttons for it go."""
        if request.method == "POST":
            raise PermissionDenied
        nothing = {"show_save": False, "show_save_and_continue": False}
        context = {**(extra_context or {}), **nothing}
        return super().changeform_view(request, object_id, form_url, context)


class OpenFilter(SimpleListFilter):
    """Keep what is under way; subclasses say how to tell."""

    title = "under way"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the two choices."""
        return [("yes", "Under way"), ("no", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the choice made; all without one."""
        chosen = {"yes": True, "no": False}.get(self.value() or "")
        if chosen is None:
            return queryset
        is_open = self.is_open()
        return queryset.filter(**is_open) if chosen else queryset.exclude(**is_open)

    def is_open(self) -> dict[str, Any]:
        """Return the query of what is under way."""
        raise NotImplementedError


def confirmed(title: str, words: str) -> Callable[[_Action], _Action]:
    """Return a decorator that has an action asked for once more before it is done."""

    def decorate(action: _Action) -> _Action:
        def asked(
            model_admin: OperatorAdmin[Any], request: HttpRequest, rows: QuerySet[Any]
        ) -> HttpResponse | None:
            if request.POST.get("confirmed") == "yes":
                return action(model_admin, request, rows)
            context = {
                **model_admin.admin_site.each_context(request),
                "title": title,
                "words": words,
                "rows": rows,
                "action": request.POST.get("action", ""),
                "checkbox": helpers.ACTION_CHECKBOX_NAME,
                "opts": model_admin.opts,
            }
            return TemplateResponse(request, "admin/confirm.html", context)

        asked.__name__ = action.__name__
        asked.__doc__ = action.__doc__
        return asked

    return decorate


def link(row: Model | None, words: str = "") -> SafeString | str:
    """Return a link to the page of another row, an em dash for none."""
    if row is None:
        return "—"
    options = row._meta  # noqa: SLF001  # documented
    name = f"admin:{options.app_label}_{options.model_name}_change"
    return format_html(
        '<a href="{}">{}</a>', reverse(name, args=[row.pk]), words or row
    )


def list_link(app: str, model: str, query: str, words: str) -> SafeString:
    """Return a link to the list of rows that a query keeps."""
    address = reverse(f"admin:{app}_{model}_changelist")
    return format_html('<a href="{}?{}">{}</a>', address, query, words)


def tell(request: HttpRequest, done: int, all_: int, words: str) -> None:
    """Say how many of the rows chosen an action was done to."""
    level = messages.SUCCESS if done == all_ else messages.WARNING
    messages.add_message(request, level, f"{words}: {done} of {all_}.")


def _is_secret(name: str) -> bool:
    return name.endswith("_sealed") or name in _SECRET
