"""Asking cars: never waking one unasked, waking on request, following until read."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

import fleet
from accounts.models import User
from fleet.breaker import MOST_FAILURES
from simulator.testing import RunningSimulator
from tests.vehicles.conftest import Link, lull, paths, rouse
from tokens.models import Inquiry, TeslaGrant
from tokens.services import grants, inquiries
from tokens.tasks import refresh_due
from vehicles import tasks
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import asking

Rung = Callable[[], list[tuple[str, list[object]]]]


@pytest.fixture
def luna(link: Link, alice: User, registered: RunningSimulator) -> VehicleAccess:
    """Return Alice's access to Luna, which is online."""
    link(alice)
    rouse(registered, "Luna")
    return VehicleAccess.objects.of(alice).get(vehicle__name="Luna")


@pytest.fixture
def sleeping(luna: VehicleAccess, registered: RunningSimulator) -> VehicleAccess:
    """Return Alice's access to Luna, which has fallen asleep."""
    lull(registered, "Luna")
    return luna


def ask(access: VehicleAccess, endpoint: str) -> Inquiry:
    """Ask a question about a car and have the worker's task answer it."""
    asked = inquiries.ask(access.grant.user, access.grant, endpoint, access.vehicle.vin)
    tasks.ask(str(asked.pk))
    asked.refresh_from_db()
    return asked


def follow(access: VehicleAccess, wake: Inquiry) -> bool:
    return asking.follow_wake(access, wake, grants.client_for(access.grant))


def test_ask_reads_a_car_that_is_online(luna: VehicleAccess) -> None:
    asked = ask(luna, "vehicle_data")
    luna.refresh_from_db()
    assert asked.state == Inquiry.State.ANSWERED
    assert luna.vehicle_data == asked.answer
    assert luna.vehicle_data is not None
    assert luna.vehicle_data["vin"] == luna.vehicle.vin
    assert "latitude" in luna.vehicle_data["drive_state"]


def test_answer_and_reading_are_stored_together_or_not_at_all(
    luna: VehicleAccess,
) -> None:
    asked = inquiries.ask(luna.grant.user, luna.grant, "vehicle_data", luna.vehicle.vin)
    claimed = inquiries.claim(asked.pk)
    assert claimed is not None

    def fail(_: Inquiry) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        inquiries.answer(claimed, grants.client_for(luna.grant), fail)
    asked.refresh_from_db()
    assert asked.state == Inquiry.State.RUNNING


def test_ask_without_the_location_scope_reads_the_rest(
    link: Link, alice: User, registered: RunningSimulator
) -> None:
    link(alice, scopes=("openid", "offline_access", "vehicle_device_data"))
    rouse(registered, "Luna")
    access = VehicleAccess.objects.of(alice).get(vehicle__name="Luna")
    assert ask(access, "vehicle_data").state == Inquiry.State.ANSWERED
    access.refresh_from_db()
    assert access.vehicle_data is not None
    assert "latitude" not in access.vehicle_data["drive_state"]


def test_ask_leaves_a_sleeping_car_alone_and_costs_nothing(
    sleeping: VehicleAccess, registered: RunningSimulator
) -> None:
    asked = ask(sleeping, "vehicle_data")
    assert (asked.state, asked.error_status) == (Inquiry.State.FAILED, 408)
    assert asked.error_title == "The car is asleep or out of reach"
    assert paths(registered, "/vehicle_data") == []
    assert paths(registered, "/wake_up") == []
    assert registered.world.car_named("Luna").state == "asleep"
    assert sum(registered.billed().values()) == 0
    assert Vehicle.objects.get(name="Luna").state == "asleep"


def test_ask_for_the_state_notes_it(sleeping: VehicleAccess) -> None:
    assert ask(sleeping, "vehicle").state == Inquiry.State.ANSWERED
    assert Vehicle.objects.get(name="Luna").state == "asleep"


def test_wake_is_followed_until_the_car_was_read(
    sleeping: VehicleAccess, registered: RunningSimulator, rung: Rung
) -> None:
    wake = ask(sleeping, "wake_up")
    assert rung() == [("vehicles.tasks.follow_wake", [str(wake.pk), 20])]
    assert asking.stand(wake, timezone.now()).phase == "waking"
    assert follow(sleeping, wake) is False
    assert paths(registered, "/vehicle_data") == []
    registered.clock.advance(90)
    assert follow(sleeping, wake) is True
    stand = asking.stand(wake, timezone.now())
    assert stand.phase == "done"
    assert stand.inquiry.endpoint == "vehicle_data"
    assert stand.inquiry.state == Inquiry.State.ANSWERED
    assert len(paths(registered, "/wake_up")) == 1


def test_wake_goes_on_when_a_car_that_is_just_up_cannot_be_read(
    sleeping: VehicleAccess, registered: RunningSimulator
) -> None:
    wake = ask(sleeping, "wake_up")
    registered.clock.advance(90)
    registered.faults.add("status", "*/vehicle_data", status=408, count=1)
    assert follow(sleeping, wake) is False
    assert asking.stand(wake, timezone.now()).phase == "waking"
    assert follow(sleeping, wake) is True
    assert asking.stand(wake, timezone.now()).inquiry.endpoint == "vehicle_data"


def test_wake_ends_with_the_error_when_tesla_fails(
    sleeping: VehicleAccess, registered: RunningSimulator
) -> None:
    wake = ask(sleeping, "wake_up")
    registered.faults.add("html", f"*/vehicles/{sleeping.vehicle.vin}")
    assert follow(sleeping, wake) is True
    stand = asking.stand(wake, timezone.now())
    assert stand.inquiry.error_title == "Tesla's answer cannot be read"


def test_wake_leaves_a_reading_that_somebody_else_makes(
    sleeping: VehicleAccess, registered: RunningSimulator
) -> None:
    wake = ask(sleeping, "wake_up")
    registered.clock.advance(90)
    other = inquiries.ask(
        wake.user, sleeping.grant, "vehicle_data", sleeping.vehicle.vin
    )
    assert inquiries.claim(other.pk) is not None
    assert follow(sleeping, wake) is True
    assert paths(registered, "/vehicle_data") == []


def test_wake_gives_up_after_its_time(
    sleeping: VehicleAccess, registered: RunningSimulator
) -> None:
    wake = ask(sleeping, "wake_up")
    assert wake.answered_at is not None
    wake.answered_at -= asking.WAKES_FOR
    calls = len(registered.calls)
    assert follow(sleeping, wake) is True
    assert len(registered.calls) == calls
    assert asking.stand(wake, timezone.now()).did_not_wake is True


def test_follow_wake_rings_again_until_it_is_over(
    sleeping: VehicleAccess, registered: RunningSimulator, rung: Rung
) -> None:
    wake = ask(sleeping, "wake_up")
    tasks.follow_wake(str(wake.pk), 20)
    assert rung()[-1] == ("vehicles.tasks.follow_wake", [str(wake.pk), 19])
    registered.clock.advance(90)
    tasks.follow_wake(str(wake.pk), 19)
    tasks.follow_wake(str(wake.pk), 0)
    assert len(rung()) == 2


def test_follow_wake_goes_on_when_the_token_cannot_be_had(
    sleeping: VehicleAccess, rung: Rung
) -> None:
    wake = ask(sleeping, "wake_up")
    TeslaGrant.objects.update(region="xx")
    tasks.follow_wake(str(wake.pk), 5)
    assert rung()[-1] == ("vehicles.tasks.follow_wake", [str(wake.pk), 4])


@pytest.mark.django_db
def test_follow_wake_of_an_unknown_question_does_nothing(rung: Rung) -> None:
    tasks.follow_wake("00000000-0000-0000-0000-000000000000", 5)
    assert rung() == []


def test_ask_twice_answers_once(
    luna: VehicleAccess, registered: RunningSimulator
) -> None:
    asked = ask(luna, "vehicle_data")
    tasks.ask(str(asked.pk))
    assert len(paths(registered, "/vehicle_data")) == 1


def test_ask_with_a_grant_that_needs_relink_says_so(luna: VehicleAccess) -> None:
    TeslaGrant.objects.update(
        state="needs_relink", tesla_access_token_expires_at=timezone.now()
    )
    luna.refresh_from_db()
    assert ask(luna, "vehicle_data").error_title == "Link your Tesla account again"


@pytest.mark.parametrize("endpoint", ["vehicle_data", "vehicle", "wake_up"])
def test_ask_after_the_consent_was_revoked_leads_to_another_link(
    luna: VehicleAccess,
    registered: RunningSimulator,
    client_of: Callable[[User], Client],
    endpoint: str,
) -> None:
    grant, user = luna.grant, luna.grant.user
    assert grant not in TeslaGrant.objects.due(timezone.now())
    registered.hub.store.revoke(settings.TESLA_CLIENT_ID, str(user.email))
    assert ask(luna, endpoint).error_status == 401
    assert grant in TeslaGrant.objects.due(timezone.now())
    refresh_due()
    grant.refresh_from_db()
    assert grant.state == TeslaGrant.State.NEEDS_RELINK
    text = client_of(user).get("/console/").content.decode()
    assert f"<strong>Link {grant} again.</strong>" in text
    assert "Link again</button>" in text


def test_ask_about_a_car_that_was_removed_meanwhile_fails(luna: VehicleAccess) -> None:
    user, grant, vin = luna.grant.user, luna.grant, luna.vehicle.vin
    asked = inquiries.ask(user, grant, "vehicle_data", vin)
    luna.delete()
    tasks.ask(str(asked.pk))
    asked.refresh_from_db()
    assert asked.error_title == "Tesla does not know this"


@pytest.mark.parametrize(
    ("kind", "facts", "title", "status"),
    [
        ("html", {}, "Tesla's answer cannot be read", 200),
        ("truncate", {}, "Tesla's answer cannot be read", 200),
        ("server_error", {}, "Tesla's server has a fault", 400),
        ("status", {"status": 503}, "Tesla's server has a fault", 503),
        ("rate_limit", {}, "Too many calls", 429),
        ("refuse", {}, "Tesla cannot be reached", None),
        ("cut", {}, "Tesla cannot be reached", None),
    ],
)
def test_ask_in_bad_weather_ends_in_plain_words(
    luna: VehicleAccess,
    registered: RunningSimulator,
    kind: str,
    facts: dict[str, int],
    title: str,
    status: int | None,
) -> None:
    registered.faults.add(kind, "*/vehicle_data", **facts)
    asked = ask(luna, "vehicle_data")
    assert (asked.state, asked.error_title) == (Inquiry.State.FAILED, title)
    assert asked.error_status == status
    assert VehicleAccess.objects.get(pk=luna.pk).vehicle_data is None


def test_stand_of_a_question_that_nobody_picked_up(luna: VehicleAccess) -> None:
    asked = inquiries.ask(luna.grant.user, luna.grant, "vehicle_data", luna.vehicle.vin)
    now = timezone.now()
    assert asking.stand(asked, now).phase == "asking"
    assert asking.stand(asked, now + timedelta(seconds=10)).phase == "unheard"


def test_sweep_rings_again_for_cars_alone(luna: VehicleAccess, rung: Rung) -> None:
    user, grant = luna.grant.user, luna.grant
    asked = inquiries.ask(user, grant, "vehicle_data", luna.vehicle.vin)
    inquiries.ask(user, grant, "live_status", "5")
    Inquiry.objects.update(asked_at=timezone.now() - timedelta(seconds=30))
    tasks.sweep()
    assert rung() == [("vehicles.tasks.ask", [str(asked.pk)])]


def test_page_says_in_words_that_tesla_is_away(
    luna: VehicleAccess, registered: RunningSimulator
) -> None:
    registered.faults.add("status", "/na/api/1/*", status=500)
    with pytest.raises(fleet.ServerFault):
        grants.client_for(luna.grant).users_me()
    for _ in range(MOST_FAILURES - 1):
        with pytest.raises(fleet.ServerFault):
            grants.client_for(luna.grant).products()
    registered.hub.ledger.clear()
    asked = ask(luna, "vehicle_data")
    assert (asked.state, asked.error_code) == (Inquiry.State.FAILED, "tesla_away")
    assert asked.error_title == "Tesla is away"
    assert "Nobody has to do anything" in asked.error_words
    assert registered.calls == []
