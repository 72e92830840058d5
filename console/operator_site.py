"""The operator's admin site: who may enter it, and what its front page says."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts.models import User
from console import figures


class OperatorSite(AdminSite):
    """Django's admin: for the owner to act, for support staff to read.

    Its sign-in is that of everybody else, limits included.
    """

    site_title = "Keyfob admin"
    site_header = "Keyfob admin"
    index_title = "At a glance"
    index_template = "admin/glance.html"
    empty_value_display = "—"

    def register(
        self, model_or_iterable: Any, admin_class: Any = None, **options: Any
    ) -> None:
        """Take our own pages alone: those that libraries bring show secrets."""
        if getattr(admin_class, "shows_no_secret", False):
            super().register(model_or_iterable, admin_class, **options)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show what an operator asks for first, then what can be looked at."""
        glance = {"figures": figures.figures(timezone.now())}
        return super().index(request, {**(extra_context or {}), **glance})

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send who is nobody yet to the one sign-in; refuse who is not staff."""
        response: HttpResponse = secure_admin_login(super().login)(
            request, extra_context
        )
        return response

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether somebody may look at all: staff who are let in."""
        user = request.user
        return isinstance(user, User) and user.is_active and user.is_staff
