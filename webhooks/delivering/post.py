"""Send one body to one endpoint, at its pace and through the gate, and note it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from webhooks.delivering.gate import Gate, Pace, Paces
from webhooks.delivering.ledger import Ledger
from webhooks.outcomes import ErrorKind, Outcome, Tried
from webhooks.sender import Sender, headers_for
from webhooks.targets import Target


@dataclass(slots=True)
class Parcel:
    """Hold what is sent in one request, and what the log says of it.

    Not frozen, as little else that is made for each request: that takes thrice as long.
    """

    message_id: str
    topic: str
    product: str
    body: bytes
    number: int = 1
    events: int = 1
    delivery_id: int | None = None
    purpose: str = ""
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """Send parcels; one a process."""

    sender: Sender
    gate: Gate
    paces: Paces
    ledger: Ledger
    clock: Callable[[], datetime]
    host: str

    def pace_of(self, target: Target) -> Pace:
        """Return the pace at which an endpoint is told, which follows its rate."""
        return self.paces.of(target.endpoint_id, target.max_rate)

    async def send(
        self, target: Target, pace: Pace, parcel: Parcel, still: Callable[[], bool]
    ) -> Outcome | None:
        """Send one parcel, whose turn it is, and return what came of it, noted already.

        None where it was not sent: `still`, asked once there is a place, said no.
        """
        is_slow, place = pace.is_slow, target.place
        if not self.gate.pass_by(place, is_slow=is_slow):
            await self.gate.enter(place, is_slow=is_slow)
        try:
            if not still():
                return None
            began = pace.begin()
            try:
                return await self._send(target, parcel)
            finally:
                pace.end(began)
        finally:
            self.gate.leave(place, is_slow=is_slow)

    async def _send(self, target: Target, parcel: Parcel) -> Outcome:
        now = self.clock()
        headers = headers_for(
            target, parcel.message_id, parcel.body, parcel.number, now
        )
        if parcel.dropped:
            headers["webhook-dropped"] = str(parcel.dropped)
        if headers["webhook-signature"]:
            outcome = await self.sender.post(target, parcel.body, headers)
        else:
            outcome = Outcome(None, ErrorKind.SECRETS)
            await asyncio.sleep(0)
        self.ledger.add(
            Tried(
                endpoint_id=target.endpoint_id,
                message_id=parcel.message_id,
                topic=parcel.topic,
                product=parcel.product,
                outcome=outcome,
                started_at=now,
                delivery_id=parcel.delivery_id,
                purpose=parcel.purpose,
                number=parcel.number,
                events=parcel.events,
                headers=headers,
                usual_headers=target.shown_headers,
                body=parcel.body,
            )
        )
        return outcome
