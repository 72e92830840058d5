"""Compute what both ends of a signed message must agree on.

Source: https://github.com/teslamotors/vehicle-command/blob/main/pkg/protocol/protocol.md
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tesla_protocol.command.signatures_pb2 import SignatureType, Tag

_KEY_BYTES = 16
_TAG_BYTES = 16
_NUMBER_BYTES = 4

Metadata = dict[int, bytes | int | str]


def shared_key(own: ec.EllipticCurvePrivateKey, other_point: bytes) -> bytes:
    """Return the 16 bytes both ends share. Raises ValueError for no point of P-256."""
    other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), other_point)
    return hashlib.sha1(own.exchange(ec.ECDH(), other)).digest()[:_KEY_BYTES]  # noqa: S324 - as the protocol has it


def point_of(private_key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public key as 65 bytes, uncompressed."""
    return private_key.public_key().public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint
    )


def metadata(items: Metadata) -> bytes:
    """Return the items by ascending tag, each with its length, and the end mark.

    Numbers become four bytes, but for signature type and domain, which are one.
    """
    found = bytearray()
    for tag in sorted(items):
        value = _value(tag, items[tag])
        found += bytes((tag, len(value))) + value
    return bytes(found) + bytes((Tag.TAG_END,))


def _value(tag: int, value: bytes | int | str) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    is_short = tag in {Tag.TAG_SIGNATURE_TYPE, Tag.TAG_DOMAIN}
    return value.to_bytes(1 if is_short else _NUMBER_BYTES)


def session_info_tag(key: bytes, vin: str, challenge: bytes, info: bytes) -> bytes:
    """Return the tag that vouches for session info as the answer to a request."""
    items: Metadata = {
        Tag.TAG_SIGNATURE_TYPE: SignatureType.SIGNATURE_TYPE_HMAC,
        Tag.TAG_PERSONALIZATION: vin,
        Tag.TAG_CHALLENGE: challenge,
    }
    return _mac(_mac(key, b"session info"), metadata(items) + info)


def command_tag(key: bytes, items: Metadata, payload: bytes) -> bytes:
    """Return the tag that authorizes a command; the signature type is added."""
    whole: Metadata = {
        **items,
        Tag.TAG_SIGNATURE_TYPE: SignatureType.SIGNATURE_TYPE_HMAC_PERSONALIZED,
    }
    return _mac(_mac(key, b"authenticated command"), metadata(whole) + payload)


def seal_reply(
    key: bytes, nonce: bytes, items: Metadata, payload: bytes
) -> tuple[bytes, bytes]:
    """Return ciphertext and tag of a reply; the signature type is added."""
    whole: Metadata = {
        **items,
        Tag.TAG_SIGNATURE_TYPE: SignatureType.SIGNATURE_TYPE_AES_GCM_RESPONSE,
    }
    bound = hashlib.sha256(metadata(whole)).digest()
    sealed = AESGCM(key).encrypt(nonce, payload, bound)
    return sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()
