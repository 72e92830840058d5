"""What cars were told to do, as the operator sees it: never where, never a PIN."""

from typing import Any

from django.contrib.admin import display, register
from django.http import HttpRequest
from django.utils.safestring import SafeString

from console.admin.base import OperatorAdmin, link
from vehicles.models import Command


@register(Command)
class CommandAdmin(OperatorAdmin[Command]):
    """The command log: who had which car do what, and how it ended."""

    list_display = ("asked_at", "name", "car", "of", "source", "state", "result")
    list_filter = ("state", "source", "result", "asked_at")
    list_select_related = ("vehicle", "user")
    search_fields = ("name", "vehicle__vin", "vehicle__name", "user__email")
    readonly_fields = ("car", "of")
    ordering = ("-asked_at",)

    def get_fields(self, request: HttpRequest, obj: Command | None = None) -> Any:
        """Return all but the parameters, which may say where somebody goes."""
        shown = super().get_fields(request, obj)
        return [name for name in shown if name != "parameters"]

    @display(description="car")
    def car(self, command: Command) -> SafeString | str:
        """Link to the car."""
        return link(command.vehicle)

    @display(description="user")
    def of(self, command: Command) -> SafeString | str:
        """Link to the user."""
        return link(command.user)
