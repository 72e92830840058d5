"""Questions of pages: asked once, answered once, never lost, never two bills."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

import fleet
from accounts.models import User
from fleet.endpoints import VEHICLE_DATA_GROUPS
from simulator.testing import RunningSimulator
from tests.factories import SCOPES, make_bare_grant
from tests.tokens.helpers import MakeGrant, change, tesla_side
from tokens import tasks
from tokens.models import Inquiry, TeslaGrant
from tokens.services import grants, inquiries

State = Inquiry.State


@pytest.fixture
def grant(alice: User, make_grant: MakeGrant) -> TeslaGrant:
    return make_grant(alice)


@pytest.fixture
def vin(simulator: RunningSimulator) -> str:
    """Return the VIN of a car of Alice's that is awake."""
    person = simulator.world.persons["alice@example.com"]
    awake = [
        car.vin
        for car, access_type in simulator.world.cars_of(person)
        if car.state == "online" and access_type == "OWNER"
    ]
    return awake[0]


def _asked(grant: TeslaGrant, endpoint: str, subject: str) -> Inquiry:
    asked = inquiries.ask(grant.user, grant, endpoint, subject)
    claimed = inquiries.claim(asked.pk)
    assert claimed is not None
    return claimed


def _change(inquiry: Inquiry, **columns: Any) -> None:
    Inquiry.objects.filter(pk=inquiry.pk).update(**columns)


def _ago(**parts: float) -> Any:
    return timezone.now() - timedelta(**parts)


def test_answer_is_stored(grant: TeslaGrant, vin: str) -> None:
    inquiry = _asked(grant, "vehicle_data", vin)
    answered = inquiries.answer(inquiry, grants.client_for(grant))
    assert (answered.state, answered.error_code) == (State.ANSWERED, "")
    assert answered.is_done
    assert answered.answer is not None
    assert answered.answer["vin"] == vin
    assert "latitude" in answered.answer["drive_state"]
    assert answered.answered_at is not None
    assert answered.lease_until is None


@pytest.mark.parametrize("may_locate", [True, False])
def test_vehicle_data_asks_for_the_groups_that_are_granted(
    grant: TeslaGrant, simulator: RunningSimulator, vin: str, *, may_locate: bool
) -> None:
    if not may_locate:
        left = tuple(scope for scope in SCOPES if scope != "vehicle_location")
        tesla_side(simulator).scopes = left
        change(grant, refreshed_at=_ago(hours=1))
        grants.refresh(grant)
    inquiries.answer(_asked(grant, "vehicle_data", vin), grants.client_for(grant))
    call = simulator.calls[-1]
    assert call.status == 200
    asked = call.query.replace("%3B", ";").removeprefix("endpoints=").split(";")
    others = set(VEHICLE_DATA_GROUPS) - {"vehicle_data_combo", "location_data"}
    assert set(asked) == others | ({"location_data"} if may_locate else set())


def test_energy_site_is_asked_by_its_id(
    grant: TeslaGrant, simulator: RunningSimulator
) -> None:
    person = simulator.world.persons["alice@example.com"]
    (product,) = (site.product() for site in simulator.world.sites_of(person))
    inquiry = _asked(grant, "site_info", str(product["energy_site_id"]))
    answered = inquiries.answer(inquiry, grants.client_for(grant))
    assert answered.state == State.ANSWERED
    assert answered.answer is not None
    assert answered.answer["site_name"] == "Home"


def test_question_without_its_scope_is_not_put_to_tesla(
    simulator: RunningSimulator, grant: TeslaGrant, vin: str
) -> None:
    client = grants.client_for(grant)
    change(grant, scopes=["openid", "energy_device_data"])
    calls = len(simulator.calls)
    failed = inquiries.answer(_asked(grant, "vehicle_data", vin), client)
    assert (failed.state, failed.error_status) == (State.FAILED, 403)
    assert failed.error_title == "A permission is missing"
    assert failed.error_words.endswith("Missing: vehicle_device_data.")
    assert len(simulator.calls) == calls


def test_error_is_stored_in_words(grant: TeslaGrant) -> None:
    inquiry = _asked(grant, "vehicle_data", "5YJ3E1EA4PF000000")
    failed = inquiries.answer(inquiry, grants.client_for(grant))
    assert (failed.state, failed.error_status) == (State.FAILED, 404)
    assert failed.error_code == "not_found"
    assert failed.error_title == "Tesla does not know this"
    assert failed.error_words != ""
    assert failed.is_done


def test_token_that_tesla_refuses_is_renewed_soon(
    grant: TeslaGrant, simulator: RunningSimulator, vin: str
) -> None:
    client = fleet.Client(grants.client_for(grant).base_url, "no token")
    failed = inquiries.answer(_asked(grant, "vehicle", vin), client)
    assert failed.error_status == 401
    grant.refresh_from_db()
    assert grant.next_refresh_at is not None
    assert grant.next_refresh_at <= timezone.now()
    change(grant, refreshed_at=_ago(hours=1))
    tasks.refresh_due()
    grant.refresh_from_db()
    assert grant.generation == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (grants.NeedsRelink(), "login_required"),
        (grants.TeslaBusy(), "upstream_unreachable"),
        (fleet.MissingScopes(status=403, code="x" * 300), "x" * 200),
    ],
)
def test_fail_takes_what_the_grant_raises(
    alice: User, error: fleet.FleetError, code: str
) -> None:
    inquiry = _asked(make_bare_grant(alice), "site_info", "1")
    failed = inquiries.fail(inquiry, error)
    assert (failed.state, failed.error_code) == (State.FAILED, code)
    assert failed.error_title != ""


def test_same_question_is_asked_once(alice: User) -> None:
    grant = make_bare_grant(alice)
    first = inquiries.ask(alice, grant, "site_info", "1")
    assert inquiries.ask(alice, grant, "site_info", "1") == first
    assert inquiries.claim(first.pk) is not None
    assert inquiries.ask(alice, grant, "site_info", "1") == first
    assert inquiries.ask(alice, grant, "live_status", "1") != first
    assert inquiries.ask(alice, grant, "site_info", "2") != first
    claimed = Inquiry.objects.get(pk=first.pk)
    inquiries.fail(claimed, fleet.TimedOut())
    assert inquiries.ask(alice, grant, "site_info", "1") != first


def test_unknown_endpoint_cannot_be_asked(alice: User) -> None:
    with pytest.raises(ValueError, match="no endpoint"):
        inquiries.ask(alice, make_bare_grant(alice), "nonsense", "1")


def test_claim_lets_one_in(alice: User) -> None:
    asked = inquiries.ask(alice, make_bare_grant(alice), "site_info", "1")
    claimed = inquiries.claim(str(asked.pk))
    assert claimed is not None
    assert (claimed.state, claimed.attempts) == (State.RUNNING, 1)
    assert inquiries.claim(asked.pk) is None
    assert inquiries.claim(uuid4()) is None


def test_question_of_a_dead_worker_is_put_once_more(alice: User) -> None:
    asked = inquiries.ask(alice, make_bare_grant(alice), "site_info", "1")
    assert inquiries.claim(asked.pk) is not None
    assert inquiries.due() == []
    _change(asked, lease_until=_ago(seconds=1))
    assert inquiries.due() == [asked]
    again = inquiries.claim(asked.pk)
    assert again is not None
    assert again.attempts == 2
    _change(asked, lease_until=_ago(seconds=1))
    assert inquiries.claim(asked.pk) is None
    assert inquiries.due() == []
    asked.refresh_from_db()
    assert (asked.state, asked.error_code) == (State.FAILED, "not_answered")
    assert asked.error_words == "The work on this was cut off twice. Ask again."


def test_question_that_the_bell_missed_is_due_for_a_while(alice: User) -> None:
    asked = inquiries.ask(alice, make_bare_grant(alice), "site_info", "1")
    assert inquiries.due() == []
    _change(asked, asked_at=_ago(seconds=6))
    assert inquiries.due() == [asked]
    _change(asked, asked_at=_ago(minutes=11))
    assert inquiries.due() == []
    asked.refresh_from_db()
    assert asked.error_words == "No worker picked this up in time. Ask again."


def test_late_answer_does_not_replace_an_end(alice: User) -> None:
    inquiry = _asked(make_bare_grant(alice), "site_info", "1")
    inquiries.fail(inquiry, fleet.TimedOut())
    late = inquiries.fail(inquiry, fleet.NotFound())
    assert late.error_title == "Tesla took too long"


def test_answer_with_signs_that_the_database_cannot_hold_is_stored(
    grant: TeslaGrant, simulator: RunningSimulator, vin: str
) -> None:
    body = (
        '{"response": {"a\\u0000": ["b\\u0000c", NaN, Infinity, 1.5, true, null],'
        ' "n": 12}}'
    )
    simulator.faults.add("body", f"*/vehicles/{vin}", status=200, body=body)
    inquiry = _asked(grant, "vehicle", vin)
    answered = inquiries.answer(inquiry, grants.client_for(grant))
    assert answered.answer == {"a": ["bc", None, None, 1.5, True, None], "n": 12}


def test_old_questions_are_forgotten(alice: User) -> None:
    grant = make_bare_grant(alice)
    old = inquiries.ask(alice, grant, "site_info", "1")
    new = inquiries.ask(alice, grant, "site_info", "2")
    kept = settings.INQUIRIES_KEPT_DAYS
    _change(old, asked_at=_ago(days=kept, seconds=60))
    _change(new, asked_at=_ago(days=kept, seconds=-60))
    tasks.forget_old_inquiries()
    assert list(Inquiry.objects.all()) == [new]
