"""What is signed is what a car checks, and what it answers is believed if proven."""

import time
import timeit
from dataclasses import replace
from hmac import digest

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings, strategies as st
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from fleet.errors import SessionFailed, Unreadable, VehicleKeyChanged
from fleet.signing import (
    Domain,
    Payload,
    Session,
    encode,
    handshake,
    open_session,
    read_reply,
    sign,
)
from fleet.signing.keys import command_key
from tests.fleet.signing import vectors
from tests.fleet.signing.car import NOW, Car, Clock

HONK = encode("honk_horn", {})
LOCK = encode("door_lock", {})


def _met(car: Car) -> Session:
    hello = handshake(vectors.CLIENT_KEY, vectors.VIN, car.domain, now=car.clock.now)
    reply = car.greeted(RoutableMessage.FromString(hello.routable))
    return open_session(
        vectors.CLIENT_KEY, hello, reply.SerializeToString(), now=car.clock.now
    )


@pytest.fixture
def car() -> Car:
    return Car(Clock())


@pytest.mark.parametrize("payload", [HONK, LOCK])
def test_sign_makes_a_message_that_the_car_takes(payload: Payload) -> None:
    car = Car(Clock(), payload.domain)
    session = _met(car)

    later, signed = sign(session, payload, now=NOW)

    message = RoutableMessage.FromString(signed.routable)
    signature = message.signature_data
    assert car.checked(message) == 0
    assert message.protobuf_message_as_bytes == payload.data
    assert message.flags == 2
    assert len(message.uuid) == len(message.from_destination.routing_address) == 16
    assert signature.signer_identity.public_key == vectors.CLIENT_POINT
    assert signature.HMAC_Personalized_data.counter == 1
    assert signature.HMAC_Personalized_data.expires_at == 2650 + 10
    assert later == replace(session, counter=1)


def test_no_two_messages_have_a_name_or_an_address_in_common(car: Car) -> None:
    session = _met(car)

    made = [sign(session, HONK, now=NOW)[1] for _ in range(20)]

    assert len({signed.uuid for signed in made}) == 20
    assert len({signed.address for signed in made}) == 20


def test_sign_refuses_the_other_computer_and_a_spent_counter(car: Car) -> None:
    session = _met(car)

    with pytest.raises(ValueError, match="domain"):
        sign(session, LOCK, now=NOW)
    with pytest.raises(SessionFailed):
        sign(replace(session, counter=0xFFFF_FFFF), HONK, now=NOW)


@pytest.mark.parametrize(("now", "expires_at"), [(0.0, 0), (1e11, 0xFFFF_FFFF)])
def test_a_time_beyond_the_cars_numbers_is_cut(
    car: Car, now: float, expires_at: int
) -> None:
    _, signed = sign(_met(car), HONK, now=now)

    message = RoutableMessage.FromString(signed.routable)
    assert message.signature_data.HMAC_Personalized_data.expires_at == expires_at


@settings(max_examples=40, deadline=None)
@given(
    counter=st.integers(0, 2**31),
    now=st.floats(NOW, NOW + 1e6),
    data=st.binary(max_size=300),
    domain=st.sampled_from(list(Domain)),
    answer=st.binary(max_size=300),
    epoch=st.binary(min_size=16, max_size=16),
)
def test_a_car_takes_whatever_is_signed_and_is_understood(
    counter: int, now: float, data: bytes, domain: Domain, answer: bytes, epoch: bytes
) -> None:
    car = Car(Clock(now), domain, counter=counter, epoch=epoch)
    session = Session.from_bytes(_met(car).to_bytes())

    later, signed = sign(session, Payload(domain, data, idempotent=True), now=now)
    message = RoutableMessage.FromString(signed.routable)
    fault = car.checked(message)
    reply = car.response(message, answer).SerializeToString()

    assert fault == 0
    assert later.counter == counter + 1
    assert read_reply(later, signed, reply, now=now).data == answer


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_message_changed_on_its_way_is_not_taken(place: int, bit: int) -> None:
    car = Car(Clock())
    _, signed = sign(_met(car), HONK, now=NOW)
    covered = RoutableMessage.FromString(signed.routable)
    changed = bytearray(covered.signature_data.HMAC_Personalized_data.tag)
    changed[place % 32] ^= 1 << bit
    covered.signature_data.HMAC_Personalized_data.tag = bytes(changed)

    assert car.checked(covered) == 5


@pytest.mark.parametrize("domain", list(Domain))
def test_the_hash_of_a_request_is_short_for_the_security_computer(
    domain: Domain,
) -> None:
    car = Car(Clock(), domain)
    _, signed = sign(_met(car), Payload(domain, b"", idempotent=True), now=NOW)

    length = 17 if domain is Domain.VEHICLE_SECURITY else 33
    assert signed.request_hash == (b"\x08" + signed.tag)[:length]


def test_an_answer_is_read_once(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    message = RoutableMessage.FromString(signed.routable)
    raw = car.response(message, b"", counter=9).SerializeToString()

    reply = read_reply(session, signed, raw, now=NOW)

    assert (reply.fault, reply.counter, reply.resynced) == (0, 9, False)
    with pytest.raises(Unreadable):
        read_reply(session, signed, raw, now=NOW, seen={9})


@pytest.mark.parametrize(
    "part", ["data", "tag", "nonce", "short nonce", "counter", "flags", "fault"]
)
def test_an_answer_changed_on_its_way_is_not_read(car: Car, part: str) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    reply = car.response(RoutableMessage.FromString(signed.routable), b"fine")
    response = reply.signature_data.AES_GCM_Response_data
    if part == "data":
        reply.protobuf_message_as_bytes = b"fool"
    elif part == "tag":
        response.tag = bytes(16)
    elif part == "nonce":
        response.nonce = bytes(12)
    elif part == "short nonce":
        response.nonce = b"1234567"
    elif part == "counter":
        response.counter = 2
    elif part == "flags":
        reply.flags = 0
    else:
        reply.signedMessageStatus.signed_message_fault = 3  # type: ignore[assignment]

    with pytest.raises(Unreadable):
        read_reply(session, signed, reply.SerializeToString(), now=NOW)


def test_an_answer_to_another_message_is_not_read(car: Car) -> None:
    session = _met(car)
    session, first = sign(session, HONK, now=NOW)
    session, second = sign(session, HONK, now=NOW)
    raw = car.response(RoutableMessage.FromString(first.routable), b"")

    with pytest.raises(Unreadable, match="another message"):
        read_reply(session, second, raw.SerializeToString(), now=NOW)


def test_an_answer_of_the_other_computer_is_not_read(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    raw = car.response(RoutableMessage.FromString(signed.routable), b"")
    raw.from_destination.domain = Domain.VEHICLE_SECURITY  # type: ignore[assignment]

    with pytest.raises(Unreadable, match="computer"):
        read_reply(session, signed, raw.SerializeToString(), now=NOW)


def test_info_that_is_not_proven_changes_nothing(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    message = RoutableMessage.FromString(signed.routable)
    car.reboot()
    forged = car.fault(message, 15, info=True)
    forged.signature_data.session_info_tag.tag = bytes(32)

    reply = read_reply(session, signed, forged.SerializeToString(), now=NOW)

    assert (reply.fault, reply.resynced) == (15, False)
    assert reply.session == session


def test_info_proven_for_another_message_changes_nothing(car: Car) -> None:
    session = _met(car)
    session, old = sign(session, HONK, now=NOW)
    session, signed = sign(session, HONK, now=NOW)
    message = RoutableMessage.FromString(signed.routable)
    replayed = car.prove(car.fault(message, 15), old.uuid, car.info())

    reply = read_reply(session, signed, replayed.SerializeToString(), now=NOW)

    assert reply.resynced is False


def test_info_that_comes_late_changes_nothing(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    message = RoutableMessage.FromString(signed.routable)
    raw = car.fault(message, 17, info=True).SerializeToString()

    assert read_reply(session, signed, raw, now=NOW + 10).resynced is True
    assert read_reply(session, signed, raw, now=NOW + 11).resynced is False
    assert read_reply(session, signed, raw, now=NOW - 1).resynced is False


def test_the_clock_of_an_epoch_only_goes_on(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    message = RoutableMessage.FromString(signed.routable)
    info = car.info()
    info.clock_time -= 1
    raw = car.prove(car.fault(message, 17), signed.uuid, info).SerializeToString()

    assert read_reply(session, signed, raw, now=NOW).resynced is False


def test_the_counter_of_an_epoch_only_goes_up(car: Car) -> None:
    session, signed = sign(replace(_met(car), counter=70), HONK, now=NOW)
    message = RoutableMessage.FromString(signed.routable)
    car.clock.now += 5
    raw = car.fault(message, 6, info=True).SerializeToString()

    again = read_reply(session, signed, raw, now=NOW + 5)
    car.reboot()
    new = car.fault(message, 6, info=True).SerializeToString()
    rebooted = read_reply(session, signed, new, now=NOW + 5)

    assert (again.resynced, again.session.counter) == (True, 71)
    assert again.session.clock_time == 2655
    assert (rebooted.resynced, rebooted.session.counter) == (True, 0)
    assert rebooted.session.clock_time == 0
    assert rebooted.session.offset_s == NOW + 5


@pytest.mark.parametrize("epoch", [b"", bytes(15), bytes(17)])
def test_an_epoch_of_a_wrong_length_is_none(car: Car, epoch: bytes) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    message = RoutableMessage.FromString(signed.routable)
    car.epoch = epoch
    raw = car.fault(message, 15, info=True).SerializeToString()

    assert read_reply(session, signed, raw, now=NOW).resynced is False


def test_info_that_cannot_be_read_changes_nothing(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    reply = car.fault(RoutableMessage.FromString(signed.routable), 15)
    reply.session_info = b"\xff"

    raw = reply.SerializeToString()
    assert read_reply(session, signed, raw, now=NOW).resynced is False


def test_another_key_of_the_car_is_refused(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    car.key = ec.generate_private_key(ec.SECP256R1())
    message = RoutableMessage.FromString(signed.routable)
    raw = car.fault(message, 5, info=True).SerializeToString()

    with pytest.raises(VehicleKeyChanged):
        read_reply(session, signed, raw, now=NOW)


def test_nothing_secret_is_shown(car: Car) -> None:
    session, signed = sign(_met(car), HONK, now=NOW)
    shown = f"{session!r} {signed!r}"

    assert vectors.VIN in shown
    for secret in (vectors.SHARED_KEY, session.epoch, signed.tag, signed.routable):
        assert repr(secret)[2:-1] not in shown


def test_a_session_survives_its_store(car: Car) -> None:
    session = _met(car)

    assert Session.from_bytes(session.to_bytes()) == session
    assert session.handle == 3


@pytest.mark.parametrize("cut", [0, 1, 50])
def test_what_is_no_session_is_refused(car: Car, cut: int) -> None:
    stored = _met(car).to_bytes()

    with pytest.raises(ValueError, match="session"):
        Session.from_bytes(stored[:cut])
    with pytest.raises(ValueError, match="session"):
        Session.from_bytes(b"\x02" + stored[1:])
    with pytest.raises(ValueError, match="Domain"):
        Session.from_bytes(stored[:1] + b"\x09" + stored[2:])


def test_signing_with_a_session_costs_little(car: Car) -> None:
    """Well below thirty microseconds, told in the time of one HMAC on this machine."""
    session = _met(car)
    key = command_key(vectors.SHARED_KEY)
    covered = bytes(100)

    def cost(work: object) -> float:
        timer = timeit.Timer(work, timer=time.process_time)  # type: ignore[arg-type]
        return min(timer.repeat(repeat=7, number=1000)) / 1000

    one = cost(lambda: digest(key, covered, "sha256"))
    whole = cost(
        lambda: sign(session, encode("set_charge_limit", {"percent": 80}), now=NOW)
    )

    # It measures about 10; agreeing on a key alone would take over 30.
    assert whole < 25 * one
