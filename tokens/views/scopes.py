"""What each linked Tesla account granted, and how to change it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from accounts.models import User
from fleet import oauth
from fleet.scopes import Opening, Scope, opens
from tokens import features
from tokens.models import AccessToken, TeslaGrant
from tokens.services import fleet_app, scope_trail


@dataclass(frozen=True, slots=True)
class GrantedScope:
    """One scope of a grant: what it opens, whether it was granted, and since when.

    `since` is None where that is not known any more. `pages` says in words what the
    console cannot do without it, `calls` how many calls of programs are refused.
    """

    name: str
    opening: Opening
    is_granted: bool
    since: datetime | None
    was_lost: bool
    pages: str
    calls: int


@dataclass(frozen=True, slots=True)
class Consent:
    """One linked Tesla account with its scopes, in the order in which Tesla shows."""

    grant: TeslaGrant
    scopes: tuple[GrantedScope, ...]

    @property
    def needs_relink(self) -> bool:
        """Tell whether only the person can make it work again."""
        return self.grant.state == TeslaGrant.State.NEEDS_RELINK

    @property
    def missing(self) -> int:
        """Return how many of the scopes that we ask for are missing."""
        return sum(not scope.is_granted for scope in self.scopes)


@require_safe
@login_required
def scopes(request: UserRequest) -> HttpResponse:
    """Show each linked Tesla account with what it granted and what is missing."""
    linked = TeslaGrant.objects.of(request.user).order_by("linked_at", "pk")
    back_url = f"{settings.PUBLIC_URL}{reverse('tokens:scopes')}"
    known = scope_trail.history(request.user)
    consents = [_consent(grant, known.get(grant.pk, {})) for grant in linked]
    context = {
        "consents": consents,
        "programs": _programs(request.user, consents),
        "change_url": oauth.consent_url(
            fleet_app.hosts(), fleet_app.application(), back_url
        ),
    }
    return render(request, "tokens/scopes.html", context)


def _programs(user: User, consents: list[Consent]) -> list[str]:
    """Return the names of the tokens that a missing scope hinders; none if none is."""
    if not any(consent.missing for consent in consents):
        return []
    tokens = AccessToken.objects.filter(user=user)
    return list(tokens.values_list("name", flat=True))


def _consent(grant: TeslaGrant, changes: dict[str, scope_trail.Change]) -> Consent:
    """Put the scopes that we ask for first, then what was granted beyond."""
    asked = [scope for scope in Scope if scope in settings.TESLA_SCOPES]
    beyond = [scope for scope in Scope if scope in grant.scopes and scope not in asked]
    return Consent(
        grant,
        tuple(
            _scope(scope, grant, changes.get(scope.value))
            for scope in [*asked, *beyond]
        ),
    )


def _scope(
    scope: Scope, grant: TeslaGrant, change: scope_trail.Change | None
) -> GrantedScope:
    is_granted = grant.has(scope)
    was_lost = not is_granted and change is not None and change.is_loss
    since = change.at if change is not None and change.is_loss != is_granted else None
    if since is None and not is_granted:
        # It was never granted: it is missing since the account was linked.
        since = grant.linked_at
    return GrantedScope(
        scope.value,
        opens(scope),
        is_granted,
        since,
        was_lost,
        features.pages_of(scope),
        features.calls_of(scope),
    )
