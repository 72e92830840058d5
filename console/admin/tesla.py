"""Tesla accounts, access tokens, questions and registrations."""

from typing import Any

from django.contrib.admin import action, display, register
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from accounts.services import members
from console.admin.base import (
    OpenFilter,
    OperatorAdmin,
    confirmed,
    link,
    list_link,
    tell,
)
from tokens.models import (
    AccessToken,
    ConnectCode,
    HourlyToken,
    Inquiry,
    Registration,
    Spending,
    TeslaGrant,
    Usage,
)
from tokens.services import access_tokens, inquiries, spending

_UNDER_WAY = [Inquiry.State.WAITING, Inquiry.State.RUNNING]


@register(TeslaGrant)
class TeslaGrantAdmin(OperatorAdmin[TeslaGrant]):
    """Linked Tesla accounts: how they are, never their tokens."""

    list_display = ("__str__", "of", "region", "state", "refreshed_at", "last_error")
    list_filter = ("state", "region", "linked_at")
    list_select_related = ("user",)
    search_fields = ("tesla_email", "tesla_name", "tesla_sub", "user__email")
    readonly_fields = ("of", "cars", "sites")
    actions = ("refresh",)
    ordering = ("-linked_at",)

    @display(description="user", ordering="user__email")
    def of(self, grant: TeslaGrant) -> SafeString | str:
        """Link to the user."""
        return link(grant.user)

    @display(description="cars")
    def cars(self, grant: TeslaGrant) -> SafeString:
        """Link to the cars that the Tesla account sees."""
        query = f"accesses__grant__id__exact={grant.pk}"
        return list_link(
            "vehicles", "vehicle", query, str(grant.vehicle_accesses.count())
        )

    @display(description="energy sites")
    def sites(self, grant: TeslaGrant) -> SafeString:
        """Link to the sites that the Tesla account sees."""
        query = f"accesses__grant__id__exact={grant.pk}"
        return list_link(
            "energy", "energysite", query, str(grant.site_accesses.count())
        )

    @action(description="Renew at the next round", permissions=["change"])
    def refresh(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Have the timer renew the tokens of accounts that can be renewed."""
        due = rows.filter(state=TeslaGrant.State.ACTIVE)
        done = due.update(next_refresh_at=timezone.now(), failures=0)
        tell(request, done, rows.count(), "To be renewed within 30 s")


@register(AccessToken)
class AccessTokenAdmin(OperatorAdmin[AccessToken]):
    """Access tokens that were issued: by whom used, never their texts."""

    list_display = (
        *("name", "of", "hint", "client_id"),
        *("created_at", "last_used_at", "last_used_by"),
    )
    list_filter = ("client_id", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "hint", "last_used_by", "user__email")
    readonly_fields = ("of",)
    actions = ("remove",)

    @display(description="user", ordering="user__email")
    def of(self, access_token: AccessToken) -> SafeString | str:
        """Link to the user."""
        return link(access_token.user)

    @action(description="Remove", permissions=["change"])
    @confirmed("Remove?", "Their programs are refused from the next second on.")
    def remove(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Remove access tokens, whoever made them."""
        chosen = list(rows.select_related("user"))
        for access_token in chosen:
            access_tokens.remove(access_token)
            if isinstance(request.user, User):
                members.record_act(
                    request.user,
                    access_token.user,
                    "program.removed" if access_token.client_id else "token.removed",
                    request,
                    hint=access_token.hint,
                )
        tell(request, len(chosen), len(chosen), "Removed")


@register(HourlyToken)
class HourlyTokenAdmin(OperatorAdmin[HourlyToken]):
    """The tokens that connected programs have for an hour: until when."""

    list_display = ("access_token", "of", "expires_at")
    list_filter = ("expires_at",)
    list_select_related = ("access_token__user",)
    search_fields = ("access_token__name", "access_token__user__email")
    readonly_fields = ("of",)
    ordering = ("-expires_at", "pk")

    @display(description="user")
    def of(self, hourly_token: HourlyToken) -> SafeString | str:
        """Link to the user."""
        return link(hourly_token.access_token.user)


@register(ConnectCode)
class ConnectCodeAdmin(OperatorAdmin[ConnectCode]):
    """Programs that were allowed to connect: whether they came for their tokens."""

    list_display = ("name", "of", "redirect_uri", "expires_at", "used_at")
    list_filter = ("client_id", "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "user__email")
    readonly_fields = ("of",)
    ordering = ("-expires_at", "pk")

    @display(description="user", ordering="user__email")
    def of(self, code: ConnectCode) -> SafeString | str:
        """Link to the user."""
        return link(code.user)


class _UnderWay(OpenFilter):
    def is_open(self) -> dict[str, Any]:
        return {"state__in": _UNDER_WAY}


@register(Inquiry)
class InquiryAdmin(OperatorAdmin[Inquiry]):
    """Questions that pages put to Tesla: how they went, not what was answered."""

    list_display = ("endpoint", "subject", "of", "state", "asked_at", "error_title")
    list_filter = (_UnderWay, "state", "endpoint", "asked_at")
    list_select_related = ("user",)
    search_fields = ("subject", "error_code", "user__email")
    readonly_fields = ("of",)
    actions = ("cancel", "retry")
    ordering = ("-asked_at",)

    def get_fields(self, request: HttpRequest, obj: Inquiry | None = None) -> Any:
        """Return the fields without the answer, which is the person's own affair."""
        return [name for name in super().get_fields(request, obj) if name != "answer"]

    @display(description="user", ordering="user__email")
    def of(self, inquiry: Inquiry) -> SafeString | str:
        """Link to the user."""
        return link(inquiry.user)

    @action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """End questions that are under way, in words for the page that waits."""
        ended = inquiries.cancel(rows)
        tell(request, ended, rows.count(), "Canceled")

    @action(description="Ask again", permissions=["change"])
    def retry(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Put the same questions anew; a failed one stays as it is."""
        chosen = list(rows.select_related("user", "grant"))
        for inquiry in chosen:
            inquiries.ask(
                inquiry.user, inquiry.grant, inquiry.endpoint, inquiry.subject
            )
        tell(request, len(chosen), len(chosen), "Asked again")


@register(Usage)
class UsageAdmin(OperatorAdmin[Usage]):
    """How often programs called, by day, car and price class."""

    list_display = (
        *("day_date", "of", "program", "client", "subject", "price_class"),
        *("calls", "asked", "billed", "saved", "refused", "failed"),
    )
    list_filter = ("price_class", "day_date")
    list_select_related = ("user",)
    search_fields = ("subject", "program", "client", "user__email")
    readonly_fields = ("of",)
    ordering = ("-day_date", "pk")

    @display(description="user", ordering="user__email")
    def of(self, usage: Usage) -> SafeString | str:
        """Link to the user."""
        return link(usage.user)


@register(Spending)
class SpendingAdmin(OperatorAdmin[Spending]):
    """How many calls Tesla billed in each month, and what they cost by the price list."""

    list_display = ("month_date", "price_class", "billed", "dollars")
    list_filter = ("price_class",)
    search_fields = ("price_class",)
    readonly_fields = ("dollars",)
    ordering = ("-month_date", "price_class")

    @display(description="dollars")
    def dollars(self, row: Spending) -> str:
        """Return what the calls cost."""
        return f"{spending.usd({row.price_class: row.billed}):.2f}"


@register(Registration)
class RegistrationAdmin(OperatorAdmin[Registration]):
    """Where at Tesla the application is registered."""

    list_display = ("region", "domain", "registered_at")
    search_fields = ("region", "domain")
