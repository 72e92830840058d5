"""The vectors published with the protocol, on the side that verifies."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tesla_protocol.command.signatures_pb2 import SessionInfo, Tag

from simulator.signed import crypto
from tests.simulator.signed.signer import mac, tlv

VEHICLE = ec.derive_private_key(
    0x344EE5B466A7CF1EEB12B6F50331DB2E5EC5834EF5F4BEFCFD8CBE55C2528D70, ec.SECP256R1()
)
CLIENT_POINT = bytes.fromhex(
    "04b2b6bc68c2da0665ce656815594996c62394edd8bea905fe781a754fe6a845a7"
    "14330902f225e9269d466e05b349981fda9d85cc23c6fb444aa73b629105dc6e"
)
VEHICLE_POINT = bytes.fromhex(
    "04c7a1f47138486aa4729971494878d33b1a24e39571f748a6e16c5955b3d877d3"
    "a6aaa0e955166474af5d32c410f439a2234137ad1bb085fd4e8813c958f11d97"
)
KEY = bytes.fromhex("1b2fce19967b79db696f909cff89ea9a")
VIN = "5YJ30123456789ABC"
UUID = bytes.fromhex("1588d5a30eabc6f8fc9a951b11f6fd11")
EPOCH = bytes.fromhex("4c463f9cc0d3d26906e982ed224adde6")
INFO = bytes.fromhex(
    f"08061241{VEHICLE_POINT.hex()}1a104c463f9cc0d3d26906e982ed224adde6255a0a0000"
)


def test_shared_key_is_the_published_one() -> None:
    assert crypto.point_of(VEHICLE) == VEHICLE_POINT
    assert crypto.shared_key(VEHICLE, CLIENT_POINT) == KEY


def test_session_info_is_written_and_tagged_as_published() -> None:
    info = SessionInfo(counter=6, publicKey=VEHICLE_POINT, epoch=EPOCH, clock_time=2650)
    assert info.SerializeToString() == INFO
    tag = "996c1fe38331be138f8039c194b14db2198846ed7d8251e6749284d7b32ea002"
    assert crypto.session_info_tag(KEY, VIN, UUID, INFO).hex() == tag


def test_metadata_is_the_published_text() -> None:
    items: crypto.Metadata = {
        Tag.TAG_FLAGS: 2,
        Tag.TAG_SIGNATURE_TYPE: 5,
        Tag.TAG_DOMAIN: 3,
        Tag.TAG_PERSONALIZATION: VIN,
        Tag.TAG_COUNTER: 7,
        Tag.TAG_EXPIRES_AT: 2655,
        Tag.TAG_EPOCH: EPOCH,
    }
    assert crypto.metadata(items).hex() == (
        "000105010103021135594a333031323334353637383941424303104c463f9cc0d3d2"
        "6906e982ed224adde6040400000a5f050400000007070400000002ff"
    )


def test_command_tag_is_a_mac_over_metadata_and_payload() -> None:
    payload = bytes.fromhex("120452020801")
    facts = {"epoch": EPOCH, "expires_at": 2655, "counter": 7, "flags": 2}
    items: crypto.Metadata = {
        Tag.TAG_DOMAIN: 3,
        Tag.TAG_PERSONALIZATION: VIN,
        Tag.TAG_EPOCH: EPOCH,
        Tag.TAG_EXPIRES_AT: 2655,
        Tag.TAG_COUNTER: 7,
        Tag.TAG_FLAGS: 2,
    }
    text = tlv(kind=8, domain=3, vin=VIN, **facts) + payload
    expected = mac(mac(KEY, b"authenticated command"), text)
    assert crypto.command_tag(KEY, items, payload) == expected


def test_sealed_reply_opens_with_the_bound_facts_alone() -> None:
    nonce = bytes(12)
    items: crypto.Metadata = {Tag.TAG_DOMAIN: 2, Tag.TAG_COUNTER: 1}
    sealed, tag = crypto.seal_reply(KEY, nonce, items, b"done")
    assert (len(sealed), len(tag)) == (4, 16)
    bound = hashlib.sha256(tlv(kind=9, domain=2, counter=1)).digest()
    assert AESGCM(KEY).decrypt(nonce, sealed + tag, bound) == b"done"
