"""How far a command has come, and what the car or Tesla answered."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.vehicles.controls.making import (
    EVIL,
    HTMX,
    PAGE,
    VIN,
    ClientOf,
    Rung,
    control,
    sent,
    under_way,
)
from vehicles.models import Command, VehicleAccess
from vehicles.services import commands


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("waiting", "Waiting for its turn"),
        ("waking", "Waking the car, usually 10\u201360 s"),
        ("sending", "Sending it to the car"),
    ],
)
def test_command_under_way_says_what_it_waits_for(
    client_of: ClientOf, alice: User, car: VehicleAccess, state: str, words: str
) -> None:
    made, client = under_way(car, state), client_of(alice)
    text = client.get(PAGE).content.decode()
    assert f"<strong>{words}</strong>" in control(text, "doors")
    assert re.search(rf'content="2; url={PAGE}\?again=\d+#control-doors">', text)
    url = f"{PAGE}/commands/{made.pk}"
    assert client.get(f"{url}?seen={state}", headers=HTMX).status_code == 204
    changed = client.get(f"{url}?seen=other", headers=HTMX).content.decode()
    assert words in control(changed, "doors")
    plain = client.get(url)
    assert (plain.status_code, plain["Location"]) == (302, PAGE)


def test_wake_under_way_says_that_it_wakes(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    under_way(car, name="wake_up")
    text = client_of(alice).get(PAGE).content.decode()
    assert "Waking the car" in control(text, "wake")


def test_command_that_no_worker_takes_says_so(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    made = under_way(car, "waiting")
    Command.objects.update(asked_at=timezone.now() - timedelta(seconds=30))
    url = f"{PAGE}/commands/{made.pk}?seen=waiting"
    text = client_of(alice).get(url, headers=HTMX).content.decode()
    assert "the background worker may not be running" in control(text, "doors")


def test_command_that_worked_offers_a_reading_and_spends_none(
    client_of: ClientOf, alice: User, car: VehicleAccess, rung: Rung
) -> None:
    made = sent(car)
    url = f"{PAGE}/commands/{made.pk}?seen=sending"
    text = client_of(alice).get(url, headers=HTMX).content.decode()
    doors = control(text, "doors")
    assert "<b>Locked</b>" in doors
    assert '<strong class="good">Done</strong>' in doors
    assert 'value="vehicle_data"' in doors
    assert "hx-trigger" not in doors
    assert 'id="control-wake" hx-swap-oob="true"' in text
    assert 'id="state" hx-swap-oob="true"' in text
    assert rung() == []


@pytest.mark.parametrize(
    ("reason", "title", "words"),
    [
        ("already_set", "It was so already", "The car had nothing to do."),
        ("not_charging", "The car is not charging", "The car did nothing."),
        ("disconnected", "No charging cable is connected", "Plug the car in"),
        ("odd thing", "The car did not do it", "It says: odd thing."),
        ("", "The car did not do it", "It gave no reason."),
    ],
)
def test_cars_refusal_is_said_in_plain_words_with_its_own_under_details(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    reason: str,
    title: str,
    words: str,
) -> None:
    sent(car, "charge_start", result=False, reason=reason)
    charging = control(client_of(alice).get(PAGE).content.decode(), "charging")
    assert f'<strong class="warn">{title}</strong>. {words}' in charging
    assert f'<span class="mono">{reason or "—"}</span>' in charging


@pytest.mark.parametrize(
    ("code", "title", "step"),
    [
        ("key_not_paired", "Not done", '<a href="/key">Pair the key</a>'),
        ("invalid_scope", "Not done", '<a href="/console/scopes">See what you'),
        ("login_required", "Not done", '<a href="/console/scopes">Link the Tesla'),
        ("command_ambiguous", "Not known whether it was done", ">Read the car<"),
        ("server_error", "Not done", "<details>"),
    ],
)
def test_failed_command_says_why_and_what_to_do(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    code: str,
    title: str,
    step: str,
) -> None:
    failed = {"state": "failed", "result": None, "error_words": f"Why. {EVIL}"}
    sent(car, **failed, error_code=code)
    text = client_of(alice).get(PAGE).content.decode()
    doors = control(text, "doors")
    assert f'<strong class="bad">{title}</strong>. Why. &lt;script&gt;' in doors
    assert step in doors
    assert EVIL not in text


def test_answer_is_shown_for_minutes_and_kept_in_the_log(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    sent(car, answered_at=timezone.now() - timedelta(minutes=6))
    text = client_of(alice).get(PAGE).content.decode()
    assert "Done" not in control(text, "doors")
    assert "<strong>Lock the doors</strong>" in text
    assert "took 1.4 s" in text


def test_commands_of_programs_do_not_speak_in_the_controls(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    sent(
        car,
        result=False,
        reason="busy",
        source="api",
        access_token_name="evcc",
        client="evcc/0.2",
    )
    text = client_of(alice).get(PAGE).content.decode()
    assert "The car did not do it" not in control(text, "doors")
    assert "evcc (evcc/0.2)" in text
    assert 'the car said <span class="mono">busy</span>' in text


def test_command_of_no_control_goes_to_the_cars_page(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    made = sent(car, "set_temps", parameters={"driver_temp": 20})
    response = client_of(alice).get(f"{PAGE}/commands/{made.pk}", headers=HTMX)
    assert (response.status_code, response["Location"]) == (302, PAGE)


def test_vehicle_data_that_comes_in_brings_the_controls_along(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    assert commands.newest(alice, VIN) == []
    client = client_of(alice)
    asked = client.post(f"{PAGE}/ask", {"endpoint": "vehicle_data"})
    asked_url = asked["Location"]
    car.grant.user.inquiries.update(state="answered", answered_at=timezone.now())
    text = client.get(asked_url, headers=HTMX).content.decode()
    assert '<div id="panel" hx-swap-oob="true">' in text
    assert "<b>Unlocked</b>" in control(text, "doors")
