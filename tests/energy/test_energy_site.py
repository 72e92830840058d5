"""The page of one energy site, its cards, and who may see it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from energy.cards import cards_of
from energy.models import EnergySite, SiteAccess
from tests.energy.conftest import Link
from tests.energy.test_summary import STATUS
from tests.factories import make_bare_grant, make_energy_site
from tokens.models import Inquiry
from tokens.services import inquiries

ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
SITE = 2252142071
PAGE = f"/console/energy/{SITE}"
HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def home(alice: User) -> SiteAccess:
    """Return Alice's access to a house that was read just now."""
    access = make_energy_site(
        make_bare_grant(alice),
        site_id=SITE,
        has_grid=True,
        has_battery=True,
        has_solar=True,
        wall_connector_count=2,
    )
    access.live_status, access.live_status_at = STATUS, timezone.now()
    access.save()
    return access


def ask(access: SiteAccess, endpoint: str = "live_status") -> Inquiry:
    user = access.grant.user
    return inquiries.ask(user, access.grant, endpoint, str(access.site.site_id))


def inquiry_url(asked: Inquiry) -> str:
    return f"/console/energy/{asked.subject}/inquiries/{asked.pk}"


def settle(asked: Inquiry, **columns: object) -> Inquiry:
    Inquiry.objects.filter(pk=asked.pk).update(
        **{"state": "answered", "answered_at": timezone.now(), **columns}
    )
    return asked


def test_energy_site_shows_parts_flow_values_and_connectors(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    text = client_of(alice).get(PAGE).content.decode()
    assert "<dt>Wall Connectors</dt><dd>2</dd>" in text
    for part in ("Grid", "Battery", "Solar"):
        assert f"<dt>{part}</dt><dd>Yes</dd>" in text
    assert 'aria-label="Home uses 1.3 kW. Solar gives 4.2 kW.' in text
    assert re.search(r"<dt>Solar</dt><dd>4.2\s*<small>kW</small>", text)
    assert "Wall Connector PGT1" in text
    assert "Read by Live Status, <time" in text


def test_energy_site_flow_moves_only_while_it_is_fresh(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    assert '<path d="M200 146 V119" class="on back"/>' in (
        client_of(alice).get(PAGE).content.decode()
    )
    SiteAccess.objects.update(live_status_at=timezone.now() - timedelta(hours=1))
    text = client_of(alice).get(PAGE).content.decode()
    assert '<path d="M200 146 V119"/>' in text
    assert 'class="age after stale"' in text


def test_energy_site_shows_json_and_the_equivalent_curl(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    text = client_of(alice).get(f"{PAGE}?show=live-json").content.decode()
    assert "&quot;solar_power&quot;: 4200" in text
    assert f"http://localhost:8000/api/1/energy_sites/{SITE}/live_status" in text


def test_energy_site_shows_site_info_when_asked(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    text = client_of(alice).get(f"{PAGE}?show=info", headers=HTMX).content.decode()
    assert "<html" not in text
    assert "The settings have not been read yet" in text
    SiteAccess.objects.update(
        site_info={"version": "23.44.0"}, site_info_at=timezone.now()
    )
    text = client_of(alice).get(f"{PAGE}?show=info").content.decode()
    assert "23.44.0" in text
    text = client_of(alice).get(f"{PAGE}?show=info-json").content.decode()
    assert f"/api/1/energy_sites/{SITE}/site_info" in text


def test_energy_site_without_a_reading_teaches(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    SiteAccess.objects.update(live_status=None, live_status_at=None)
    assert "Nothing has been read yet" in client_of(alice).get(PAGE).content.decode()


def test_pages_of_a_strangers_site_are_404(
    client_of: ClientOf, alice: User, charlie: User, home: SiteAccess
) -> None:
    asked = ask(home)
    mine, theirs = client_of(alice), client_of(charlie)
    for url in (PAGE, inquiry_url(asked)):
        assert mine.get(url).status_code == 200
        assert theirs.get(url).status_code == 404
    for url in (f"{PAGE}/ask", f"{PAGE}/remove"):
        assert mine.post(url).status_code != 404
        assert theirs.post(url).status_code == 404
    for odd in (f"/console/energy/{2**80}", "/console/energy/x", "/console/energy/0"):
        assert mine.get(odd).status_code == 404


def test_pages_need_a_sign_in(client: Client, home: SiteAccess) -> None:
    assert client.get(PAGE).status_code == 302


def test_inquiry_of_somebody_else_is_404(
    client_of: ClientOf, alice: User, bob: User, home: SiteAccess
) -> None:
    shared = make_energy_site(make_bare_grant(bob), site_id=SITE)
    asked = ask(shared)
    assert client_of(bob).get(inquiry_url(asked)).status_code == 200
    assert client_of(alice).get(inquiry_url(asked)).status_code == 404
    assert "4.2" not in client_of(bob).get(PAGE).content.decode()


def test_ask_puts_the_question_and_goes_to_its_page(
    client_of: ClientOf,
    alice: User,
    home: SiteAccess,
    rung: Rung,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        response = client_of(alice).post(f"{PAGE}/ask", {"endpoint": "site_info"})
    asked = Inquiry.objects.get()
    assert (response.status_code, response["Location"]) == (302, inquiry_url(asked))
    assert rung() == [("energy.tasks.ask", [str(asked.pk)])]


@pytest.mark.parametrize("endpoint", ["", "storm_mode", "backup"])
def test_ask_for_anything_else_is_refused(
    client_of: ClientOf, alice: User, home: SiteAccess, endpoint: str
) -> None:
    response = client_of(alice).post(f"{PAGE}/ask", {"endpoint": endpoint})
    assert response.status_code == 400
    assert Inquiry.objects.count() == 0


def test_inquiry_waits_with_and_without_javascript(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    client = client_of(alice)
    first = client.post(f"{PAGE}/ask", {"endpoint": "live_status"}, headers=HTMX)
    asked = Inquiry.objects.get()
    url = inquiry_url(asked)
    assert f'hx-get="{url}?seen=asking" hx-trigger="every 1s"' in first.content.decode()
    assert client.get(f"{url}?seen=asking", headers=HTMX).status_code == 204
    for page in (url, PAGE):
        text = client.get(page).content.decode()
        assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in text
    Inquiry.objects.update(asked_at=timezone.now() - timedelta(seconds=30))
    text = client.get(f"{url}?seen=asking", headers=HTMX).content.decode()
    assert "the background worker may not be running" in text


def test_inquiry_answered_swaps_the_reading_in(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    asked = settle(ask(home))
    text = client_of(alice).get(inquiry_url(asked), headers=HTMX).content.decode()
    assert 'id="reading" hx-swap-oob="true"' in text
    assert "hx-trigger" not in text
    assert "http-equiv" not in client_of(alice).get(inquiry_url(asked)).content.decode()


def test_inquiry_failed_says_why_with_teslas_status_under_details(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    asked = settle(
        ask(home),
        state="failed",
        error_title="Tesla cannot be reached",
        error_words="Try again.",
        error_code=EVIL,
    )
    text = client_of(alice).get(inquiry_url(asked)).content.decode()
    assert "Tesla cannot be reached" in text
    assert "status: — (no answer came)" in text
    assert "<script>alert" not in text


def test_names_are_text_wherever_they_stand(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    EnergySite.objects.update(name=EVIL)
    SiteAccess.objects.update(
        live_status={"wall_connectors": [{"din": EVIL, "vin": EVIL}]},
        site_info={"version": EVIL},
        site_info_at=timezone.now(),
    )
    for url in (PAGE, f"{PAGE}?show=info", f"{PAGE}?show=live-json", "/console/"):
        text = client_of(alice).get(url).content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_pages_have_no_inline_style(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    text = client_of(alice).get(PAGE).content.decode()
    assert " style=" not in text
    assert "<style" not in text


def test_reading_pages_changes_nothing(
    client_of: ClientOf, alice: User, home: SiteAccess, rung: Rung
) -> None:
    asked = ask(home)
    before = list(SiteAccess.objects.values()), list(Inquiry.objects.values())
    for url in (PAGE, f"{PAGE}?show=info", inquiry_url(asked)):
        assert client_of(alice).get(url).status_code == 200
    assert before == (list(SiteAccess.objects.values()), list(Inquiry.objects.values()))
    assert rung() == []


def test_page_of_a_gone_site_offers_to_remove_it(
    client_of: ClientOf, alice: User, home: SiteAccess
) -> None:
    client = client_of(alice)
    assert f"{PAGE}/remove" not in client.get(PAGE).content.decode()
    SiteAccess.objects.update(gone_at=timezone.now())
    page = client.get(PAGE).content.decode()
    assert "Tesla no longer lists this site" in page
    assert f'action="{PAGE}/remove"' in page


@pytest.mark.parametrize("count", [0, 1, 10])
def test_cards_of_cost_one_query_however_many(
    alice: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    grant = make_bare_grant(alice)
    for number in range(count):
        make_energy_site(grant, site_id=number + 1)
    with django_assert_num_queries(1):
        assert len(cards_of(alice)) == count


def test_cards_of_show_the_users_own_sites(
    alice: User, charlie: User, home: SiteAccess
) -> None:
    (card,) = cards_of(alice)
    assert card.parts == (
        ("Grid", "Yes"),
        ("Battery", "Yes"),
        ("Solar", "Yes"),
        ("Wall Connectors", "2"),
    )
    assert card.flow
    assert card.flow.home_kw == "1.3"
    assert cards_of(charlie) == []


def test_cards_name_a_site_without_a_name(alice: User) -> None:
    make_energy_site(make_bare_grant(alice), site_id=5, name="")
    (card,) = cards_of(alice)
    assert (card.name, card.flow) == ("Energy site 5", None)


def test_cards_say_that_wall_connectors_alone_have_no_meter(alice: User) -> None:
    grant = make_bare_grant(alice)
    make_energy_site(grant, site_id=5, name="A", wall_connector_count=2)
    make_energy_site(grant, site_id=6, name="B", has_battery=True)
    assert [card.parts[0] for card in cards_of(alice)] == [
        ("Grid", "Not metered"),
        ("Grid", "No"),
    ]


def test_journey_from_link_to_live_status(
    link: Link,
    client_of: ClientOf,
    alice: User,
    eager: None,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    link(alice)
    site = EnergySite.objects.get()
    client = client_of(alice)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        response = client.post(
            f"/console/energy/{site.site_id}/ask", {"endpoint": "live_status"}
        )
    text = client.get(response["Location"]).content.decode()
    assert 'class="flow large"' in text
    assert "Home uses" in text
    assert text.count("<td>Wall Connector") == 2
