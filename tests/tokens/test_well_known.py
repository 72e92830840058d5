"""The public key at the address where Tesla looks for it."""

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.db import connection

from tokens import well_known
from tokens.services import signing_keys

Answer = tuple[int, dict[bytes, bytes], bytes]


@pytest.fixture(autouse=True)
def _data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start each test as a process that has read nothing yet."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)


def _ask(method: str = "GET", **headers: str) -> Answer:
    sent: list[MutableMapping[str, Any]] = []
    given = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in headers.items()
    ]

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("the body is not read")

    scope = {"type": "http", "method": method, "path": well_known.PATH}
    asyncio.run(well_known.public_key(scope | {"headers": given}, receive, send))
    start, body = sent
    names = [name for name, _ in start["headers"]]
    assert len(names) == len(set(names))
    return start["status"], dict(start["headers"]), body["body"]


@pytest.mark.django_db(transaction=True)
def test_key_is_served_as_tesla_wants_it() -> None:
    pem = signing_keys.public_pem().encode()
    status, headers, body = _ask()
    assert (status, body) == (200, pem)
    tag = headers.pop(b"etag")
    assert headers == {
        b"content-type": b"application/x-pem-file",
        b"content-length": str(len(pem)).encode(),
        b"cache-control": b"public, max-age=3600",
        b"x-content-type-options": b"nosniff",
    }
    assert load_pem_public_key(body).key_size == 256  # type: ignore[union-attr]  # it is an EC key
    status, headers, body = _ask(if_none_match=f'"x", W/{tag.decode()}')
    assert (status, body, headers[b"etag"]) == (304, b"", tag)


@pytest.mark.django_db(transaction=True)
def test_head_says_the_same_without_a_body() -> None:
    signing_keys.public_pem()
    status, headers, body = _ask("HEAD")
    assert (status, body) == (200, b"")
    assert int(headers[b"content-length"]) > 100


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(method: str) -> None:
    status, headers, _ = _ask(method)
    assert (status, headers[b"allow"]) == (405, b"GET, HEAD")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_there_before_the_key_is_made() -> None:
    status, headers, _ = _ask()
    assert (status, headers[b"cache-control"]) == (404, b"no-store")
    signing_keys.public_pem()
    assert _ask()[0] == 200


@pytest.mark.django_db(transaction=True)
def test_key_in_the_database_is_written_to_the_file() -> None:
    pem = signing_keys.public_pem()
    signing_keys.public_file().unlink()
    assert _ask()[2].decode() == pem
    assert signing_keys.public_file().read_text() == pem


def test_key_in_the_file_needs_no_database() -> None:
    # Without the fixture of the database, any query fails this test.
    pem = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"
    signing_keys.public_file().write_text(pem)
    assert _ask()[2].decode() == pem
    signing_keys.public_file().unlink()
    assert _ask()[2].decode() == pem


@pytest.mark.django_db(transaction=True)
def test_database_that_is_away_is_said_and_passes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = connection.settings_dict["NAME"]
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
    status, headers, _ = _ask()
    assert (status, headers[b"retry-after"]) == (503, b"10")
    monkeypatch.setitem(connection.settings_dict, "NAME", name)
    assert _ask()[0] == 404
