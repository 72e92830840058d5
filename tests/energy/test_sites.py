"""Listing sites, keeping their answers, choosing who asks, forgetting the gone."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from energy import tasks
from energy.models import EnergySite, SiteAccess
from energy.services import sites
from simulator.testing import RunningSimulator
from tests.energy.conftest import Link
from tests.factories import make_bare_grant, make_energy_site
from tokens.models import Inquiry, TeslaGrant
from tokens.services import inquiries

Rung = Callable[[], list[tuple[str, list[object]]]]


def ask(access: SiteAccess, endpoint: str) -> Inquiry:
    """Ask a question about a site and have the worker's task answer it."""
    asked = inquiries.ask(
        access.grant.user, access.grant, endpoint, str(access.site.site_id)
    )
    tasks.ask(str(asked.pk))
    asked.refresh_from_db()
    return asked


def answered(access: SiteAccess, endpoint: str, answer: object) -> Inquiry:
    return Inquiry.objects.create(
        user=access.grant.user,
        grant=access.grant,
        subject=str(access.site.site_id),
        endpoint=endpoint,
        state=Inquiry.State.ANSWERED,
        answered_at=timezone.now(),
        answer=answer,
    )


def test_sync_lists_the_sites_with_their_parts(
    link: Link, alice: User, bob: User
) -> None:
    link(alice)
    link(bob)
    found = {
        site.name: (
            site.has_grid,
            site.has_battery,
            site.has_solar,
            site.wall_connector_count,
        )
        for site in EnergySite.objects.all()
    }
    assert found["Home"] == (True, True, True, 2)
    assert found["Cabin"][1:] == (False, True, 0)
    assert found["Garage"][1:] == (False, False, 2)


def test_sync_leaves_out_a_site_without_any_part(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    registered.world.add_empty_site("alice@example.com")
    link(alice)
    assert {site.name for site in EnergySite.objects.all()} == {"Home"}


def test_sync_marks_a_site_gone_and_back_again(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    grant = link(alice)
    registered.faults.add(
        "body", "*/products", body=json.dumps({"response": []}), status=200, count=1
    )
    tasks.sync(str(grant.pk))
    assert SiteAccess.objects.get().gone_at is not None
    tasks.sync(str(grant.pk))
    assert SiteAccess.objects.get().gone_at is None


def test_sync_survives_odd_sites(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    components = {"solar": True, "wall_connectors": [{}] * 3}
    listed = [
        {"energy_site_id": 2**70, "components": components},
        {"energy_site_id": -5, "components": components},
        {"energy_site_id": "x", "components": components},
        {"energy_site_id": 7, "site_name": "A\x00B" * 200, "components": components},
        {"energy_site_id": 8, "site_name": 5, "components": "none"},
    ]
    body = json.dumps({"response": listed})
    registered.faults.add("body", "*/products", body=body, status=200)
    link(alice)
    site = EnergySite.objects.get()
    assert (site.site_id, site.wall_connector_count) == (7, 3)
    assert site.name.startswith("A BA B")


def test_sync_that_fails_changes_nothing_and_says_why(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    grant = link(alice)
    grant.refresh_from_db()
    read_at = grant.synced_energy_at
    registered.faults.add("truncate", "*/products")
    tasks.sync(str(grant.pk))
    assert SiteAccess.objects.get().gone_at is None
    grant.refresh_from_db()
    assert grant.synced_energy_at == read_at
    assert grant.energy_failed_at is not None
    assert grant.energy_failure.startswith("Tesla's answer cannot be read. ")
    registered.faults.clear()
    tasks.sync(str(grant.pk))
    row = TeslaGrant.objects.get(pk=grant.pk)
    assert (row.energy_failed_at, row.energy_failure) == (None, "")


def test_sync_of_an_unknown_grant_does_nothing(registered: RunningSimulator) -> None:
    tasks.sync("00000000-0000-0000-0000-000000000000")
    assert registered.calls == []


def test_sync_due_rings_for_old_and_new_lists(alice: User, rung: Rung) -> None:
    fresh, new = make_bare_grant(alice), make_bare_grant(alice)
    TeslaGrant.objects.filter(pk=fresh.pk).update(synced_energy_at=timezone.now())
    tasks.sync_due()
    assert rung() == [("energy.tasks.sync", [str(new.pk)])]


@pytest.mark.parametrize("endpoint", ["site_info", "live_status"])
def test_ask_reads_a_site_and_keeps_it(link: Link, alice: User, endpoint: str) -> None:
    link(alice)
    access = SiteAccess.objects.of(alice).get()
    asked = ask(access, endpoint)
    access.refresh_from_db()
    assert asked.state == Inquiry.State.ANSWERED
    assert getattr(access, endpoint) == asked.answer
    assert getattr(access, f"{endpoint}_at") == asked.answered_at


def test_ask_in_bad_weather_ends_in_plain_words(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    link(alice)
    registered.faults.add("html", "*/live_status")
    asked = ask(SiteAccess.objects.of(alice).get(), "live_status")
    assert (asked.error_title, asked.error_status) == (
        "Tesla's answer cannot be read",
        200,
    )


def test_ask_twice_answers_once(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    link(alice)
    asked = ask(SiteAccess.objects.of(alice).get(), "live_status")
    calls = len(registered.calls)
    tasks.ask(str(asked.pk))
    assert len(registered.calls) == calls


def test_ask_with_a_grant_that_needs_relink_says_so(link: Link, alice: User) -> None:
    link(alice)
    TeslaGrant.objects.update(
        state="needs_relink", tesla_access_token_expires_at=timezone.now()
    )
    asked = ask(SiteAccess.objects.of(alice).get(), "live_status")
    assert asked.error_title == "Link your Tesla account again"


def test_ask_about_a_site_that_was_removed_meanwhile_fails(alice: User) -> None:
    access = make_energy_site(make_bare_grant(alice))
    asked = inquiries.ask(alice, access.grant, "live_status", str(access.site.site_id))
    access.delete()
    tasks.ask(str(asked.pk))
    asked.refresh_from_db()
    assert asked.error_title == "Tesla does not know this"


def test_note_answer_keeps_the_newest_and_takes_text_for_nothing(alice: User) -> None:
    access = make_energy_site(make_bare_grant(alice))
    sites.note_answer(access, answered(access, "live_status", ""))
    access.refresh_from_db()
    assert access.live_status == {}
    older = answered(access, "live_status", {"load_power": 5})
    older.answered_at = timezone.now() - timedelta(hours=1)
    sites.note_answer(access, older)
    access.refresh_from_db()
    assert access.live_status == {}


def test_note_answer_ignores_failures_and_strangers(alice: User) -> None:
    access = make_energy_site(make_bare_grant(alice))
    failed = answered(access, "site_info", {"a": 1})
    failed.state = Inquiry.State.FAILED
    sites.note_answer(access, failed)
    sites.note_answer(access, answered(access, "vehicle_data", {"a": 1}))
    access.refresh_from_db()
    assert (access.site_info, access.live_status) == (None, None)


def test_best_access_prefers_listed_working_scopes_age(
    alice: User, charlie: User
) -> None:
    rows = [make_energy_site(make_bare_grant(alice)) for _ in range(4)]
    oldest, richest, relink, gone = rows
    TeslaGrant.objects.filter(pk=oldest.grant_id).update(
        linked_at=timezone.now() - timedelta(days=1)
    )
    TeslaGrant.objects.filter(pk=richest.grant_id).update(
        scopes=[*richest.grant.scopes, "email"]
    )
    TeslaGrant.objects.filter(pk=relink.grant_id).update(state="needs_relink")
    SiteAccess.objects.filter(pk=gone.pk).update(gone_at=timezone.now())
    order = sorted(SiteAccess.objects.of(alice), key=sites.preference)
    assert order == [richest, oldest, relink, gone]
    site_id = oldest.site.site_id
    assert sites.best_access(alice, site_id) == richest
    assert sites.best_access(charlie, site_id) is None
    assert sites.best_access(alice, 2**80) is None


def test_remove_forgets_a_gone_site_and_leaves_what_others_see(
    alice: User, bob: User
) -> None:
    access = make_energy_site(make_bare_grant(alice))
    shared = make_energy_site(make_bare_grant(bob))
    assert sites.remove(access) is False
    SiteAccess.objects.update(gone_at=timezone.now())
    assert sites.remove(access) is True
    assert EnergySite.objects.count() == 1
    assert sites.remove(shared) is True
    assert EnergySite.objects.count() == 0


def test_sweep_rings_again_for_sites_alone(alice: User, rung: Rung) -> None:
    grant = make_bare_grant(alice)
    inquiries.ask(alice, grant, "vehicle_data", "5YJ3E1EA4PF000001")
    asked = inquiries.ask(alice, grant, "live_status", "5")
    Inquiry.objects.update(asked_at=timezone.now() - timedelta(seconds=30))
    tasks.sweep()
    assert rung() == [("energy.tasks.ask", [str(asked.pk)])]
