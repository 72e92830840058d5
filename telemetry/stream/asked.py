"""What a listener asks for: one product or all, topics, one signal, how ids look."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from events.event import Topic

_PATH = re.compile(
    r"/sse(?:/(?P<product>[A-Za-z0-9]{1,32})(?:/(?P<signal>[A-Za-z0-9_]{1,64}))?)?/?"
)
_TOPICS = {topic.value: topic for topic in Topic}


class Unreadable(Exception):
    """A parameter has a value that means nothing; the text is for people."""


class NoSuchStream(Exception):
    """No stream has this address."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to hear.

    `product` is a VIN or a site's id, "" for all of the account; `topics` is None for
    all; `snapshot` whether what is known comes first; `text_ids` whether ids of sites
    are text.
    """

    product: str = ""
    signal: str = ""
    topics: frozenset[Topic] | None = None
    snapshot: bool = True
    text_ids: bool = True


def read(path: str, query: Mapping[str, str], library: str) -> Asked:
    """Read an address below `/sse`; `library` is the X-Library header.

    Clients whose library names its version ("name/1.0") compare numbers, others texts.
    Raises `NoSuchStream` and `Unreadable`.
    """
    matched = _PATH.fullmatch(path)
    if matched is None:
        raise NoSuchStream
    return Asked(
        product=matched["product"] or "",
        signal=matched["signal"] or "",
        topics=topics(query),
        snapshot=snapshot(query),
        text_ids="/" not in library,
    )


def topics(query: Mapping[str, str]) -> frozenset[Topic] | None:
    """Return the topics that a query names, None for all. Raises `Unreadable`."""
    if "topics" not in query:
        return None
    names = query["topics"].split(",")
    for name in names:
        if name not in _TOPICS:
            known = ", ".join(_TOPICS)
            raise Unreadable(f"topics takes names, separated by commas, of: {known}.")
    return frozenset(_TOPICS[name] for name in names)


def snapshot(query: Mapping[str, str]) -> bool:
    """Tell whether what is known is to come first. Raises `Unreadable`."""
    text = query.get("cache", "true")
    if text not in {"true", "false"}:
        raise Unreadable("cache takes true or false.")
    return text == "true"
