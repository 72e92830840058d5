"""The signer computes what the protocol's own documents compute."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from fleet.signing import Domain, Hello, encode, open_session
from fleet.signing.keys import point_of, session_info_key, shared_key
from fleet.signing.metadata import Tag, number, serialize
from tests.fleet.signing import vectors

PERSONALIZED = bytes((5,))  # AES-GCM, which goes over Bluetooth only


def test_the_published_keys_have_the_published_points() -> None:
    assert point_of(vectors.CLIENT_KEY) == vectors.CLIENT_POINT
    assert point_of(vectors.VEHICLE_KEY) == vectors.VEHICLE_POINT


def test_both_sides_agree_on_the_published_key() -> None:
    ours = shared_key(vectors.CLIENT_KEY, vectors.VEHICLE_POINT)
    theirs = shared_key(vectors.VEHICLE_KEY, vectors.CLIENT_POINT)

    assert ours == vectors.SHARED_KEY
    assert theirs == vectors.SHARED_KEY


def test_session_info_has_the_published_key_and_tag() -> None:
    key = session_info_key(vectors.SHARED_KEY)
    metadata = serialize(
        {
            Tag.SIGNATURE_TYPE: bytes((6,)),
            Tag.PERSONALIZATION: vectors.VIN.encode(),
            Tag.CHALLENGE: vectors.UUID,
        }
    )

    assert key == vectors.SESSION_INFO_KEY
    assert metadata == vectors.SESSION_INFO_METADATA
    assert (
        hmac.digest(key, metadata + vectors.SESSION_INFO, "sha256")
        == vectors.SESSION_INFO_TAG
    )


def test_the_published_answer_opens_the_published_session() -> None:
    hello = Hello(
        vectors.VIN, Domain.INFOTAINMENT, vectors.UUID, vectors.ADDRESS, 9000.0, b""
    )
    reply = RoutableMessage(
        to_destination={"routing_address": vectors.ADDRESS},
        from_destination={"domain": "DOMAIN_INFOTAINMENT"},
        signature_data={"session_info_tag": {"tag": vectors.SESSION_INFO_TAG}},
        session_info=vectors.SESSION_INFO,
        request_uuid=vectors.UUID,
    )

    session = open_session(
        vectors.CLIENT_KEY, hello, reply.SerializeToString(), now=9001.0
    )

    assert session.shared_key == vectors.SHARED_KEY
    assert session.vehicle_point == vectors.VEHICLE_POINT
    assert session.epoch == vectors.EPOCH
    assert session.counter == vectors.COUNTER
    assert session.clock_time == vectors.CLOCK_TIME
    assert session.offset_s == 9001.0 - vectors.CLOCK_TIME


def test_the_published_command_is_encoded_as_published() -> None:
    payload = encode("auto_conditioning_start", {})

    assert payload.data == vectors.COMMAND
    assert payload.domain is Domain.INFOTAINMENT


def test_a_command_has_the_published_metadata_and_ciphertext() -> None:
    metadata = serialize(
        {
            Tag.SIGNATURE_TYPE: PERSONALIZED,
            Tag.DOMAIN: bytes((Domain.INFOTAINMENT,)),
            Tag.PERSONALIZATION: vectors.VIN.encode(),
            Tag.EPOCH: vectors.EPOCH,
            Tag.EXPIRES_AT: number(2655),
            Tag.COUNTER: number(7),
        }
    )
    sealed = AESGCM(vectors.SHARED_KEY).encrypt(
        vectors.COMMAND_NONCE, vectors.COMMAND, hashlib.sha256(metadata).digest()
    )

    assert metadata == vectors.COMMAND_METADATA
    assert sealed == vectors.COMMAND_CIPHERTEXT + vectors.COMMAND_TAG


def test_metadata_has_the_checksum_of_the_second_publication() -> None:
    metadata = serialize(
        {
            Tag.SIGNATURE_TYPE: PERSONALIZED,
            Tag.DOMAIN: bytes((Domain.VEHICLE_SECURITY,)),
            Tag.PERSONALIZATION: b"testVIN",
            Tag.EPOCH: bytes.fromhex("aada928a4f215f55f9e6e45e66b6521e"),
            Tag.EXPIRES_AT: number(0x0E74),
            Tag.COUNTER: number(0x053A),
        }
    )

    assert (
        hashlib.sha256(metadata).hexdigest()
        == "abab04d804499813382efd74a06791ce2de7774396032 46dfbaa8392ca05868e".replace(
            " ", ""
        )
    )


def test_metadata_takes_no_value_of_more_than_255_bytes() -> None:
    with pytest.raises(ValueError, match="256"):
        serialize({Tag.PERSONALIZATION: bytes(256)})


def test_metadata_goes_in_one_order_only() -> None:
    with pytest.raises(ValueError, match="order"):
        serialize({Tag.PERSONALIZATION: b"", Tag.DOMAIN: b""})


def test_a_number_beyond_four_bytes_is_none() -> None:
    with pytest.raises(OverflowError):
        number(2**32)


def test_a_key_of_another_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="P-256"):
        point_of(ec.generate_private_key(ec.SECP384R1()))


@pytest.mark.parametrize(
    "point", [b"", bytes(65), vectors.VEHICLE_POINT[:33], b"\x04" + bytes(64)]
)
def test_a_point_off_the_curve_is_refused(point: bytes) -> None:
    with pytest.raises(ValueError, match=r"point|key|65"):
        shared_key(vectors.CLIENT_KEY, point)
