"""What a car keeps until the server has it."""

from tesla_protocol.telemetry.vehicle_data_pb2 import Payload

from simulator.streaming.outbox import CAPACITY, Outbox, Pending


def _sent(outbox: Outbox) -> list[Pending]:
    found = []
    for pending in outbox.waiting():
        found.append(pending)
        outbox.sent(pending)
    return found


def test_what_is_sent_stays_until_it_is_acknowledged() -> None:
    outbox = Outbox(keeps_sent=True)
    one = outbox.add(b"V", Payload(vin="x"), 7.9)
    assert one.created_s == 7
    assert _sent(outbox) == [one]
    assert _sent(outbox) == []
    assert not outbox.acknowledge(b"other", b"V")
    assert not outbox.acknowledge(one.txid, b"alerts")
    assert outbox.acknowledge(one.txid, b"V")
    assert not outbox.acknowledge(one.txid, b"V")
    assert len(outbox) == 0


def test_what_was_not_acknowledged_is_repeated_and_says_so() -> None:
    outbox = Outbox(keeps_sent=True)
    one = outbox.add(b"V", Payload(vin="x"), 1.0)
    assert not Payload.FromString(one.message("x").payload).is_resend
    _sent(outbox)
    outbox.repeat(after_s=1000)
    assert _sent(outbox) == []
    outbox.repeat()
    assert Payload.FromString(one.message("x").payload).is_resend
    assert _sent(outbox) == [one]
    assert one.tries == 2


def test_without_a_delivery_policy_what_is_sent_is_gone() -> None:
    outbox = Outbox(keeps_sent=False)
    outbox.add(b"V", Payload(), 1.0)
    assert len(_sent(outbox)) == 1
    assert len(outbox) == 0


def test_the_oldest_make_room() -> None:
    outbox = Outbox(keeps_sent=True)
    first = outbox.add(b"V", Payload(), 0.0)
    for number in range(CAPACITY):
        outbox.add(b"V", Payload(), float(number))
    assert (len(outbox), outbox.dropped) == (5000, 1)
    assert first not in list(outbox.waiting())


def test_what_goes_while_others_are_sent_is_not_sent() -> None:
    outbox = Outbox(keeps_sent=True)
    outbox.add(b"V", Payload(), 0.0)
    other = outbox.add(b"V", Payload(), 0.0)
    found = []
    for pending in outbox.waiting():
        found.append(pending)
        outbox.acknowledge(other.txid, b"V")
    assert len(found) == 1
