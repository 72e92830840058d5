"""The errors of signed commands: complete, explained, without secrets."""

import pickle
import re

import pytest

import fleet
from fleet.errors import (
    Ambiguous,
    FleetError,
    InvalidField,
    NotSupported,
    ProtocolUnsupported,
    command_words,
    commands,
    explain,
    explain_reason,
)
from fleet.signing.faults import RULES, Fault, name_of, rejection, rule_of

KINDS = sorted(
    (
        kind
        for kind in vars(commands).values()
        if isinstance(kind, type)
        and issubclass(kind, FleetError)
        and kind.__module__ == commands.__name__
    ),
    key=lambda kind: kind.__name__,
)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@each_kind
def test_every_error_has_words_of_its_own(kind: type[FleetError]) -> None:
    explanation = command_words.EXPLANATIONS[kind]

    assert explain(kind()) == explanation
    assert explanation.words.endswith(".")
    assert re.search(rf"\b{kind.__name__}\b", commands.__doc__ or "")
    assert getattr(fleet, kind.__name__) is kind
    assert 400 <= kind.api_status <= 599
    assert kind.api_status != 401


@each_kind
def test_every_error_survives_the_way_through_a_worker(kind: type[FleetError]) -> None:
    error = kind("words", status=422, code="c")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert vars(again) == vars(error)


def test_the_codes_are_different() -> None:
    codes = {kind.api_code for kind in KINDS}

    assert len(codes) == len(KINDS)


def test_a_car_without_the_protocol_is_told_like_any_that_cannot() -> None:
    error = ProtocolUnsupported(status=422)

    assert isinstance(error, NotSupported)
    assert (error.api_status, error.api_code) == (422, "protocol_unsupported")


def test_explain_names_the_field_and_whether_twice_does_harm() -> None:
    invalid, ambiguous, safe = InvalidField(), Ambiguous(), Ambiguous()
    invalid.field = "percent"
    safe.repeatable = True

    assert explain(invalid).words.endswith("The field: percent.")
    assert explain(safe).words == (
        f"{explain(ambiguous).words} Doing it twice does no harm."
    )


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("valet_mode_on", "The car is in Valet Mode"),
        ("Incorrect PIN", "The PIN is wrong or missing"),
        ("invalid_pin", "The PIN is wrong or missing"),
        ("closures_open", "Something is open"),
        ("vehicle_not_in_park", "The car is not in park"),
        ("user_not_present", "Nobody is in the car"),
        ("disabled_for_user_command", "This is switched off in the car"),
        ("could_not_wake_buses", "The car did not wake up whole"),
        ("disconnected", "No charging cable is connected"),
        ("no_power", "The charger gives no power"),
        ("unauthorized", "The key may not do this"),
    ],
)
def test_explain_reason_knows_what_cars_say(reason: str, title: str) -> None:
    explanation = explain_reason(reason)

    assert explanation is not None
    assert explanation.title == title
    assert explanation.words.endswith(".")


@pytest.mark.parametrize("reason", ["", "already_set", "spinning", "complete"])
def test_explain_reason_leaves_the_rest_to_the_car(reason: str) -> None:
    assert explain_reason(reason) is None


def test_every_fault_has_a_rule() -> None:
    assert set(RULES) == set(Fault) - {Fault.NONE, Fault.UNSAID}


def test_a_fault_that_nobody_knows_is_a_plain_refusal() -> None:
    error = rejection(1234)

    assert type(error) is commands.CommandRejected
    assert error.fault == 1234
    assert rule_of(1234) == rule_of(Fault.DECODING)
    assert name_of(1234) == "fault 1234"
    assert str(error) == "The car refused the message: fault 1234"
