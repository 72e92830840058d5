"""What a car's computer checks before it believes a command."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.command.car_server_pb2 import Response
from tesla_protocol.command.universal_message_pb2 import Domain
from tesla_protocol.command.vcsec_pb2 import (
    FromVCSECMessage,
    OperationStatus_E,
    RKEAction_E,
    UnsignedMessage,
)

from simulator.signed.counters import Counters
from simulator.signed.crypto import point_of
from simulator.signed.garage import Garage
from simulator.world import World
from simulator.world.cars.car import Car
from tests.simulator.signed.conftest import Connect
from tests.simulator.signed.signer import (
    HONK,
    LOCK,
    SCREEN,
    SECURITY,
    START,
    STOP,
    UNLOCK,
    Signer,
    action,
)

BOTH = pytest.mark.parametrize(
    ("domain", "payload"), [(SECURITY, LOCK), (SCREEN, HONK)]
)


@BOTH
def test_right_command_is_carried_out(
    connect: Connect, domain: Domain, payload: bytes
) -> None:
    assert connect(domain).fault(payload) == 0


def test_lock_and_charging_change_the_car(connect: Connect, car: Car) -> None:
    security, screen = connect(SECURITY), connect(SCREEN)
    locked = []
    for payload in (UNLOCK, LOCK):
        assert security.security(payload) == FromVCSECMessage()
        locked.append(car.condition.body.locked)
    assert locked == [False, True]
    assert screen.result(STOP) == (True, "")
    assert car.moment().charging_state == "Stopped"
    assert screen.result(STOP) == (False, "not_charging")
    assert screen.result(START) == (True, "")
    assert car.moment().charging_state == "Charging"


def test_computers_have_their_own_keys_epochs_and_clocks(connect: Connect) -> None:
    one, two = connect(SECURITY).info, connect(SCREEN).info
    for name in ("publicKey", "epoch", "clock_time"):
        assert getattr(one, name) != getattr(two, name)
    assert (len(one.epoch), one.counter, one.status) == (16, 0, 0)


def test_other_seed_makes_other_keys(connect: Connect, world: World) -> None:
    other = World(8, world.clock)
    assert (
        Garage().computer(other.car_named("Charger"), SCREEN).public_point
        != connect(SCREEN).info.publicKey
    )


def test_reply_goes_back_to_the_asker(connect: Connect) -> None:
    for domain, payload, echoes in ((SECURITY, LOCK, False), (SCREEN, HONK, True)):
        signer = connect(domain)
        message = signer.signed(payload)
        reply = signer.send(message)
        assert reply.from_destination.domain == domain
        assert reply.to_destination == message.from_destination
        assert reply.request_uuid == (message.uuid if echoes else b"")


@BOTH
@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        (15, {"epoch": b"\0" * 16}),
        (17, {"expires_at": 1}),
        (13, {"expires_at": (1 << 30) + 1}),
        (20, {"counter": 0, "expires_at": 1 << 29}),
        (15, {"epoch": b"\0" * 16, "expires_at": 1}),
        (17, {"expires_at": 1, "counter": 0}),
        (6, {"counter": 0}),
    ],
)
def test_each_broken_rule_has_its_fault_and_new_session_info(
    connect: Connect, domain: Domain, payload: bytes, fault: int, wrong: dict[str, Any]
) -> None:
    signer = connect(domain)
    message = signer.signed(payload, **wrong)
    reply = signer.send(message)
    assert reply.signedMessageStatus.signed_message_fault == fault
    assert reply.signedMessageStatus.operation_status == OperationStatus_E.Value(
        "OPERATIONSTATUS_ERROR"
    )
    signer.resync(message, reply)
    assert signer.fault(payload) == 0


@BOTH
@pytest.mark.parametrize("spoil", ["payload", "tag", "flags", "domain", "vin"])
def test_changed_message_is_an_invalid_signature(
    connect: Connect, domain: Domain, payload: bytes, spoil: str
) -> None:
    signer = connect(domain)
    if spoil == "vin":
        signer.vin = "5YJ30123456789ABC"
    message = signer.signed(payload)
    signature = message.signature_data.HMAC_Personalized_data
    if spoil == "payload":
        message.protobuf_message_as_bytes += b"\x18\x01"
    elif spoil == "tag":
        signature.tag = b"\0" + signature.tag[1:]
    elif spoil == "flags":
        message.flags = 2
    elif spoil == "domain":
        signature.tag = b""
    reply = signer.send(message)
    assert reply.signedMessageStatus.signed_message_fault == 5
    assert reply.HasField("session_info")


def test_unknown_domain_is_refused_without_session_info(connect: Connect) -> None:
    signer = connect(SCREEN)
    signer.domain = Domain.DOMAIN_AUTOPILOT
    for message in (signer.signed(HONK), signer.blank()):
        message.session_info_request.public_key = signer.public
        reply = signer.send(message)
        assert reply.signedMessageStatus.signed_message_fault == 8
        assert not reply.HasField("session_info")


def test_used_counters_are_refused_and_the_newest_is_told(connect: Connect) -> None:
    signer = connect(SECURITY)
    assert signer.fault(LOCK) == 0
    message = signer.signed(LOCK, counter=1)
    reply = signer.send(message)
    assert reply.signedMessageStatus.signed_message_fault == 6
    signer.resync(message, reply)
    assert signer.counter == 1
    assert signer.fault(LOCK) == 0


def test_security_wants_counters_in_order_and_the_screen_a_window(
    connect: Connect,
) -> None:
    security, screen = connect(SECURITY), connect(SCREEN)
    assert [security.fault(LOCK, counter=n) for n in (5, 4, 6)] == [0, 6, 0]
    late = (50, 49, 18, 17, 18, 60, 50, 48)
    assert [screen.fault(HONK, counter=n) for n in late] == [0, 0, 0, 6, 6, 0, 6, 0]


def test_window_forgets_after_a_leap() -> None:
    counters = Counters(in_order=False)
    assert [counters.take(n) for n in (1, 2**32 - 1, 2, 2**32 - 2)] == [
        *(True, True, False, True),
    ]


def test_old_counter_with_a_long_life_is_refused_first(connect: Connect) -> None:
    screen = connect(SCREEN)
    assert screen.fault(HONK, counter=40) == 0
    late_s = screen.info.clock_time + 31
    assert screen.fault(HONK, counter=39, expires_at=late_s) == 20
    assert screen.fault(HONK, counter=41, expires_at=late_s) == 0


def test_command_expires_on_the_cars_clock(connect: Connect, world: World) -> None:
    signer = connect(SCREEN)
    world.clock.advance(10)
    assert signer.fault(HONK) == 0
    world.clock.advance(1)
    assert signer.fault(HONK) == 17


@pytest.mark.parametrize("how", ["lever", "update"])
def test_reboot_begins_a_new_epoch_with_the_same_key(
    connect: Connect, garage: Garage, car: Car, how: str
) -> None:
    signer = connect(SCREEN)
    before = signer.info
    assert signer.fault(HONK) == 0
    if how == "lever":
        garage.reboot(car)
    else:
        car.condition.firmware = "2026.40"
    message = signer.signed(HONK)
    reply = signer.send(message)
    assert reply.signedMessageStatus.signed_message_fault == 15
    signer.resync(message, reply)
    now = signer.info
    assert (now.publicKey, now.counter, now.clock_time) == (before.publicKey, 0, 0)
    assert now.epoch != before.epoch
    assert signer.fault(HONK) == 0


def test_unpaired_key_is_told_so(connect: Connect, garage: Garage, car: Car) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    stranger = connect(SCREEN)
    stranger.private, stranger.public = private, point_of(private)
    stranger.shake()
    assert stranger.info.status == 1
    reply = stranger.tell(HONK)
    assert reply.signedMessageStatus.signed_message_fault == 3
    assert not reply.HasField("session_info")
    assert stranger.fault(HONK, epoch=b"") == 3


def test_removed_key_ends_at_once(connect: Connect, car: Car) -> None:
    signer = connect(SCREEN)
    car.unpair(signer.public.hex())
    assert signer.fault(HONK) == 3


def test_point_off_the_curve_is_a_bad_parameter(connect: Connect) -> None:
    signer = connect(SCREEN)
    message = signer.blank()
    message.session_info_request.public_key = b"\x04" + b"\x01" * 64
    assert signer.send(message).signedMessageStatus.signed_message_fault == 13


def test_command_without_a_signature_is_refused(connect: Connect) -> None:
    signer = connect(SCREEN)
    message = signer.signed(HONK)
    message.signature_data.ClearField("HMAC_Personalized_data")
    assert signer.send(message).signedMessageStatus.signed_message_fault == 15


@BOTH
def test_asked_replies_are_sealed(
    connect: Connect, domain: Domain, payload: bytes
) -> None:
    signer = connect(domain)
    counters, message = [], signer.blank()
    for _ in range(2):
        message = signer.signed(payload, flags=2)
        reply = signer.send(message)
        opened = signer.opened(message, reply)
        if domain == SCREEN:
            assert Response.FromString(opened).actionStatus.result == 0
        else:
            assert opened == b""
        counters.append(reply.signature_data.AES_GCM_Response_data.counter)
    assert counters == [1, 2]
    other = signer.signed(payload, flags=2)
    reply = signer.send(other)
    with pytest.raises(InvalidTag):
        signer.opened(message, reply)


def test_old_firmware_does_not_seal(connect: Connect, car: Car) -> None:
    car.condition.firmware = "2024.37.9"
    reply = connect(SCREEN).tell(HONK, flags=2)
    assert not reply.signature_data.HasField("AES_GCM_Response_data")
    assert Response.FromString(reply.protobuf_message_as_bytes).actionStatus.result == 0
    car.condition.firmware = "2024.38"
    reply = connect(SCREEN).tell(HONK, flags=2)
    assert reply.signature_data.HasField("AES_GCM_Response_data")


@BOTH
def test_mobile_access_off_is_a_fault(
    connect: Connect, car: Car, domain: Domain, payload: bytes
) -> None:
    car.condition.mobile_access = False
    assert connect(domain).fault(payload) == 21


def test_driver_may_not_do_what_is_the_owners(connect: Connect, car: Car) -> None:
    driver, owner = connect(SCREEN, owner=False), connect(SCREEN)
    erase = action(eraseUserDataAction={})
    assert driver.fault(erase) == 7
    assert driver.fault(HONK) == 0
    owner.counter = driver.counter
    assert owner.result(erase) == (False, "not allowed")


def test_car_just_woken_is_busy_for_a_moment(connect: Connect, world: World) -> None:
    luna = world.car_named("Luna")
    luna.wake_up()
    world.clock.advance(20)
    security, screen = connect(SECURITY, other=luna), connect(SCREEN, other=luna)
    assert screen.fault(HONK) == 1
    waiting = security.security(LOCK)
    assert waiting.commandStatus.operationStatus == OperationStatus_E.Value(
        "OPERATIONSTATUS_WAIT"
    )
    world.clock.advance(2)
    assert (screen.fault(HONK), security.fault(LOCK)) == (0, 0)


@pytest.mark.parametrize(
    ("domain", "payload", "fault"),
    [
        (SCREEN, b"\xff", 10),
        (SECURITY, b"\xff", 10),
        (SCREEN, b"", 9),
        (SECURITY, b"", 9),
        (SCREEN, action(vitalsAck={}), 9),
        (
            SECURITY,
            UnsignedMessage(
                RKEAction=RKEAction_E.RKE_ACTION_OPEN_TRUNK
            ).SerializeToString(),
            9,
        ),
        (
            SECURITY,
            UnsignedMessage(closureMoveRequest={}).SerializeToString(),
            9,
        ),
        (
            SECURITY,
            UnsignedMessage(
                InformationRequest={"informationRequestType": 16}
            ).SerializeToString(),
            9,
        ),
        (SECURITY, UnsignedMessage(autonomyCommand={}).SerializeToString(), 9),
    ],
)
def test_unknown_payload_is_refused(
    connect: Connect, domain: Domain, payload: bytes, fault: int
) -> None:
    assert connect(domain).fault(payload) == fault


def test_bad_value_is_answered_by_the_car(connect: Connect) -> None:
    screen = connect(SCREEN)
    pin = action(drivingSpeedLimitAction={"activate": True, "pin": "12"})
    assert screen.result(pin) == (False, "invalid_value")


def test_keys_are_not_changed_over_the_internet(connect: Connect, car: Car) -> None:
    security = connect(SECURITY)
    add = UnsignedMessage(
        WhitelistOperation={
            "addKeyToWhitelistAndAddPermissions": {
                "key": {"PublicKeyRaw": b"\x04"},
                "keyRole": 3,
            }
        }
    ).SerializeToString()
    remove = UnsignedMessage(
        WhitelistOperation={"removeAllImpermanentKeys": True}
    ).SerializeToString()
    assert security.security(add).nominalError.genericError == 7
    car.condition.more_keys = 17
    assert car.key_count == 20
    assert security.fault(add) == 14
    done = security.security(remove)
    assert done.commandStatus.HasField("whitelistOperationStatus")


def test_security_tells_state_and_keys(connect: Connect, world: World) -> None:
    asked = [
        UnsignedMessage(
            InformationRequest={"informationRequestType": kind}
        ).SerializeToString()
        for kind in (0, 5)
    ]
    parked, driving = (
        connect(SECURITY),
        connect(SECURITY, other=world.car_named("Blitz")),
    )
    status = parked.security(asked[0]).vehicleStatus
    assert (status.vehicleLockState, status.userPresence) == (1, 1)
    assert parked.security(asked[1]).whitelistInfo.numberOfEntries == 3
    status = driving.security(asked[0]).vehicleStatus
    assert (status.vehicleLockState, status.userPresence) == (0, 2)


def test_screen_tells_what_it_is_asked(connect: Connect, world: World) -> None:
    screen = connect(SCREEN)

    def ask(**which: Any) -> Response:
        reply = screen.tell(action(**which))
        return Response.FromString(reply.protobuf_message_as_bytes)

    assert ask(ping={"ping_id": 1}).ping.local_timestamp.seconds == int(
        world.clock.now().timestamp()
    )
    sites = ask(getNearbyChargingSites={"count": 2, "radius": 200})
    assert len(sites.getNearbyChargingSites.superchargers) == 2
    data = ask(getVehicleData={"getChargeState": {}}).vehicleData
    assert data.charge_state.charge_limit_soc == 80
    wanted = {"enabled": True, "lower_charge_limit": 20.0, "upper_charge_limit": 70.0}
    ask(updateChargeOnSolarFeatureRequest={"charge_on_solar": wanted})
    found = ask(getChargeOnSolarFeatureRequest={})
    solar = found.getChargeOnSolarFeatureResponse.charge_on_solar
    assert (solar.enabled, solar.upper_charge_limit) == (True, 70.0)


def test_signers_do_not_share_counters(connect: Connect, car: Car) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    first = connect(SCREEN)
    car.pair(point_of(private).hex(), "other.example.com")
    second: Signer = connect(SCREEN)
    second.private, second.public = private, point_of(private)
    assert [first.fault(HONK), first.fault(HONK)] == [0, 0]
    second.shake()
    assert (second.counter, second.fault(HONK)) == (0, 0)
