"""The controls of a car's page: states, pressing, waiting, answers, refusals."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Units, User
from tests.factories import make_bare_grant, make_vehicle
from tokens.models import TeslaGrant
from vehicles.controls.buttons import CONTROLS, PRESSES, control_for
from vehicles.controls.panel import panel
from vehicles.controls.states import Known
from vehicles.controls.words import duration_words, entry, parameter_words
from vehicles.models import Command, Vehicle, VehicleAccess
from vehicles.services import commands

ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
VIN = "5YJ3E1EA4PF000001"
PAGE = f"/console/vehicle/{VIN}"
PRESS = f"{PAGE}/press"
HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>"
READING = {
    "vehicle_state": {"locked": False, "rt": 0, "ft": 1, "sentry_mode": True},
    "charge_state": {
        "charging_state": "Charging",
        "charge_limit_soc": 90,
        "charge_limit_soc_std": 70,
        "charge_port_door_open": True,
    },
    "climate_state": {"is_climate_on": False, "inside_temp": 20.5},
}


@pytest.fixture
def car(alice: User) -> VehicleAccess:
    """Return Alice's access to a paired car that was read a minute ago."""
    now = timezone.now()
    access = make_vehicle(
        make_bare_grant(alice), vin=VIN, state="online", state_at=now, key_paired=True
    )
    access.vehicle_data = READING
    access.vehicle_data_at = now - timedelta(minutes=1)
    access.save(update_fields=["vehicle_data", "vehicle_data_at"])
    return access


@pytest.fixture
def on_commit(
    django_capture_on_commit_callbacks: Callable[..., object],
) -> Callable[[], object]:
    """Return a function that makes a block whose work runs when it is committed."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def form(press: str, form_id: str = "", **more: object) -> dict[str, object]:
    return {"press": press, "form_id": form_id or uuid.uuid4().hex, **more}


def sent(
    access: VehicleAccess, name: str = "door_lock", /, **columns: object
) -> Command:
    """Make a command of the access's user, done three seconds ago if not said."""
    now = timezone.now()
    done = {
        "state": "done",
        "result": True,
        "asked_at": now - timedelta(seconds=5),
        "answered_at": now - timedelta(seconds=3),
        "duration_ms": 1400,
    }
    return Command.objects.create(
        user=access.grant.user,
        vehicle=access.vehicle,
        grant=access.grant,
        name=name,
        **{**done, **columns},
    )


def under_way(
    access: VehicleAccess, state: str = "sending", name: str = "door_lock"
) -> Command:
    now = timezone.now()
    columns = {"state": state, "result": None, "answered_at": None, "asked_at": now}
    return sent(access, name, **columns, duration_ms=None)


def states(access: VehicleAccess) -> dict[str, Known]:
    access = VehicleAccess.objects.of(access.grant.user).get(pk=access.pk)
    now = timezone.now()
    shown = panel(access.grant.user, access, Units.METRIC, now)
    return {row.control.name: row.known for row in shown.rows}


def control(text: str, name: str) -> str:
    """Return what stands on a page about one control."""
    found = re.search(
        rf'<li class="control[^>]*id="control-{name}".*?</li>', text, re.DOTALL
    )
    assert found is not None
    return found.group()


def test_controls_show_the_last_reading_with_age_and_source(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    known = states(car)
    assert {name: one.text for name, one in known.items()} == {
        "doors": "Unlocked",
        "climate": "Off",
        "charging": "Charging",
        "limit": "90\xa0%",
        "port": "Open",
        "trunk": "Closed",
        "frunk": "Open",
        "sentry": "On",
        "flash": "",
        "honk": "",
        "wake": "Online",
    }
    assert known["climate"].detail == "inside 20.5\xa0°C"
    assert (known["charging"].is_active, known["climate"].is_active) == (True, False)
    text = client_of(alice).get(PAGE).content.decode()
    doors = control(text, "doors")
    assert "<b>Unlocked</b>" in doors
    assert "Vehicle Data, <time" in doors
    assert "1 min ago" in doors
    assert "Not used from here yet." in control(text, "honk")
    assert "Tesla&#x27;s record, <time" in control(text, "wake")


def test_controls_without_a_reading_say_why_there_is_no_state(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    VehicleAccess.objects.update(vehicle_data=None, vehicle_data_at=None)
    Vehicle.objects.update(state="", state_at=None)
    text = client_of(alice).get(PAGE).content.decode()
    assert "Nothing has been read yet." in control(text, "doors")
    assert 'value="80"' in control(text, "limit")
    assert "Tesla has not said whether the car is online." in control(text, "wake")


def test_controls_say_when_tesla_did_not_send_a_state(car: VehicleAccess) -> None:
    VehicleAccess.objects.update(
        vehicle_data={"climate_state": {"is_climate_on": True}}
    )
    known = states(car)
    assert known["doors"].reason == "Tesla did not send this value."
    assert known["doors"].at == car.vehicle_data_at
    assert (known["climate"].text, known["climate"].detail) == ("On", "")
    names = ("limit", "port", "trunk", "charging", "sentry")
    assert {known[name].text for name in names} == {""}


def test_controls_go_gray_when_older_than_promised(car: VehicleAccess) -> None:
    VehicleAccess.objects.update(vehicle_data_at=timezone.now() - timedelta(hours=2))
    known = states(car)
    assert known["charging"].is_old
    assert not known["charging"].is_active


@pytest.mark.parametrize(
    ("name", "parameters", "where", "text"),
    [
        ("door_lock", {}, "doors", "Locked"),
        ("auto_conditioning_start", {}, "climate", "On"),
        ("charge_stop", {}, "charging", "Stopped"),
        ("set_charge_limit", {"percent": 75}, "limit", "75\xa0%"),
        ("set_charge_limit", {}, "limit", ""),
        ("charge_standard", {}, "limit", "70\xa0%"),
        ("charge_max_range", {}, "limit", "100\xa0%"),
        ("charge_port_door_close", {}, "port", "Closed"),
        ("actuate_trunk", {"which_trunk": "rear"}, "trunk", "Moved"),
        ("actuate_trunk", {"which_trunk": "front"}, "frunk", "Open"),
        ("set_sentry_mode", {"on": False}, "sentry", "Off"),
        ("set_sentry_mode", {"on": True}, "sentry", "On"),
        ("honk_horn", {}, "honk", "Honked"),
        ("wake_up", {}, "wake", "Online"),
    ],
)
def test_command_that_worked_tells_the_state(
    car: VehicleAccess, name: str, parameters: dict[str, object], where: str, text: str
) -> None:
    Vehicle.objects.update(state="asleep", state_at=timezone.now() - timedelta(hours=1))
    done = sent(car, name, parameters=parameters, source="api")
    known = states(car)[where]
    assert (known.text, known.source, known.at) == (
        text,
        "the car's answer",
        done.answered_at,
    )
    assert states(car)["wake"].text == "Online"


def test_daily_standard_without_a_reading_has_a_name(car: VehicleAccess) -> None:
    VehicleAccess.objects.update(vehicle_data={})
    sent(car, "charge_standard")
    assert states(car)["limit"].text == "Daily standard"


def test_newer_reading_says_more_than_an_older_command(car: VehicleAccess) -> None:
    sent(car, answered_at=timezone.now() - timedelta(hours=1))
    assert states(car)["doors"].text == "Unlocked"


@pytest.mark.parametrize(
    "columns", [{"result": False}, {"state": "failed", "result": None}]
)
def test_command_that_did_not_work_tells_no_state(
    car: VehicleAccess, columns: dict[str, object]
) -> None:
    sent(car, **columns)
    assert states(car)["doors"].text == "Unlocked"


def test_each_button_sends_a_command_of_the_table() -> None:
    for press in PRESSES.values():
        endpoint = press.endpoint
        assert endpoint.is_command or endpoint.name == "wake_up"
    asking = {name for name, press in PRESSES.items() if press.asks}
    assert asking == {"unlock", "trunk", "frunk"}
    for one in CONTROLS:
        scopes = {press.endpoint.scopes for press in one.presses}
        assert scopes == {one.endpoint.scopes}
    assert control_for("actuate_trunk", {}) is None
    assert control_for("actuate_trunk", {"which_trunk": ["rear"]}) is None
    assert control_for("set_temps", {}) is None


@pytest.mark.parametrize(
    ("name", "command", "parameters"),
    [
        ("lock", "door_lock", {}),
        ("unlock", "door_unlock", {}),
        ("climate_on", "auto_conditioning_start", {}),
        ("climate_off", "auto_conditioning_stop", {}),
        ("charge_start", "charge_start", {}),
        ("charge_stop", "charge_stop", {}),
        ("port_open", "charge_port_door_open", {}),
        ("port_close", "charge_port_door_close", {}),
        ("trunk", "actuate_trunk", {"which_trunk": "rear"}),
        ("frunk", "actuate_trunk", {"which_trunk": "front"}),
        ("sentry_on", "set_sentry_mode", {"on": True}),
        ("sentry_off", "set_sentry_mode", {"on": False}),
        ("flash", "flash_lights", {}),
        ("honk", "honk_horn", {}),
        ("wake", "wake_up", {}),
    ],
)
def test_press_puts_its_command_and_rings(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    rung: Rung,
    on_commit: Callable[[], object],
    name: str,
    command: str,
    parameters: dict[str, object],
) -> None:
    with on_commit():  # type: ignore[attr-defined]  # a context manager
        response = client_of(alice).post(PRESS, form(name))
    made = Command.objects.get()
    assert (made.name, made.parameters) == (command, parameters)
    assert (made.user, made.grant, made.source) == (alice, car.grant, "page")
    assert rung() == [("vehicles.tasks.command", [str(made.pk)])]
    assert response.status_code == 302
    assert response["Location"].startswith(f"{PAGE}#control-")


def test_press_by_htmx_answers_the_control_under_way(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    response = client_of(alice).post(PRESS, form("lock"), headers=HTMX)
    text, made = response.content.decode(), Command.objects.get()
    doors = control(text, "doors")
    assert f'hx-get="{PAGE}/commands/{made.pk}?seen=waiting"' in doors
    assert 'hx-trigger="every 1s"' in doors
    assert "Waiting for its turn" in doors
    assert "<button" not in doors
    assert '<div id="commands" hx-swap-oob="true">' in text
    assert "<html" not in text


def test_form_sent_twice_puts_one_command(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client, twice = client_of(alice), form("flash")
    client.post(PRESS, twice)
    Command.objects.update(state="done", result=True, answered_at=timezone.now())
    again = client.post(PRESS, twice)
    assert again.status_code == 302
    assert Command.objects.count() == 1
    client.post(PRESS, form("flash"))
    assert Command.objects.count() == 2


def test_form_that_could_not_be_kept_can_be_sent_again(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client, once = client_of(alice), form("limit", percent="12")
    client.post(PRESS, once)
    client.post(PRESS, {**once, "percent": "80"})
    assert Command.objects.get().parameters == {"percent": 80}


@pytest.mark.parametrize("percent", ["", "49", "101", "80.5", "many"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_charge_limit_must_be_a_whole_number_from_50_to_100(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    percent: str,
    headers: dict[str, str],
) -> None:
    response = client_of(alice).post(
        PRESS, form("limit", percent=percent), headers=headers, follow=True
    )
    assert "The charge limit is a whole number from 50" in response.content.decode()
    assert response.status_code == 200
    assert Command.objects.count() == 0


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"press": "lock"},
        {"press": "door_lock", "form_id": "0" * 32},
        {"press": "lock", "form_id": "short"},
    ],
)
def test_press_of_anything_else_is_refused(
    client_of: ClientOf, alice: User, car: VehicleAccess, data: dict[str, str]
) -> None:
    response = client_of(alice).post(PRESS, data)
    assert (response.status_code, Command.objects.count()) == (400, 0)


def test_press_needs_its_forms_secret(alice: User, car: VehicleAccess) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    response = client.post(PRESS, form("unlock"))
    assert (response.status_code, Command.objects.count()) == (403, 0)


def test_controls_of_a_strangers_car_are_404_like_no_car(
    client_of: ClientOf, charlie: User, car: VehicleAccess
) -> None:
    made = sent(car)
    ends = [("post", "/press"), ("get", "/commands"), ("get", f"/commands/{made.pk}")]
    for method, end in ends:
        hers = getattr(client_of(car.grant.user), method)(PAGE + end, form("lock"))
        assert hers.status_code != 404
        answers = set()
        for vin in (VIN, "5YJ3E1EA4PF999999", "nonsense"):
            stranger = getattr(client_of(charlie), method)
            response = stranger(f"/console/vehicle/{vin}{end}", form("lock"))
            answers.add((response.status_code, len(response.content)))
        assert {status for status, _ in answers} == {404}
        assert len(answers) == 1
    assert Command.objects.filter(user=charlie).count() == 0


def test_bob_the_driver_uses_the_controls_and_sees_his_commands_alone(
    client_of: ClientOf, bob: User, car: VehicleAccess
) -> None:
    hers = sent(car, "honk_horn", source="api", access_token_name="Secret program")
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    client = client_of(bob)
    assert client.post(PRESS, form("unlock")).status_code == 302
    assert Command.objects.get(user=bob).name == "door_unlock"
    text = client.get(PAGE).content.decode()
    assert "Waiting for its turn" in control(text, "doors")
    assert "Secret program" not in text
    assert client.get(f"{PAGE}/commands/{hers.pk}").status_code == 404
    assert client.get(f"{PAGE}/commands?before={hers.pk}").status_code == 404


def test_guest_is_told_nothing_of_the_key(
    client_of: ClientOf, bob: User, car: VehicleAccess
) -> None:
    Vehicle.objects.update(key_paired=False, command_signing="required")
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="GUEST")
    text = client_of(bob).get(PAGE).content.decode()
    assert "Needs the virtual key" not in text
    assert "disabled" not in control(text, "doors")


def test_unpaired_key_disables_what_must_be_signed(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    Vehicle.objects.update(key_paired=False, command_signing="required", state="asleep")
    client = client_of(alice)
    text = client.get(PAGE).content.decode()
    doors = control(text, "doors")
    assert '<a href="/key">Needs the virtual key</a>' in doors
    assert doors.count(" disabled ") == 2
    assert "<details" not in doors
    assert " disabled" not in control(text, "wake")
    refused = client.post(PRESS, form("lock"), follow=True).content.decode()
    assert "Needs the virtual key. This car takes commands only when" in refused
    by_htmx = client.post(PRESS, form("lock"), headers=HTMX).content.decode()
    assert 'role="alert">Needs the virtual key.' in control(by_htmx, "doors")
    assert Command.objects.count() == 0


def test_missing_scope_disables_what_it_opens_and_names_it_once(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    scopes = ["vehicle_device_data", "vehicle_charging_cmds"]
    TeslaGrant.objects.update(scopes=scopes)
    text = client_of(alice).get(PAGE).content.decode()
    assert 'href="/console/scopes">Needs the scope vehicle_cmds</a>' in text
    assert text.count("<strong>Needs the scope vehicle_cmds.</strong>") == 1
    assert " disabled " in control(text, "honk")
    assert " disabled" not in control(text, "limit")
    assert client_of(alice).post(PRESS, form("honk")).status_code == 302
    assert Command.objects.count() == 0
    TeslaGrant.objects.update(scopes=["vehicle_device_data"])
    text = client_of(alice).get(PAGE).content.decode()
    words = "Needs the scope vehicle_cmds or vehicle_charging_cmds"
    assert words in control(text, "limit")


def test_grant_that_must_be_linked_again_disables_everything(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    TeslaGrant.objects.update(state="needs_relink")
    text = client_of(alice).get(PAGE).content.decode()
    for one in CONTROLS:
        assert " disabled " in control(text, one.name)
    assert 'name="purpose" value="again"' in text
    client_of(alice).post(PRESS, form("lock"))
    assert Command.objects.count() == 0


def test_gone_car_takes_no_command(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client = client_of(alice)
    assert PRESS in client.get(PAGE).content.decode()
    VehicleAccess.objects.update(gone_at=timezone.now())
    assert PRESS not in client.get(PAGE).content.decode()
    refused = client.post(PRESS, form("lock"), headers=HTMX).content.decode()
    assert "Not listed any more" in control(refused, "doors")
    assert Command.objects.count() == 0


@pytest.mark.parametrize(
    ("state", "minutes", "offers"),
    [("asleep", 1, True), ("online", 1, False), ("online", 31, True)],
)
def test_wake_is_offered_to_a_car_that_may_sleep(
    car: VehicleAccess, state: str, minutes: int, *, offers: bool
) -> None:
    at = timezone.now() - timedelta(minutes=minutes)
    Vehicle.objects.update(state=state, state_at=at)
    access = VehicleAccess.objects.of(car.grant.user).get()
    shown = panel(car.grant.user, access, Units.METRIC, timezone.now())
    assert (shown.row("wake").why_not is None) is offers


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
    ("in_service", "word"), [(False, "Online"), (True, "Online, in service")]
)
def test_car_that_did_something_is_shown_online(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    *,
    in_service: bool,
    word: str,
) -> None:
    at = timezone.now() - timedelta(hours=1)
    Vehicle.objects.update(state="asleep", state_at=at, in_service=in_service)
    assert 'class="state asleep' in client_of(alice).get(PAGE).content.decode()
    sent(car)
    text = client_of(alice).get(PAGE).content.decode()
    assert f'<span class="state online">{word}</span>' in text


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


def test_log_pages_through_all_commands(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    now = timezone.now()
    for number in range(45):
        at = now - timedelta(minutes=number // 2)
        sent(car, "set_charge_limit", parameters={"percent": 50 + number}, asked_at=at)
    client, url, seen = client_of(alice), PAGE, []
    for length in (20, 20, 5):
        text = client.get(url).content.decode()
        shown = re.findall(r":</strong> <span>(\d+)\xa0%</span>", text)
        assert len(shown) == length
        seen += shown
        older = re.search(r'href="([^"]*before=[^"]*)">Older', text)
        url = older.group(1) if older else ""
    assert url == ""
    assert sorted(map(int, seen)) == list(range(50, 95))


def test_log_without_commands_teaches(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client = client_of(alice)
    for url in (PAGE, f"{PAGE}/commands", f"{PAGE}/commands?before=nonsense"):
        assert "Nothing has been sent yet" in client.get(url).content.decode()
    last = sent(car)
    text = client.get(f"{PAGE}/commands?before={last.pk}").content.decode()
    assert "There are no older ones." in text


def test_log_names_what_is_not_in_the_table_and_programs_without_a_name(
    car: VehicleAccess,
) -> None:
    odd = sent(car, "of_yesterday", source="api", duration_ms=None)
    line = entry(odd, timezone.now())
    assert (line.title, line.sender, line.took) == ("of_yesterday", "A program", "")
    unexplained = sent(car, state="failed", result=None)
    ending = entry(unexplained, timezone.now()).stand.ending
    assert ending is not None
    assert ending.words == "It is not known why."


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, ""),
        ({"percent": 80}, "80\xa0%"),
        ({"which_trunk": "rear"}, "rear trunk"),
        ({"on": True}, "on"),
        ({"on": False}, "off"),
        ({"enable": True, "time": 30}, "enable: yes, time: 30"),
        ({"enabled": False, "name": None}, "enabled: no"),
        ({"on": True, "pin": "1234", "password": "5678"}, "on"),
        ({"name": "x" * 80}, f"name: {'x' * 60}"),
        ({str(n): n for n in range(8)}, "0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, …"),
    ],
)
def test_parameters_are_put_in_words_without_pins(
    parameters: dict[str, object], words: str
) -> None:
    assert parameter_words(parameters) == words


@pytest.mark.parametrize(
    ("duration_ms", "words"),
    [(None, ""), (340, "340 ms"), (1449, "1.4 s"), (75_400, "75 s")],
)
def test_durations_are_put_in_words(duration_ms: int | None, words: str) -> None:
    assert duration_words(duration_ms) == words


def test_page_with_many_commands_costs_the_same_queries(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client = client_of(alice)
    client.get(PAGE)
    counts = []
    for more in (1, 3):
        for _ in range(more):
            sent(car)
            sent(car, "set_temps", source="api")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_controls_have_no_inline_style_or_script(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    sent(car, result=False, reason=EVIL)
    sent(car, "set_temps", source="api", access_token_name=EVIL)
    text = client_of(alice).get(PAGE).content.decode()
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    assert " style=" not in text
    assert not re.search(r"\son\w+=", text)


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


def test_press_is_remembered_for_its_person_alone(
    client_of: ClientOf, alice: User, bob: User, car: VehicleAccess
) -> None:
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    same = form("lock")
    for user in (alice, bob):
        client_of(user).post(PRESS, same)
        assert cache.get(f"vehicles:press:{user.pk}:{same['form_id']}") == "door_lock"
    assert Command.objects.count() == 2
