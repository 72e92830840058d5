"""What each linked Tesla account granted, and how to change it."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from fleet import oauth
from fleet.scopes import Opening, Scope, opens
from tokens.models import TeslaGrant
from tokens.services import fleet_app


@dataclass(frozen=True, slots=True)
class GrantedScope:
    """One scope of a grant: what it opens, and whether the person granted it."""

    name: str
    opening: Opening
    is_granted: bool


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
    context = {
        "consents": [_consent(grant) for grant in linked],
        "change_url": oauth.consent_url(
            fleet_app.hosts(), fleet_app.application(), back_url
        ),
    }
    return render(request, "tokens/scopes.html", context)


def _consent(grant: TeslaGrant) -> Consent:
    """Put the scopes that we ask for first, then what was granted beyond."""
    asked = [scope for scope in Scope if scope in settings.TESLA_SCOPES]
    beyond = [scope for scope in Scope if scope in grant.scopes and scope not in asked]
    return Consent(
        grant,
        tuple(
            GrantedScope(scope.value, opens(scope), grant.has(scope))
            for scope in [*asked, *beyond]
        ),
    )
