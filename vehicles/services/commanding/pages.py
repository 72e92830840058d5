"""Send a page's command from a worker, and write what became of it into its row."""

import json
import time
from uuid import UUID

from asgiref.sync import async_to_sync, sync_to_async
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

import fleet
from fleet.breaker import BREAKER
from fleet.endpoints import BY_NAME, Price, match
from fleet.errors import Ambiguous
from fleet.regions import base_url_from_421, region_of
from fleet.wire import Answer, Outgoing, Timeouts, send
from tokens.async_shared import Shared
from tokens.models import TeslaGrant
from tokens.services import (
    fleet_app,
    grants,
    last_answers,
    signing_keys,
    spending,
    usage,
)
from vehicles.models import Command
from vehicles.services import announcing, commands, keys, vehicles
from vehicles.services.commanding.sending import Commander, as_error, tried
from vehicles.services.commanding.store import SharedStore
from vehicles.services.commanding.waking import Wakes
from vehicles.services.commanding.ways import Done, Order, Stage
from vehicles.services.commands import WAKE_UP

_MAYBE_DONE = frozenset({500, 502, 503, 504, 540})
_RECORDS = frozenset({"vehicle", WAKE_UP})
_MOBILE_ACCESS = b"mobile_access_disabled"


class MonthlyStop(Exception):
    """This month's money is spent, so Tesla is not asked."""


class PagesWay:
    """Carry a page's command: by its grant, within the month's money, counted."""

    def __init__(self, command: Command, grant: TeslaGrant) -> None:
        self._command = command
        self._grant = grant
        self._timeouts = Timeouts(total_s=settings.TESLA_TIMEOUT_S)

    @property
    def grant_id(self) -> UUID:
        """Return by which grant."""
        return self._grant.pk

    async def send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Return Tesla's whole answer. Raises `FleetError` and `MonthlyStop`."""
        return await sync_to_async(self._counted)(method, path, body)

    def _counted(self, method: str, path: str, body: bytes | None) -> Answer:
        matched = match(method, path)
        if matched is None:
            raise ValueError(f"{path!r} is no address of Tesla's.")
        price, now = matched.endpoint.price, timezone.now()
        if matched.endpoint.billed and spending.stops(
            price, spending.budget(now).spent_usd
        ):
            raise MonthlyStop(spending.why_stopped(now))
        began_s, status = time.perf_counter(), 0
        # What a command costs goes by its own name, however it was sent.
        name = WAKE_UP if price is Price.WAKES else self._command.name
        try:
            answer = self._healed(method, path, body)
            status = answer.status
        finally:
            spent_ms = (time.perf_counter() - began_s) * 1000
            user, vin = self._command.user, self._command.vehicle.vin
            usage.note_page_call(user, vin, price, status, spent_ms, name=name)
        if matched.endpoint.name in _RECORDS and status == 200:
            self._note_record(answer)
        return answer

    def _note_record(self, answer: Answer) -> None:
        """Keep the state that a car's record says while it is woken."""
        try:
            state = json.loads(answer.body)["response"]["state"]
        except (ValueError, KeyError, TypeError):
            return
        if state in announcing.STATES:
            seen = {self._command.vehicle.vin: (state, timezone.now())}
            vehicles.note_seen(seen)

    def _healed(self, method: str, path: str, body: bytes | None) -> Answer:
        """Ask; renew Tesla's token that is refused, follow to a region of ours."""
        answer = self._once(method, path, body)
        if answer.status == 401 and _MOBILE_ACCESS not in answer.body:
            grants.refresh(self._grant)
            answer = self._once(method, path, body)
        if answer.status == 421:
            base_url = base_url_from_421(answer.body, dict(answer.headers))
            region = region_of(base_url or "", fleet_app.hosts())
            if region is not None and region != self._grant.region:
                grants.move(self._grant.pk, region)
                self._grant.region = region
                answer = self._once(method, path, body)
        return answer

    def _once(self, method: str, path: str, body: bytes | None) -> Answer:
        base_url = fleet_app.hosts().base_urls.get(self._grant.region)
        if base_url is None:
            raise fleet.OutOfRegion(f"Region {self._grant.region!r} is not set up.")
        headers = {
            "Accept": "application/json",
            "User-Agent": "Keyfob",
            "Authorization": f"Bearer {grants.tesla_access_token(self._grant)}",
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = base_url.rstrip("/") + path
        outgoing = Outgoing(method, url, headers, body)
        with BREAKER.passing(base_url, path) as passing:
            return passing.answered(send(outgoing, timeouts=self._timeouts))


def carry_out(command: Command) -> Command:
    """Send a claimed command once and write its end into the row; return the row.

    What is not foreseen leaves the row as it is: when its lease ends it says that
    nobody knows whether the command was sent.
    """
    grant = command.grant
    if grant is None:
        return commands.refused(
            command, "not_found", "The Tesla account was removed here."
        )
    try:
        done = async_to_sync(_send)(command, grant)
    except MonthlyStop as stop:
        return commands.refused(command, "monthly_stop", str(stop))
    except fleet.FleetError as error:
        return commands.failed(command, error, tried(error))
    finally:
        last_answers.note_change(command.vehicle.vin)
    return _written(command, done)


async def _send(command: Command, grant: TeslaGrant) -> Done:
    shared = Shared()
    commander = Commander(
        SharedStore(shared), Wakes(shared), _private_key, sync_to_async(_learn)
    )
    order = Order(
        command.vehicle.vin,
        BY_NAME[command.name],
        command.parameters,
        signing=keys.signing_of(command.vehicle),
    )

    async def hear(stage: Stage) -> None:
        await sync_to_async(commands.note_state)(command, Command.State(stage))

    try:
        return await commander.send(PagesWay(command, grant), order, hear)
    finally:
        await shared.close()


async def _private_key() -> ec.EllipticCurvePrivateKey:
    return await sync_to_async(signing_keys.own_private_key)()


def _learn(vin: str, signing: str) -> None:
    keys.note_signing(vin, signing)


def _written(command: Command, done: Done) -> Command:
    if done.result is not None:
        return commands.answered(command, result=done.result, reason=done.reason)
    if done.answer is None:
        raise ValueError("a command ended without any answer")
    error = as_error(done.answer)
    if done.answer.status in _MAYBE_DONE or done.answer.status < 400:
        lost = Ambiguous(status=done.answer.status, txid=error.txid)
        lost.repeatable = BY_NAME[command.name].repeatable
        return commands.failed(command, lost)
    return commands.failed(command, error)
