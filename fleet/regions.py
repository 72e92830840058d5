"""Tell the regions of the Fleet API apart and find the right one."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum

from fleet.hosts import Hosts

_BASE_URL_IN_TEXT = re.compile(r"use base URL: (https?://[^\s,\"'\\]{1,200})")
_BASE_URL_IN_HEADER = re.compile(r"\bh[23]=\"?(https?://[^\s,;\"]{1,200})")


class Region(StrEnum):
    """List the regions that Tesla runs separate Fleet APIs for."""

    NA = "na"
    EU = "eu"
    CN = "cn"


def region_of(base_url: str, hosts: Hosts) -> Region | None:
    """Return the region whose Fleet API has this base URL, None for a stranger's."""
    wanted = base_url.rstrip("/")
    for code, known in hosts.base_urls.items():
        if known.rstrip("/") == wanted:
            return Region(code)
    return None


def region_of_code(text: str) -> Region | None:
    """Return the region named before the first underscore, else None.

    Tesla puts it before authorization codes and refresh tokens: `NA_…`, `EU_…`.
    A bare `ou_code` ("NA") is read as well.
    """
    prefix = text.partition("_")[0].lower()
    return Region(prefix) if prefix in set(Region) else None


def base_url_from_421(body: bytes, headers: Mapping[str, str]) -> str | None:
    """Return the base URL that a 421 answer names, None if it names none.

    The text of the error is read first, then the `Alt-Svc` header. The address
    is what the answer claims: follow it only if `region_of` knows it.
    """
    match = _BASE_URL_IN_TEXT.search(_error_text(body))
    if match is None:
        lowered = {name.lower(): value for name, value in headers.items()}
        match = _BASE_URL_IN_HEADER.search(lowered.get("alt-svc", ""))
    return match.group(1).rstrip("/.") if match else None


def _error_text(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body[:2000].decode("utf-8", "replace")
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, str) else ""
