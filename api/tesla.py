"""Carry one call to Tesla with a grant, and survive what healing can survive.

A grant's Tesla access token is read from the database once for each generation. Tesla's
401 refreshes the grant and asks once more, unless it is the car's owner who says no; its 421 is followed to a region of ours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings

from api.flights import Flights
from api.reach import Grant
from api.responses import Refusal
from api.threads import Threads
from fleet.async_client import AsyncClient
from fleet.breaker import BREAKER
from fleet.regions import base_url_from_421, region_of
from fleet.wire import Answer
from tokens.models import TeslaGrant
from tokens.services import grants

_EARLY = timedelta(seconds=60)
# Tesla's 401 for a car whose owner forbids it; no token is at fault.
_MOBILE_ACCESS = b"mobile_access_disabled"


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask of Tesla: a path with its query, and a JSON body or None."""

    method: str
    path_qs: str
    body: bytes | None = None


class Tesla:
    """The gateway's way to Tesla: kept-alive connections, tokens of grants."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._client: AsyncClient | None = None
        self._tokens: dict[UUID, tuple[int, datetime, str]] = {}
        self._flights: Flights[tuple[UUID, bool], str] = Flights()

    async def send(self, grant: Grant, call: Call) -> Answer:
        """Send a call with a grant and return Tesla's answer, whatever its status.

        Raises `Refusal` when the grant needs its person, `FleetError` when no answer
        came.
        """
        self.check(grant)
        token = await self._token(grant)
        answer = await self._send(grant.region, call, token)
        if answer.status == 401 and _MOBILE_ACCESS not in answer.body:
            token = await self._refreshed(grant, token)
            answer = await self._send(grant.region, call, token)
        if answer.status == 421:
            base_url = base_url_from_421(answer.body, dict(answer.headers))
            region = region_of(base_url or "", settings.TESLA_HOSTS)
            if region is not None and region != grant.region:
                await self._threads.slowly(lambda: grants.move(grant.id, region))
                answer = await self._send(region, call, token)
        return answer

    def check(self, grant: Grant) -> None:
        """Raise `TeslaAway` while calls to a grant's region pause."""
        BREAKER.check(settings.TESLA_HOSTS.base_urls.get(grant.region, ""))

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _send(self, region: str, call: Call, token: str) -> Answer:
        base_url = settings.TESLA_HOSTS.base_urls.get(region)
        if base_url is None:
            raise Refusal(
                503,
                "region_not_served",
                f"This Tesla account belongs to the region “{region}”, which is not"
                " among TESLA_REGIONS. The operator must add it.",
            )
        if self._client is None:
            self._client = AsyncClient(settings.TESLA_HOSTS)
        return await self._client.send(
            call.method,
            base_url,
            call.path_qs,
            tesla_access_token=token,
            body=call.body,
            timeout_s=settings.TESLA_TIMEOUT_S,
        )

    async def _token(self, grant: Grant) -> str:
        kept = self._tokens.get(grant.id)
        soon = datetime.now(UTC) + _EARLY
        if kept is not None and kept[0] >= grant.generation and kept[1] > soon:
            return kept[2]
        return await self._flights.join(
            (grant.id, False), lambda: self._keep(grant, refresh=False)
        )

    async def _refreshed(self, grant: Grant, refused: str) -> str:
        kept = self._tokens.get(grant.id)
        if kept is not None and kept[2] != refused:
            return kept[2]
        return await self._flights.join(
            (grant.id, True), lambda: self._keep(grant, refresh=True)
        )

    @property
    def size(self) -> int:
        """Return of how many grants a token is kept."""
        return len(self._tokens)

    def _forget_ended(self) -> None:
        """Forget tokens past their use; those of removed grants end so, too."""
        soon = datetime.now(UTC) + _EARLY
        self._tokens = {pk: kept for pk, kept in self._tokens.items() if kept[1] > soon}

    async def _keep(self, grant: Grant, *, refresh: bool) -> str:
        def read() -> tuple[int, datetime, str]:
            row = TeslaGrant.objects.get(pk=grant.id)
            if refresh:
                row = grants.refresh(row)
            token = grants.tesla_access_token(row)
            row.refresh_from_db()
            return row.generation, row.tesla_access_token_expires_at, token

        try:
            kept = await self._threads.slowly(read)
        except TeslaGrant.DoesNotExist:
            raise Refusal(
                404, "not_found", "The Tesla account was just removed."
            ) from None
        except grants.NeedsRelink:
            raise needs_relink() from None
        except grants.TeslaBusy:
            raise Refusal(
                503,
                "tesla_unauthorized",
                "Tesla did not renew its sign-in just now. Try again shortly.",
                ((b"retry-after", b"10"),),
            ) from None
        self._forget_ended()
        self._tokens[grant.id] = kept
        return kept[2]


def needs_relink() -> Refusal:
    """Return the refusal of a call whose Tesla account must be linked again.

    It is no 401: the access token is good, and a program that took it for bad would
    ask its person for a new one in a loop.
    """
    return Refusal(
        503,
        "tesla_login_required",
        "Tesla asks you to sign in again. Open"
        f" {settings.PUBLIC_URL}/console/scopes and press “Link again”.",
    )
