"""The operator's admin site: who may enter it, and what its front page says."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts import admin_door
from console import figures

_NAMES = {
    "Attempt": "Requests to webhooks",
    "AuditEntry": "Trail",
    "Command": "Commands",
    "Delivery": "Events for webhooks",
    "Endpoint": "Webhooks",
    "Inquiry": "Questions to Tesla",
    "Message": "News for webhooks",
    "ProviderEvent": "News of payment providers",
    "TeslaGrant": "Tesla accounts",
    "Vehicle": "Cars",
}


class OperatorSite(admin_door.OperatorSite):
    """Django's admin behind our door: for the owner to act, for support staff to read."""

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

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the lists by the names that the pages use."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        for app in apps:
            for model in app["models"]:
                model["name"] = _NAMES.get(model["object_name"], model["name"])
        return apps
