"""What a car says of a command becomes an outcome, or an error that says why."""

import pytest
from tesla_protocol.command.car_server_pb2 import Response
from tesla_protocol.command.errors_pb2 import GenericError_E
from tesla_protocol.command.vcsec_pb2 import (
    FromVCSECMessage,
    WhitelistOperation_information_E as Keychain,
)

from fleet.errors import KeychainFull, Unreadable, VehicleBusy
from fleet.signing import Domain, Outcome, outcome

SECURITY, INFOTAINMENT = Domain.VEHICLE_SECURITY, Domain.INFOTAINMENT
DONE = Outcome(result=True, reason="")


@pytest.mark.parametrize("domain", list(Domain))
def test_an_answer_without_words_is_a_yes(domain: Domain) -> None:
    assert outcome(domain, b"") == DONE


@pytest.mark.parametrize("domain", list(Domain))
def test_what_is_no_answer_is_unreadable(domain: Domain) -> None:
    with pytest.raises(Unreadable):
        outcome(domain, b"\xff")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"result": "OPERATIONSTATUS_OK"}, DONE),
        (
            {
                "result": "OPERATIONSTATUS_ERROR",
                "result_reason": {"plain_text": "not_charging"},
            },
            Outcome(result=False, reason="not_charging"),
        ),
        (
            {"result": "OPERATIONSTATUS_ERROR"},
            Outcome(result=False, reason="unknown"),
        ),
        (
            {
                "result": "OPERATIONSTATUS_ERROR",
                "result_reason": {"plain_text": "x\r\n" + "y " * 999},
            },
            Outcome(result=False, reason=("x " + "y " * 999)[:400].strip()),
        ),
    ],
)
def test_infotainment_says_yes_or_why_not(
    status: dict[str, object], expected: Outcome
) -> None:
    data = Response(actionStatus=status).SerializeToString()

    assert outcome(INFOTAINMENT, data) == expected


def test_infotainment_tells_what_it_was_asked() -> None:
    data = Response(
        actionStatus={"result": "OPERATIONSTATUS_OK"},
        getChargeOnSolarFeatureResponse={
            "charge_on_solar": {"enabled": True, "upper_charge_limit": 80}
        },
    ).SerializeToString()

    told = outcome(INFOTAINMENT, data)

    assert told.result is True
    assert told.said == {
        "charge_on_solar": {"enabled": True, "upper_charge_limit": 80.0}
    }


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("GENERICERROR_UNKNOWN", "unknown"),
        ("GENERICERROR_CLOSURES_OPEN", "closures_open"),
        ("GENERICERROR_ALREADY_ON", "already_on"),
        ("GENERICERROR_DISABLED_FOR_USER_COMMAND", "disabled_for_user_command"),
        ("GENERICERROR_VEHICLE_NOT_IN_PARK", "vehicle_not_in_park"),
        ("GENERICERROR_UNAUTHORIZED", "unauthorized"),
        ("GENERICERROR_NOT_ALLOWED_OVER_TRANSPORT", "not_allowed_over_transport"),
    ],
)
def test_security_says_why_not(code: str, reason: str) -> None:
    message = FromVCSECMessage(nominalError={"genericError": code})

    assert outcome(SECURITY, message.SerializeToString()) == Outcome(
        result=False, reason=reason
    )


def test_a_reason_of_tomorrow_is_unknown() -> None:
    assert 99 not in GenericError_E.values()
    # Field 46 (nominalError) holds field 1 (genericError), which is 99.
    assert outcome(SECURITY, b"\xf2\x02\x02\x08\x63").reason == "unknown"


def _status(operation: str, keychain: str | None = None) -> bytes:
    status: dict[str, object] = {"operationStatus": operation}
    if keychain:
        status["whitelistOperationStatus"] = {"whitelistOperationInformation": keychain}
    message = FromVCSECMessage(commandStatus=status)
    return message.SerializeToString()


def test_security_says_yes_or_wait_or_no() -> None:
    assert outcome(SECURITY, _status("OPERATIONSTATUS_OK")) == DONE
    assert outcome(SECURITY, _status("OPERATIONSTATUS_ERROR")) == Outcome(
        result=False, reason="unknown"
    )
    with pytest.raises(VehicleBusy):
        outcome(SECURITY, _status("OPERATIONSTATUS_WAIT"))


@pytest.mark.parametrize("keychain", Keychain.keys())
def test_security_says_what_is_wrong_with_its_keys(keychain: str) -> None:
    data = _status("OPERATIONSTATUS_ERROR", keychain)
    word = keychain.removeprefix("WHITELISTOPERATION_INFORMATION_").lower()

    if word in {"keyfob_slots_full", "whitelist_full", "keychain_while_fs_full"}:
        with pytest.raises(KeychainFull):
            outcome(SECURITY, data)
    else:
        reason = "unknown" if word == "none" else word
        assert outcome(SECURITY, data) == Outcome(result=False, reason=reason)
