"""A session is opened with a car that proves itself, and with no other."""

import pytest
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from fleet.errors import (
    CommandRejected,
    KeyNotPaired,
    SessionFailed,
    Unreadable,
    VehicleBusy,
)
from fleet.signing import Domain, Hello, Session, handshake, open_session
from tests.fleet.signing import vectors
from tests.fleet.signing.car import NOW, Car, Clock

KEY = vectors.CLIENT_KEY


@pytest.fixture
def car() -> Car:
    return Car(Clock())


@pytest.fixture
def hello() -> Hello:
    return handshake(KEY, vectors.VIN, Domain.INFOTAINMENT, now=NOW)


def _asked(hello: Hello) -> RoutableMessage:
    return RoutableMessage.FromString(hello.routable)


def _open(hello: Hello, reply: RoutableMessage, now: float = NOW) -> Session:
    return open_session(KEY, hello, reply.SerializeToString(), now=now)


@pytest.mark.parametrize("domain", list(Domain))
def test_handshake_asks_one_computer_with_our_point(domain: Domain) -> None:
    message = _asked(handshake(KEY, vectors.VIN, domain, now=NOW))

    assert int(message.to_destination.domain) == domain
    assert message.session_info_request.public_key == vectors.CLIENT_POINT
    assert len(message.uuid) == 16
    assert message.flags == 0


def test_open_session_takes_what_is_proven(car: Car, hello: Hello) -> None:
    session = _open(hello, car.greeted(_asked(hello)), NOW + 1)

    assert session.vin == vectors.VIN
    assert session.domain is Domain.INFOTAINMENT
    assert session.epoch == car.epoch
    assert session.clock_time == 2650
    assert session.offset_s == NOW + 1 - 2650


def test_open_session_wants_the_proof(car: Car, hello: Hello) -> None:
    reply = car.greeted(_asked(hello))
    reply.signature_data.session_info_tag.tag = bytes(32)

    with pytest.raises(SessionFailed, match="not proven"):
        _open(hello, reply)


def test_open_session_wants_the_proof_for_this_car(car: Car, hello: Hello) -> None:
    car.vin = "5YJ30123456789ABD"

    with pytest.raises(SessionFailed, match="not proven"):
        _open(hello, car.greeted(_asked(hello)))


def test_open_session_wants_an_answer_in_time(car: Car, hello: Hello) -> None:
    with pytest.raises(SessionFailed, match="late"):
        _open(hello, car.greeted(_asked(hello)), NOW + 10.5)


def test_open_session_wants_an_answer_to_this_message(car: Car, hello: Hello) -> None:
    other = handshake(KEY, vectors.VIN, Domain.INFOTAINMENT, now=NOW)

    with pytest.raises(Unreadable):
        _open(hello, car.greeted(_asked(other)))


def test_open_session_wants_a_point_on_the_curve(car: Car, hello: Hello) -> None:
    info = car.info()
    info.publicKey = b"\x04" + bytes(64)
    reply = car.prove(car.reply(_asked(hello)), hello.uuid, info)

    with pytest.raises(SessionFailed, match="public key"):
        _open(hello, reply)


def test_open_session_tells_that_the_key_is_not_paired(car: Car, hello: Hello) -> None:
    car.paired = False

    with pytest.raises(KeyNotPaired) as told:
        _open(hello, car.greeted(_asked(hello)))

    assert told.value.fault == 3


def test_open_session_knows_no_other_status(car: Car, hello: Hello) -> None:
    info = car.info()
    info.status = 2  # type: ignore[assignment] # the protocol's "invalid handle"
    reply = car.prove(car.reply(_asked(hello)), hello.uuid, info)

    with pytest.raises(SessionFailed, match="no session"):
        _open(hello, reply)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(1, VehicleBusy), (3, KeyNotPaired), (8, CommandRejected), (99, CommandRejected)],
)
def test_open_session_tells_the_fault(
    car: Car, hello: Hello, fault: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        _open(hello, car.fault(_asked(hello), min(fault, 29)))


def test_a_car_that_says_wait_is_busy(car: Car, hello: Hello) -> None:
    reply = car.reply(_asked(hello))
    reply.signedMessageStatus.operation_status = 1  # type: ignore[assignment]

    with pytest.raises(VehicleBusy):
        _open(hello, reply)
