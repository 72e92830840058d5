"""The door for signed messages: scopes, statuses, bad weather, bill and log."""

import base64
from typing import Any

import httpx
import pytest
from tesla_protocol.command.universal_message_pb2 import Domain, RoutableMessage

from simulator.testing import DOMAIN
from tests.simulator.doors import KEY_HEX, Doors
from tests.simulator.signed.signer import (
    HONK,
    LOCK,
    SCREEN,
    SECURITY,
    STOP,
    UNLOCK,
    Signer,
    action,
    post,
    read,
)

ALICE, BOB = "alice@example.com", "bob@example.com"


def _signer(
    doors: Doors, name: str = "Red", domain: Domain = SCREEN, email: str = ALICE
) -> Signer:
    """Return a session with a car that is awake and paired."""
    car, token = doors.car(name), doors.token(email)
    car.pair(KEY_HEX, DOMAIN)
    region = doors.sim.world.persons[email].region

    def send(message: RoutableMessage) -> RoutableMessage:
        return read(post(doors, car.vin, message, token, region))

    return Signer(send, car.vin, domain).shake()


def test_signed_commands_reach_the_car(registered: Doors) -> None:
    signer, red = _signer(registered, domain=SECURITY), registered.car("Red")
    path = f"vehicles/{red.vin}/vehicle_data"
    token = registered.token()
    locked = []
    for payload in (UNLOCK, LOCK):
        assert signer.fault(payload) == 0
        found = registered.get(path, token).json()["response"]
        locked.append(found["vehicle_state"]["locked"])
    assert locked == [False, True]


def test_handshakes_and_commands_are_billed(registered: Doors) -> None:
    signer = _signer(registered)
    signer.fault(HONK)
    signer.fault(HONK, epoch=b"")
    assert registered.sim.billed()["commands"] == 3


def test_driver_commands_with_the_drivers_rights(registered: Doors) -> None:
    signer = _signer(registered, email=BOB)
    assert signer.result(HONK) == (True, "")
    assert signer.fault(action(eraseUserDataAction={})) == 7


def test_stranger_finds_no_car(registered: Doors) -> None:
    signer = _signer(registered)
    charlie = registered.token("charlie@example.com")
    answer = post(registered, signer.vin, signer.signed(HONK), charlie)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"routable_message": 7}, 400),
        ({"routable_message": ""}, 400),
        ({"routable_message": "***"}, 400),
        ({"routable_message": "/////w=="}, 400),
        ({"routable_message": base64.b64encode(b"2\0").decode()}, 200),
    ],
)
def test_garbage_is_refused(registered: Doors, body: Any, status: int) -> None:
    vin = registered.put("Red", "online").vin
    answer = registered.post(f"vehicles/{vin}/signed_command", registered.token(), body)
    assert answer.status_code == status


def test_encrypted_command_is_not_forwarded(registered: Doors) -> None:
    signer = _signer(registered)
    message = signer.signed(HONK)
    message.signature_data.AES_GCM_Personalized_data.counter = 1
    answer = post(registered, signer.vin, message, registered.token())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_charging_scope_opens_charging_alone(registered: Doors) -> None:
    signer = _signer(registered)
    narrow = registered.token(ALICE, "vehicle_charging_cmds")

    def status(payload: bytes) -> tuple[int, str]:
        answer = post(registered, signer.vin, signer.signed(payload), narrow)
        return answer.status_code, answer.json().get("error", "")

    missing = (403, "Unauthorized missing scopes vehicle_cmds")
    assert status(STOP) == (200, "")
    assert status(HONK) == missing
    assert status(b"\xff") == missing
    message = signer.blank()
    message.session_info_request.public_key = signer.public
    assert post(registered, signer.vin, message, narrow).status_code == 200


@pytest.mark.parametrize("state", ["asleep", "offline"])
def test_car_out_of_reach_is_408_or_503(registered: Doors, state: str) -> None:
    luna, token = registered.put("Luna", state), registered.token()
    message = Signer(lambda message: message, luna.vin).blank()
    answers: list[httpx.Response] = []
    for switch in (False, True):
        registered.admin("POST", "switches", {"asleep_is_503": switch})
        answers.append(post(registered, luna.vin, message, token))
    assert [one.status_code for one in answers] == [408, 503]
    assert answers[0].json()["error"].startswith("vehicle unavailable")


def test_car_that_may_sign_does_both(registered: Doors) -> None:
    registered.put("Nimbus", "online")
    signer = _signer(registered, "Nimbus", email=BOB)
    assert signer.result(HONK) == (True, "")
    path = f"vehicles/{signer.vin}/command/honk_horn"
    unsigned = registered.post(path, registered.token(BOB), region="eu")
    assert unsigned.json()["response"] == {"result": True, "reason": ""}


def test_reply_lost_after_the_work_was_done(registered: Doors) -> None:
    signer, red = _signer(registered, domain=SECURITY), registered.car("Red")
    token, path = registered.token(), "*/signed_command"
    for status in (503, 504, 408):
        red.condition.body.locked = True
        registered.sim.faults.add("unanswered", path, count=1, status=status)
        answer = post(registered, red.vin, signer.signed(UNLOCK), token)
        assert (answer.status_code, red.condition.body.locked) == (status, False)
    assert signer.fault(LOCK) == 0


def test_earlier_reply_comes_again(registered: Doors) -> None:
    signer, red = _signer(registered), registered.car("Red")
    earlier = signer.tell(HONK, flags=2)
    registered.sim.faults.add("repeat", "*/signed_command", count=1)
    assert signer.tell(HONK, flags=2) == earlier
    assert [told.name for told in registered.sim.hub.commands.of(red.vin)] == [
        *("honk_horn", "honk_horn"),
    ]


def test_nothing_to_repeat_leaves_the_answer_whole(registered: Doors) -> None:
    registered.sim.faults.add("repeat", "*/products", count=1)
    assert registered.get("products", registered.token()).json()["count"] == 4


def test_fault_on_order_is_not_carried_out(registered: Doors) -> None:
    signer, red = _signer(registered), registered.car("Red")
    registered.sim.faults.add("signed_fault", "*/signed_command", count=1, status=14)
    message = signer.signed(HONK)
    reply = signer.send(message)
    assert reply.signedMessageStatus.signed_message_fault == 14
    assert reply.request_uuid == message.uuid
    assert registered.sim.hub.commands.of(red.vin) == []
    assert signer.fault(HONK) == 0


def test_log_tells_who_told_what_without_pins(registered: Doors) -> None:
    signer = _signer(registered)
    valet = {"on": True, "password": "1234"}
    signer.result(action(vehicleControlSetValetModeAction=valet))
    signer.result(STOP)
    path = f"cars/{signer.vin}/commands"
    newest, older = registered.admin("GET", path).json()["commands"]
    assert (older["name"], older["fields"]) == ("set_valet_mode", {"on": True})
    assert {name: newest[name] for name in newest if name != "at"} == {
        "name": "charge_stop",
        "fields": {},
        "person": ALICE,
        "signed": True,
        "result": False,
        "reason": "not_charging",
    }
    page = registered.http.get(f"{registered.sim.url}/admin").text
    assert "set_valet_mode on=True" in page
    assert "not_charging" in page
    assert "1234" not in page
