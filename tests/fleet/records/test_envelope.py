import struct

import pytest
from hypothesis import given, strategies as st

from fleet.records import envelope
from fleet.records.envelope import Envelope
from fleet.records.record import Malformed
from tests.fleet.records import frames

_SHORT = st.binary(max_size=70)


@given(
    _SHORT, _SHORT, _SHORT, _SHORT, st.binary(max_size=600), st.integers(0, 2**32 - 1)
)
def test_read_agrees_with_the_library(
    txid: bytes, topic: bytes, message_id: bytes, sender: bytes, payload: bytes, at: int
) -> None:
    written = frames.frame(
        payload,
        txid=txid,
        topic=topic,
        message_id=message_id,
        sender_id=sender,
        created_at_s=at,
    )

    assert envelope.read(written) == Envelope(
        txid, topic, message_id, sender, payload, at
    )


@given(_SHORT, _SHORT)
def test_acknowledgment_is_read_by_the_library(txid: bytes, topic: bytes) -> None:
    written = envelope.acknowledgment(txid, topic)

    found_txid, found_topic, kind, message, message_id = frames.opened(written)
    assert (found_txid, found_topic, kind, message_id) == (txid, topic, 5, b"")
    assert int(message.Offset(4)) == 0


@given(_SHORT, _SHORT)
def test_refusal_is_read_by_the_library_and_by_ourselves(
    txid: bytes, words: bytes
) -> None:
    written = envelope.refusal(txid, words)

    found_txid, topic, kind, message, _ = frames.opened(written)
    assert (found_txid, topic, kind) == (txid, b"", 4)
    assert frames.vector(message, 8) == words
    assert envelope.read(written) == Envelope(txid, b"", b"", b"", words, 0)


def test_every_beginning_of_a_frame_is_malformed() -> None:
    whole = frames.frame(b"payload", message_id=b"id")
    assert envelope.read(whole).payload == b"payload"

    for length in range(len(whole)):
        _read_or_malformed(whole[:length])
    with pytest.raises(Malformed):
        envelope.read(whole[: len(whole) // 2])


def test_a_frame_that_is_too_long_is_malformed() -> None:
    assert len(envelope.read(frames.frame(bytes(999_000))).payload) == 999_000
    with pytest.raises(Malformed, match="too long"):
        envelope.read(frames.frame(bytes(1_000_000)))


@pytest.mark.parametrize("kind", [0, 1, 3, 5, 255])
def test_another_union_tag_is_malformed(kind: int) -> None:
    with pytest.raises(Malformed, match="no stream message"):
        envelope.read(frames.frame(b"", kind=kind))


def test_an_envelope_without_a_message_is_malformed() -> None:
    layout = struct.pack("<7H", 14, 8, 0, 0, 4, 0, 0)
    written = struct.pack("<I2x", 20) + layout + struct.pack("<iB3x", 14, 4)
    with pytest.raises(Malformed, match="empty"):
        envelope.read(written)


def test_a_layout_before_the_frame_is_malformed() -> None:
    with pytest.raises(Malformed, match="before the frame"):
        envelope.read(struct.pack("<Ii", 4, 2**31 - 1) + bytes(20))


@pytest.mark.parametrize("size", [0, 2, 5, 4096])
def test_a_layout_of_a_wrong_size_is_malformed(size: int) -> None:
    with pytest.raises(Malformed, match="is none"):
        envelope.read(struct.pack("<IiH", 4, -4, size) + bytes(20))


def test_a_vector_that_ends_after_the_frame_is_malformed() -> None:
    whole = bytearray(frames.frame(b"payload"))
    at = whole.index(b"payload") - 4
    whole[at : at + 4] = struct.pack("<I", 2**32 - 1)
    with pytest.raises(Malformed, match="ends after"):
        envelope.read(bytes(whole))


def test_a_message_that_is_its_own_envelope_ends() -> None:
    """A cycle: the message's offset leads back into the envelope's own table."""
    layout = struct.pack("<7H", 14, 16, 4, 4, 12, 8, 8)
    written = struct.pack("<I2x", 20) + layout + struct.pack("<iiiB3x", 14, 0, 0, 4)
    _read_or_malformed(written)


@given(st.binary(max_size=300))
def test_noise_is_never_anything_but_malformed(noise: bytes) -> None:
    _read_or_malformed(noise)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=12))
def test_damaged_frames_are_never_anything_but_malformed(
    changes: list[tuple[int, int]],
) -> None:
    damaged = bytearray(frames.frame(b"p" * 80, message_id=b"m" * 8))
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    _read_or_malformed(bytes(damaged))
    assert isinstance(envelope.txid_of(bytes(damaged)), bytes)


@given(st.integers(0, 400), st.integers(0, 2**32 - 1))
def test_wild_offsets_are_never_anything_but_malformed(place: int, wild: int) -> None:
    damaged = bytearray(frames.frame(b"p" * 80))
    place %= len(damaged) - 4
    damaged[place : place + 4] = struct.pack("<I", wild)
    _read_or_malformed(bytes(damaged))


def test_the_id_of_a_broken_frame_is_found_where_it_can_be() -> None:
    assert envelope.txid_of(frames.frame(b"", txid=b"abc", kind=9)) == b"abc"
    assert envelope.txid_of(b"\xff\xff\xff\xff") == b""
    assert envelope.txid_of(b"") == b""


def test_what_is_remembered_stays_bounded() -> None:
    for size in range(600):
        envelope.acknowledgment(bytes(size), b"V")
        layout = struct.pack("<4H", 8, size, 0, 0)
        with pytest.raises(Malformed):
            envelope.read(struct.pack("<Ii", 4, -4) + layout)

    kept = (envelope._templates, envelope._layouts)  # noqa: SLF001 - nobody else asks
    assert [len(one) <= 256 for one in kept] == [True, True]


def _read_or_malformed(written: bytes) -> None:
    try:
        found = envelope.read(written)
    except Malformed:
        return
    assert isinstance(found, Envelope)
