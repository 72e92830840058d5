"""Write and sign notifications as Stripe does."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from simulator.mailing import Mailer, Notification
from simulator.stripe.entities import seconds
from simulator.stripe.ids import new_id
from simulator.stripe.known import SECRET

VERSION = "2026-10-28.endive"


class Sender(Mailer):
    """Post what happened at the pretend Stripe."""

    header = "Stripe-Signature"

    def __init__(
        self, destination: str = "", secrets: tuple[str, ...] = (SECRET,)
    ) -> None:
        super().__init__(destination, secrets)

    def tell(self, event_type: str, at: datetime, data: dict[str, Any]) -> None:
        """Note an event and send it on its way."""
        event_id = new_id("evt")
        content = {
            "id": event_id,
            "object": "event",
            "api_version": VERSION,
            "created": seconds(at),
            "data": {"object": data},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": event_type,
        }
        body = json.dumps(content).encode()
        self.send(Notification(event_id, event_type, at, body, data))

    def signature(self, body: bytes, at_s: float) -> str:
        """Return the header that signs a body at a moment, with every secret in use."""
        signed = f"{int(at_s)}.".encode() + body
        digests = [
            hmac.new(one.encode(), signed, hashlib.sha256).hexdigest()
            for one in self.secrets
        ]
        return ",".join([f"t={int(at_s)}", *(f"v1={digest}" for digest in digests)])
