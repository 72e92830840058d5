"""Name what a call is about: its endpoint, its car or site, and the groups it asks for."""

import re
import time
from functools import lru_cache
from urllib.parse import parse_qs

from api.reach import Grant
from api.states import JSON_HEADER
from api.tesla import Call
from fleet.endpoints import Endpoint, Match, Subject, match
from fleet.wire import Answer
from tokens.services import last_answers
from tokens.services.last_answers import Kept

USE_CACHE = "use_cache"

matched = lru_cache(4096)(match)
"""Find the endpoint of a call by method and path."""


@lru_cache(4096)
def groups(query: str) -> str:
    """Return the groups that a query asks for, each once, in one order."""
    return last_answers.sorted_groups(parse_qs(query).get("endpoints", [""])[0])


def tag(matched: Match) -> str:
    """Return the VIN or the site's id that a call is about."""
    if matched.endpoint.subject not in {Subject.VEHICLE, Subject.ENERGY_SITE}:
        return ""
    return next(iter(matched.path_params.values()), "")


def without_use_cache(call: Call) -> Call:
    """Return a call without what is said to us, not to Tesla."""
    path_qs = re.sub(rf"(?<=[?&]){USE_CACHE}=[^&]*(&|$)", "", call.path_qs)
    return Call(call.method, path_qs.rstrip("?&"), call.body)


def subject(
    grant: Grant, endpoint: Endpoint, tag: str, query: str
) -> last_answers.Subject:
    """Return under which name the answer of a call is kept."""
    if endpoint.name != "vehicle_data":
        return last_answers.Subject(grant.id, tag, endpoint.name)
    return last_answers.Subject(
        grant.id,
        tag,
        endpoint.name,
        tag not in grant.unplaced,
        groups(query),
    )


def answer_of(kept: Kept) -> Answer:
    """Return a kept answer as Tesla gave it, with its age."""
    age_s = max(0, int(time.time() - kept.at_s))
    return Answer(200, [JSON_HEADER, ("age", str(age_s))], kept.body)
