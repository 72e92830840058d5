"""Sign commands so that a car itself can tell that its owner's key sent them.

The core does no input or output: `handshake` and `open_session` agree on a
session, `sign` and `read_reply` use it. `command` puts them together over a
`SessionStore` and a `Transport`. Source: `pkg/protocol/protocol.md` of the
repository teslamotors/vehicle-command.
"""

from fleet.signing.answers import Outcome, outcome
from fleet.signing.conversation import Patience, command
from fleet.signing.domains import Domain
from fleet.signing.encoding import SIGNABLE, encode
from fleet.signing.faults import Cure, Fault, rule_of
from fleet.signing.handshake import Hello, handshake, open_session
from fleet.signing.jws import telemetry_jws
from fleet.signing.session import Session
from fleet.signing.sign import Payload, Reply, SignedMessage, read_reply, sign
from fleet.signing.stores import MemoryStore, SessionStore
from fleet.signing.transport import FleetTransport, Transport, envelope, never_left

__all__ = [
    "SIGNABLE",
    "Cure",
    "Domain",
    "Fault",
    "FleetTransport",
    "Hello",
    "MemoryStore",
    "Outcome",
    "Patience",
    "Payload",
    "Reply",
    "Session",
    "SessionStore",
    "SignedMessage",
    "Transport",
    "command",
    "encode",
    "envelope",
    "handshake",
    "never_left",
    "open_session",
    "outcome",
    "read_reply",
    "rule_of",
    "sign",
    "telemetry_jws",
]
