"""Write and sign notifications as Paddle does."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

from simulator.mailing import Mailer, Notification
from simulator.paddle.entities import stamp
from simulator.paddle.ids import new_id
from simulator.paddle.known import SECRET


class Sender(Mailer):
    """Post what happened at the pretend Paddle."""

    header = "Paddle-Signature"

    def __init__(
        self, destination: str = "", secrets: tuple[str, ...] = (SECRET,)
    ) -> None:
        super().__init__(destination, secrets)

    def tell(self, event_type: str, at: datetime, data: dict[str, Any]) -> None:
        """Note an event and send it on its way."""
        event_id = new_id("evt")
        content = {
            "event_id": event_id,
            "event_type": event_type,
            "occurred_at": stamp(at),
            "notification_id": new_id("ntf"),
            "data": data,
        }
        body = json.dumps(content).encode()
        self.send(Notification(event_id, event_type, at, body, data))

    def signature(self, body: bytes, at_s: float) -> str:
        """Return the header that signs a body at a moment, with every secret in use."""
        signed = f"{int(at_s)}:".encode() + body
        digests = [
            hmac.new(one.encode(), signed, hashlib.sha256).hexdigest()
            for one in self.secrets
        ]
        return ";".join([f"ts={int(at_s)}", *(f"h1={digest}" for digest in digests)])
