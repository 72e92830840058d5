"""Tesla's last answers about a car or a site, kept in Redis for every process.

One hash for each grant and subject, so that nobody sees what another's grant was told.
A field names the endpoint, what the grant might see then, and the groups asked for; its
value is the moment of the question and the body. Nothing here is the truth: what is
missing is asked of Tesla.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import redis
from django.conf import settings

from fleet.endpoints import VEHICLE_DATA_GROUPS
from tokens import shared

KEPT = frozenset({"vehicle_data", "live_status", "site_info"})
CHANGED = "keyfob:changed:"
CHANGED_KEPT_S = 24 * 3600
_PREFIX = "keyfob:answers:"
_MOST_FIELDS = 16
_MOST_BODY_BYTES = 256 * 1024
_LOCATION = "location_data"
_COMBO = "vehicle_data_combo"
_KNOWN = frozenset(VEHICLE_DATA_GROUPS) - {_COMBO}
_USUAL = _KNOWN - {_LOCATION, "charge_schedule_data", "preconditioning_schedule_data"}
_WHEREABOUTS = ("latitude", "longitude", "heading", "gps_as_of")
_WHEREABOUTS_BEGIN = ("native_", "corrected_", "active_route_")
# In which part of the answer a group stands, where that has another name.
_PLACES = {_LOCATION: "drive_state", "closures_state": "vehicle_state"}


class StillKept(Exception):
    """Redis is away, so what it keeps could not be deleted. Try again."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an answer is about, and by whose grant; `may_locate`: with its whereabouts.

    `groups` are those asked for, sorted; empty for Tesla's usual ones.
    """

    grant_id: UUID
    tag: str
    endpoint: str
    may_locate: bool = False
    groups: str = ""

    @property
    def key(self) -> str:
        """Return the name of the hash in Redis."""
        return f"{_PREFIX}{self.grant_id}:{self.tag}"

    @property
    def field(self) -> str:
        """Return the name of the field in the hash."""
        sight = "located" if self.may_locate else "plain"
        return f"{self.endpoint} {sight} {self.groups}"

    @property
    def whole(self) -> "Subject":
        """Return the same subject, asked for all that the grant may see."""
        groups = all_groups(may_locate=self.may_locate)
        if self.endpoint != "vehicle_data":
            return self
        return Subject(self.grant_id, self.tag, self.endpoint, self.may_locate, groups)


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer as it came, and when it was asked for, in seconds since 1970."""

    at_s: float
    body: bytes = field(repr=False)

    def packed(self) -> bytes:
        """Return it as Redis keeps it."""
        return b"%.3f\n%b" % (self.at_s, self.body)


def unpacked(raw: bytes | None) -> Kept | None:
    """Return what Redis kept, None for nothing and for what is not readable."""
    at, _, body = (raw or b"").partition(b"\n")
    try:
        return Kept(float(at), body)
    except ValueError:
        return None


def sorted_groups(asked: str) -> str:
    """Return the groups that a query asks for, each once, in one order."""
    return ";".join(sorted({name.strip() for name in asked.split(";")} - {""}))


def all_groups(*, may_locate: bool) -> str:
    """Return the groups that pages ask for: all that the grant may see."""
    return ";".join(sorted(_KNOWN if may_locate else _KNOWN - {_LOCATION}))


def cut(answer: Mapping[str, Any], groups: str) -> dict[str, Any] | None:
    """Return a whole reading of a car without the groups that were not asked for.

    None where a group was asked for that it does not hold. Without `location_data` no
    whereabouts are left in it.
    """
    asked = set(groups.split(";")) - {""}
    wanted = asked or _USUAL
    places = {_PLACES.get(group, group) for group in wanted}
    if not wanted <= _KNOWN or (asked and not places <= set(answer)):
        return None
    others = {_PLACES.get(group, group) for group in VEHICLE_DATA_GROUPS} - places
    found = {name: part for name, part in answer.items() if name not in others}
    if _LOCATION not in wanted and isinstance(found.get("drive_state"), dict):
        found["drive_state"] = {
            name: value
            for name, value in found["drive_state"].items()
            if name not in _WHEREABOUTS and not name.startswith(_WHEREABOUTS_BEGIN)
        }
    return found


def cut_body(kept: Kept, groups: str) -> Kept | None:
    """Return a kept whole reading with only the groups asked for; see `cut`."""
    try:
        found = cut(json.loads(kept.body)["response"], groups)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return None if found is None else Kept(kept.at_s, enveloped(found))


def enveloped(answer: Any) -> bytes:
    """Return the value of "response" as a body of Tesla's."""
    return json.dumps({"response": answer}, separators=(",", ":")).encode()


def add(pipeline: Any, subject: Subject, kept: Kept) -> None:
    """Have a Redis pipeline keep an answer.

    A program that asks for ever other groups fills no memory: it gets the hash emptied.
    """
    if len(kept.body) > _MOST_BODY_BYTES:
        return
    pipeline.eval(_ADD, 1, subject.key, subject.field, kept.packed(), _kept_s())


def keep(subject: Subject, answer: Any, at_s: float) -> None:
    """Keep an answer that a worker got; while Redis is away, nothing."""

    def write(client: "redis.Redis") -> None:
        pipeline = client.pipeline(transaction=False)
        add(pipeline, subject, Kept(at_s, enveloped(answer)))
        pipeline.execute()

    shared.ask(write)


def find_fresh(subject: Subject, within_s: float) -> Kept | None:
    """Return an answer that is young enough, and no older than the last change."""

    def read(client: "redis.Redis") -> Any:
        return client.hget(subject.key, subject.field), client.get(
            CHANGED + subject.tag
        )

    raw, changed = shared.ask(read) or (None, None)
    kept = unpacked(raw)
    if kept is None or time.time() - kept.at_s > within_s:
        return None
    return kept if kept.at_s > float(changed or 0) else None


def note_change(tag: str) -> None:
    """Note that a car or site was just changed: what was read before is old."""
    at_s = time.time()
    shared.ask(lambda client: client.set(CHANGED + tag, at_s, ex=CHANGED_KEPT_S))


def forget(grant_id: UUID, tag: str = "*") -> None:
    """Delete what is kept of a grant's answers: all, or those about one car or site.

    Raises `StillKept` while Redis is away.
    """

    def delete(client: "redis.Redis") -> bool:
        for key in client.scan_iter(f"{_PREFIX}{grant_id}:{tag}", count=1000):
            client.delete(key)
        return True

    if not shared.ask(delete):
        raise StillKept


def _kept_s() -> int:
    kept_days: int = settings.READINGS_KEPT_DAYS
    return kept_days * 86_400


_ADD = f"""
if redis.call('HLEN', KEYS[1]) >= {_MOST_FIELDS}
and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then redis.call('DEL', KEYS[1]) end
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept and tonumber(kept:match('^[%d.]+')) > tonumber(ARGV[2]:match('^[%d.]+')) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""
