"""Since when a scope is granted or missing, and what that means for whom."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEntry, User
from fleet.scopes import Scope
from simulator.testing import RunningSimulator
from tests.factories import SCOPES, make_bare_grant
from tests.tokens.helpers import ClientOf, MakeGrant, change, expire, tesla_side
from tokens import features
from tokens.models import TeslaGrant
from tokens.services import access_tokens, grants, scope_trail

ADDRESS = "/console/scopes"
DASHBOARD = "/console/"
LOCATION = "vehicle_location"


def lose(grant: TeslaGrant, *scopes: str) -> None:
    """Take scopes away from a grant as a refresh does that finds them gone."""
    left = [scope for scope in grant.scopes if scope not in scopes]
    scope_trail.note(grant, after=left)
    change(grant, scopes=left)


def test_refresh_notices_what_was_taken_back(
    make_grant: MakeGrant, simulator: RunningSimulator, alice: User
) -> None:
    grant = make_grant(alice)
    side = tesla_side(simulator)
    side.scopes = tuple(scope for scope in side.scopes if scope != LOCATION)
    expire(grant)
    grants.tesla_access_token(grant)
    assert LOCATION not in grant.scopes
    entry = AuditEntry.objects.get(action="grant.scopes_changed")
    assert entry.detail == {"grant": str(grant.pk), "lost": [LOCATION], "gained": []}
    expire(grant)
    grants.tesla_access_token(grant)
    assert AuditEntry.objects.filter(action="grant.scopes_changed").count() == 1


def test_linking_again_notices_what_was_granted(
    make_grant: MakeGrant, alice: User
) -> None:
    few = tuple(scope for scope in SCOPES if scope != LOCATION)
    changes = AuditEntry.objects.filter(action="grant.scopes_changed")
    make_grant(alice, scopes=few)
    assert not changes.exists()
    make_grant(alice)
    entry = changes.get()
    assert (entry.detail["lost"], entry.detail["gained"]) == ([], [LOCATION])


def test_dashboard_explains_a_loss_for_two_weeks(
    alice: User, client_of: ClientOf
) -> None:
    grant = make_bare_grant(alice)
    client = client_of(alice)
    assert b"no longer grants" not in client.get(DASHBOARD).content
    lose(grant, LOCATION, "vehicle_cmds", "future_scope")
    page = client.get(DASHBOARD).content.decode()
    assert "no longer grants Vehicle commands, Vehicle location." in page
    with time_machine.travel(timezone.now() + timedelta(days=13)):
        assert b"no longer grants" in client.get(DASHBOARD).content
    change(grant, scopes=list(SCOPES))
    assert b"no longer grants" not in client.get(DASHBOARD).content
    change(grant, scopes=["openid"])
    client = client_of(alice)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        client = client_of(alice)
        assert b"no longer grants" not in client.get(DASHBOARD).content


def test_page_tells_since_when(alice: User, client_of: ClientOf) -> None:
    now = timezone.now()
    grant = make_bare_grant(alice, scopes=("openid", "user_data", LOCATION))
    change(grant, linked_at=now - timedelta(days=9))
    with time_machine.travel(now - timedelta(days=5)):
        detail = {"grant": str(grant.pk), "scopes": ["openid", LOCATION]}
        audit.record(alice, "grant.linked", detail=detail)
    with time_machine.travel(now - timedelta(days=4)):
        audit.record(alice, "grant.linked", detail=detail)
    lose(grant, LOCATION)
    context = client_of(alice).get(ADDRESS).context
    (consent,) = context["consents"]
    by_name = {scope.name: scope for scope in consent.scopes}
    days = {
        name: (now - scope.since).days if scope.since else None
        for name, scope in by_name.items()
    }
    assert (days["openid"], days["user_data"]) == (5, None)
    assert (days["energy_cmds"], by_name["energy_cmds"].was_lost) == (9, False)
    assert by_name[LOCATION].was_lost
    page = client_of(alice).get(ADDRESS).content.decode()
    assert "taken back" in page
    assert "not granted since" in page


def test_scope_that_came_back_is_granted_since_then(alice: User) -> None:
    grant = make_bare_grant(alice)
    lose(grant, LOCATION)
    scope_trail.note(grant, after=SCOPES)
    (change_of_location,) = scope_trail.history(alice)[grant.pk].values()
    assert not change_of_location.is_loss
    assert scope_trail.lost_lately(grant, scope_trail.history(alice)) == []


def test_page_names_the_programs_and_pages_that_suffer(
    alice: User, client_of: ClientOf
) -> None:
    grant = make_bare_grant(alice)
    access_tokens.issue(alice, "Home <b>Assistant</b>")
    client = client_of(alice)
    assert b"hinders your programs" not in client.get(ADDRESS).content
    lose(grant, "energy_cmds")
    page = client.get(ADDRESS).content.decode()
    assert "hinders your programs, too: Home &lt;b&gt;Assistant&lt;/b&gt;." in page
    calls = features.calls_of(Scope.ENERGY_CMDS)
    assert calls > 1
    assert f"Without it: settings of energy sites; {calls} calls of programs" in page


def test_features_of_a_scope() -> None:
    assert features.pages_of(Scope.METADATA) == ""
    assert features.calls_of(Scope.OPENID) == 0


def test_history_is_one_s_own(alice: User, charlie: User) -> None:
    lose(make_bare_grant(alice), LOCATION)
    assert scope_trail.history(charlie) == {}
