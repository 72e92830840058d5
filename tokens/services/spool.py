"""Pairs of Tesla's tokens on their way into the database, in encrypted files.

Tesla's refresh token works once. Between Tesla's answer and our commit the new pair
lives nowhere else, so it is written to `spool/` in the data folder first, and removed
after the commit. A file that is still there tells of a crash, or of a database that
refused; whoever holds the grant's lease next takes the pair from it.

A file is named `<grant>.<generation>.<random>`: the pair follows that generation.
"""

import json
import logging
import os
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from accounts import crypto
from tokens.models import TeslaGrant

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Pair:
    """An access token of Tesla's, the refresh token that follows, and the end."""

    access_token: str
    refresh_token: str
    expires_at: datetime


def folder() -> Path:
    """Return where the files are; it may not exist yet."""
    return Path(settings.DATA_DIR) / "spool"


def put(grant: TeslaGrant, pair: Pair) -> None:
    """Keep a pair until the database has it.

    A full disk is logged, not raised: the database may still take the pair.
    """
    text = json.dumps(
        {
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "expires_at": pair.expires_at.isoformat(),
        }
    )
    name = f"{grant.pk.hex}.{grant.generation}.{uuid.uuid4().hex}"
    try:
        _write(folder() / name, crypto.seal(text, context=_context(grant)))
    except OSError as error:
        _LOG.warning("The spool cannot be written: %s", error.strerror)


def newest(grant: TeslaGrant) -> Pair | None:
    """Return the newest pair that follows the grant's generation, if one was left."""
    left = list(folder().glob(f"{grant.pk.hex}.{grant.generation}.*"))
    for path in sorted(left, key=_written_at, reverse=True):
        pair = _read(path, grant)
        if pair is not None:
            return pair
    return None


def clear(grant_pk: uuid.UUID) -> None:
    """Remove every file of a grant."""
    for path in folder().glob(f"{grant_pk.hex}.*"):
        path.unlink(missing_ok=True)


def waiting() -> set[uuid.UUID]:
    """Return the grants that have a file: normally none, or one in mid-refresh."""
    found = set()
    for path in folder().glob("*.*.*"):
        try:
            found.add(uuid.UUID(path.name.partition(".")[0]))
        except ValueError:
            _LOG.warning("A file in the spool is not ours: %r", path.name)
    return found


def _context(grant: TeslaGrant) -> str:
    return f"spool|{grant.pk}|{grant.generation}"


def _write(path: Path, text: str) -> None:
    """Write a file that survives a crash of the machine, readable by us alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _read(path: Path, grant: TeslaGrant) -> Pair | None:
    try:
        sealed = path.read_text(encoding="ascii")
        facts = json.loads(crypto.unseal(sealed, context=_context(grant)))
    except (OSError, UnicodeDecodeError, crypto.Undecryptable):
        _LOG.warning("A file in the spool cannot be read: %r", path.name)
        return None
    return Pair(
        access_token=facts["access_token"],
        refresh_token=facts["refresh_token"],
        expires_at=datetime.fromisoformat(facts["expires_at"]),
    )
