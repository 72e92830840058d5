"""A command reaches the car once, whatever the car and the way to it do."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.command.car_server_pb2 import Response
from tesla_protocol.command.universal_message_pb2 import RoutableMessage
from tesla_protocol.command.vcsec_pb2 import FromVCSECMessage

from fleet import errors
from fleet.signing import (
    Domain,
    MemoryStore,
    Outcome,
    Patience,
    Payload,
    command,
    encode,
)
from fleet.signing.faults import RULES, Cure, Fault
from fleet.wire import Answer
from tests.fleet.signing import vectors
from tests.fleet.signing.car import Car, Clock, ok

LOCK = encode("door_lock", {})
HONK = encode("honk_horn", {})
CLIMATE = encode("auto_conditioning_start", {})
LOST = errors.TimedOut("Tesla did not answer in time")


class Drive:
    """A car, a clock and a store; `do` has the car do a command."""

    def __init__(self, domain: Domain = Domain.INFOTAINMENT) -> None:
        self.clock = Clock()
        self.car = Car(self.clock, domain)
        self.store = MemoryStore()
        self.key = vectors.CLIENT_KEY

    def do(self, payload: Payload, patience: Patience | None = None) -> Outcome:
        """Return the outcome of a command."""
        return asyncio.run(
            command(
                self.store,
                self.car,
                self.key,
                vectors.VIN,
                payload,
                clock=self.clock,
                sleep=self.clock.sleep,
                patience=patience or Patience(),
            )
        )

    def warm(self) -> None:
        """Open a session, and count from there."""
        self.do(LOCK if self.car.domain is Domain.VEHICLE_SECURITY else CLIMATE)
        self.car.asked.clear()
        self.car.done.clear()


@pytest.fixture
def drive() -> Drive:
    drive = Drive()
    drive.warm()
    return drive


def _status(status: int, body: bytes = b"") -> Callable[..., Answer]:
    return lambda _car, _message: Answer(status, [], body)


def _raise(error: Exception) -> Callable[..., Exception]:
    return lambda _car, _message: error


def _done_and_lost(car: Car, message: RoutableMessage) -> Exception:
    car.answered(message)
    return LOST


@pytest.mark.parametrize("domain", list(Domain))
@pytest.mark.parametrize("encrypts", [True, False])
def test_a_first_command_costs_two_calls_and_the_next_one(
    *, domain: Domain, encrypts: bool
) -> None:
    drive = Drive(domain)
    drive.car.encrypts = encrypts
    payload = LOCK if domain is Domain.VEHICLE_SECURITY else HONK

    first, second = drive.do(payload), drive.do(payload)

    assert (first.result, first.reason, first.calls) == (True, "", 2)
    assert (second.result, second.reason, second.calls) == (True, "", 1)
    assert drive.car.done == [payload.data] * 2
    assert drive.car.counter == 2


def test_the_two_computers_have_a_session_each() -> None:
    drive = Drive(Domain.VEHICLE_SECURITY)
    drive.do(LOCK)
    infotainment = Car(drive.clock)
    security, drive.car = drive.car, infotainment

    drive.do(HONK)

    assert infotainment.done == [HONK.data]
    assert security.done == [LOCK.data]


def test_another_key_of_ours_opens_another_session(drive: Drive) -> None:
    drive.key = ec.generate_private_key(ec.SECP256R1())
    drive.car.paired = False

    with pytest.raises(errors.KeyNotPaired):
        drive.do(HONK)

    assert drive.car.calls == 1
    assert drive.car.asked[0].HasField("session_info_request")


def test_a_car_says_why_it_does_not(drive: Drive) -> None:
    drive.car.answer = Response(
        actionStatus={
            "result": "OPERATIONSTATUS_ERROR",
            "result_reason": {"plain_text": "already_set"},
        }
    ).SerializeToString()

    outcome = drive.do(CLIMATE)

    assert (outcome.result, outcome.reason, outcome.calls) == (False, "already_set", 1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(fault, rule.kind) for fault, rule in RULES.items() if rule.cure is Cure.NONE],
)
def test_a_fault_that_nothing_cures_is_told_at_once(
    drive: Drive, fault: int, kind: type[errors.FleetError]
) -> None:
    drive.car.script = [fault]
    expected = errors.Ambiguous if fault == Fault.RESPONSE_MTU_EXCEEDED else kind

    with pytest.raises(expected) as told:
        drive.do(CLIMATE)

    assert type(told.value) is expected
    assert drive.car.calls == 1
    assert drive.clock.slept == []
    if isinstance(told.value, errors.CommandRejected):
        assert told.value.fault == fault


@pytest.mark.parametrize("fault", [99, -1])
def test_a_fault_of_tomorrow_is_a_plain_refusal(drive: Drive, fault: int) -> None:
    def tomorrow(car: Car, message: RoutableMessage) -> Answer:
        reply = car.fault(message, max(fault, 0))
        return ok(reply.SerializeToString())

    drive.car.script = [tomorrow]

    with pytest.raises(errors.CommandRejected) as told:
        drive.do(HONK)

    assert told.value.fault == fault
    assert drive.car.done == []


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.INTERNAL])
def test_a_busy_car_is_asked_again_even_for_what_is_done_once(
    drive: Drive, fault: int
) -> None:
    drive.car.script = [fault, fault]

    assert drive.do(HONK).calls == 3
    assert drive.clock.slept == [1.0, 2.0]
    assert drive.car.done == [HONK.data]


def test_a_car_that_stays_busy_is_left_alone(drive: Drive) -> None:
    drive.car.script = [Fault.BUSY] * 9

    with pytest.raises(errors.VehicleBusy):
        drive.do(HONK)

    assert drive.car.calls == 4
    assert drive.car.done == []


def test_no_attempt_begins_after_the_time_is_up(drive: Drive) -> None:
    drive.car.script = [Fault.BUSY] * 9

    with pytest.raises(errors.VehicleBusy):
        drive.do(HONK, Patience(total_s=2.5))

    assert drive.car.calls == 2


def test_a_timeout_inside_the_car_is_asked_again_only_for_what_may_be_done_twice(
    drive: Drive,
) -> None:
    drive.car.script = [Fault.TIMEOUT]
    assert drive.do(CLIMATE).calls == 2

    drive.car.script = [Fault.TIMEOUT]
    with pytest.raises(errors.Ambiguous) as told:
        drive.do(HONK)
    assert told.value.repeatable is False
    assert drive.car.done == [CLIMATE.data]


def test_a_rebooted_car_brings_its_new_session_along(drive: Drive) -> None:
    drive.clock.now += 100
    drive.car.reboot()

    assert drive.do(HONK).calls == 2
    assert drive.car.done == [HONK.data]
    assert drive.clock.slept == []


def test_a_car_whose_clock_went_on_is_followed(drive: Drive) -> None:
    drive.car.booted_at -= 500

    assert drive.do(HONK).calls == 2
    assert drive.do(HONK).calls == 1


def test_a_car_that_counted_on_is_followed(drive: Drive) -> None:
    drive.car.counter = 40

    assert drive.do(HONK).calls == 2
    assert drive.car.counter == 41


@pytest.mark.parametrize(
    "fault", [fault for fault, rule in RULES.items() if rule.cure is Cure.RESYNC]
)
def test_a_fault_of_step_without_info_opens_a_session_anew(
    drive: Drive, fault: int
) -> None:
    drive.car.script = [fault]

    assert drive.do(CLIMATE).calls == 3
    assert drive.car.asked[1].HasField("session_info_request")
    assert drive.car.done == [CLIMATE.data]


def test_info_that_does_not_help_is_followed_by_a_session_anew(drive: Drive) -> None:
    def out_of_step(car: Car, message: RoutableMessage) -> Answer:
        return ok(car.fault(message, 5, info=True).SerializeToString())

    drive.car.script = [out_of_step, out_of_step]

    assert drive.do(HONK).calls == 4
    assert [m.HasField("session_info_request") for m in drive.car.asked] == [
        False,
        False,
        True,
        False,
    ]


def test_a_car_that_stays_out_of_step_is_left_alone(drive: Drive) -> None:
    def out_of_step(car: Car, message: RoutableMessage) -> Answer | None:
        if message.HasField("session_info_request"):
            return None
        return ok(car.fault(message, 5, info=True).SerializeToString())

    drive.car.script = [out_of_step] * 9

    with pytest.raises(errors.SessionFailed):
        drive.do(HONK)

    assert drive.car.calls == 4
    assert drive.car.done == []
    assert asyncio.run(drive.store.load(vectors.VIN, Domain.INFOTAINMENT)) is None


def test_a_counter_seen_before_is_not_sent_again_for_what_is_done_once(
    drive: Drive,
) -> None:
    drive.car.script = [Fault.REPEATED_COUNTER]

    with pytest.raises(errors.Ambiguous):
        drive.do(HONK)

    assert drive.car.calls == 1


def test_a_car_with_another_key_is_refused_and_met_anew(drive: Drive) -> None:
    drive.car.key = ec.generate_private_key(ec.SECP256R1())

    with pytest.raises(errors.VehicleKeyChanged):
        drive.do(HONK)
    assert drive.car.done == []

    assert drive.do(HONK).calls == 2
    assert drive.car.done == [HONK.data]


def test_a_key_removed_from_the_car_is_told(drive: Drive) -> None:
    drive.car.paired = False

    with pytest.raises(errors.KeyNotPaired) as told:
        drive.do(HONK)

    assert told.value.fault == Fault.UNKNOWN_KEY_ID


@pytest.mark.parametrize(
    "lost",
    [
        _raise(LOST),
        _raise(errors.Unreachable("cut off")),
        _raise(errors.Unreadable("too large")),
        _status(500),
        _status(502, b"<html>"),
        _status(504),
        _status(540),
        _status(408, b'{"response":null,"error":"upstream request timeout"}'),
        _status(200, b"<html>"),
        _status(200, b'{"response": "no base64"}'),
        _status(200, b'{"response": 3}'),
        _status(200, b"[]"),
        lambda _car, _message: ok(b"\xff\xff"),
        lambda _car, _message: ok(RoutableMessage().SerializeToString()),
        _done_and_lost,
    ],
)
def test_a_loss_is_mended_only_for_what_may_be_done_twice(
    drive: Drive, lost: Callable[..., Answer | Exception]
) -> None:
    drive.car.script = [lost]
    with pytest.raises(errors.Ambiguous) as told:
        drive.do(HONK)
    assert told.value.repeatable is False
    assert told.value.api_status == 504
    assert drive.car.calls == 1

    drive.car.script = [lost]
    assert drive.do(CLIMATE).calls == 2


def test_what_is_lost_twice_is_ambiguous(drive: Drive) -> None:
    drive.car.script = [_raise(LOST)] * 9

    with pytest.raises(errors.Ambiguous) as told:
        drive.do(CLIMATE)

    assert told.value.repeatable is True
    assert drive.car.calls == 2


def test_a_message_that_never_left_is_not_ambiguous(drive: Drive) -> None:
    error = errors.Unreachable("refused")
    error.__cause__ = ConnectionRefusedError()
    drive.car.script = [_raise(error)]

    with pytest.raises(errors.Unreachable):
        drive.do(HONK)


def test_a_car_without_the_protocol_goes_by_rest() -> None:
    drive = Drive()
    drive.car.script = [_status(422, b'{"error":"not_supported"}')]

    with pytest.raises(errors.ProtocolUnsupported) as told:
        drive.do(HONK)

    assert (told.value.api_status, told.value.status) == (422, 422)
    assert drive.car.calls == 1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (_status(408, b'{"error":"vehicle is offline"}'), errors.VehicleUnavailable),
        (_status(503, b"{}"), errors.VehicleUnavailable),
        (
            _status(200, b'{"response":null,"error":"vehicle unavailable: asleep"}'),
            errors.VehicleUnavailable,
        ),
        (_status(401), errors.Unauthorized),
        (_status(403), errors.Forbidden),
        (_status(421), errors.OutOfRegion),
        (_status(429, b"Retry in 7 seconds"), errors.RateLimited),
    ],
)
def test_what_tesla_refuses_is_told_at_once(
    drive: Drive, step: Callable[..., Answer], kind: type[errors.FleetError]
) -> None:
    drive.car.script = [step]

    with pytest.raises(kind) as told:
        drive.do(HONK)

    assert type(told.value) is kind
    assert told.value.api_status == kind.api_status
    assert drive.car.calls == 1


def test_a_handshake_is_repeated_as_it_does_nothing() -> None:
    drive = Drive()
    drive.car.script = [_raise(LOST), Fault.BUSY]

    assert drive.do(HONK).calls == 4
    assert drive.car.done == [HONK.data]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (_raise(LOST), errors.TimedOut),
        (Fault.BUSY, errors.VehicleBusy),
        (
            lambda car, message: ok(car.reply(message).SerializeToString()),
            errors.SessionFailed,
        ),
    ],
)
def test_a_handshake_that_never_works_is_no_ambiguity(
    step: Callable[..., Answer] | int, kind: type[errors.FleetError]
) -> None:
    drive = Drive()
    drive.car.script = [step] * 9

    with pytest.raises(kind):
        drive.do(HONK)

    assert drive.car.calls == 3
    assert drive.car.done == []


def test_a_car_that_refuses_the_handshake_is_believed() -> None:
    drive = Drive()
    drive.car.script = [Fault.REMOTE_ACCESS_DISABLED]

    with pytest.raises(errors.MobileAccessOff):
        drive.do(HONK)

    assert drive.car.calls == 1


def test_info_without_a_fault_is_no_answer_to_a_command(drive: Drive) -> None:
    drive.car.script = [
        lambda car, message: ok(car.greeted(message).SerializeToString())
    ]

    with pytest.raises(errors.Ambiguous):
        drive.do(HONK)


def test_an_answer_that_is_none_of_the_computer_is_a_loss(drive: Drive) -> None:
    drive.car.script = [
        lambda car, message: ok(car.response(message, b"\xff").SerializeToString())
    ]

    with pytest.raises(errors.Ambiguous):
        drive.do(HONK)


def test_security_says_wait_and_is_asked_again() -> None:
    drive = Drive(Domain.VEHICLE_SECURITY)
    drive.warm()
    wait = FromVCSECMessage(
        commandStatus={"operationStatus": "OPERATIONSTATUS_WAIT"}
    ).SerializeToString()
    drive.car.script = [
        lambda car, message: (
            car.checked(message),
            ok(car.response(message, wait).SerializeToString()),
        )[1]
    ]

    assert drive.do(LOCK).calls == 2


def test_a_counter_is_kept_before_it_leaves(drive: Drive) -> None:
    """A process that dies in the middle of a call leaves no counter to use twice."""

    class Died(Exception):
        pass

    def raises(car: Car, message: RoutableMessage) -> Exception:
        car.answered(message)
        return Died()

    drive.car.script = [raises]
    with pytest.raises(Died):
        drive.do(HONK)

    assert drive.do(HONK).calls == 1


def test_commands_to_one_car_wait_for_each_other(drive: Drive) -> None:
    async def both() -> list[Outcome]:
        return await asyncio.gather(
            *(
                command(
                    drive.store,
                    drive.car,
                    drive.key,
                    vectors.VIN,
                    HONK,
                    clock=drive.clock,
                    sleep=drive.clock.sleep,
                )
                for _ in range(5)
            )
        )

    outcomes = asyncio.run(both())

    assert [outcome.calls for outcome in outcomes] == [1] * 5
    assert drive.car.counter == 6


def test_a_session_at_hand_needs_no_agreement_on_a_key(drive: Drive) -> None:
    """The key at hand cannot agree on anything, and only says whose it is."""

    class OnlyPublic:
        curve = ec.SECP256R1()

        def public_key(self) -> ec.EllipticCurvePublicKey:
            return vectors.CLIENT_KEY.public_key()

    drive.key = OnlyPublic()  # type: ignore[assignment] # on purpose less than a key

    assert drive.do(HONK).calls == 1
    assert drive.car.done == [HONK.data]


def test_patience_for_nothing_is_a_mistake(drive: Drive) -> None:
    with pytest.raises(ValueError, match="patience"):
        drive.do(HONK, replace(Patience(), attempts=0))
    asyncio.run(drive.store.drop(vectors.VIN, Domain.INFOTAINMENT))
    with pytest.raises(ValueError, match="patience"):
        drive.do(HONK, replace(Patience(), attempts=1))
