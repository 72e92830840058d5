"""How this Keyfob is, for whoever watches it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from console.models import Heartbeat
from tests.factories import make_heartbeat

pytestmark = pytest.mark.django_db


@contextmanager
def away() -> Iterator[None]:
    """Let no query reach the database."""

    def refuse(*_: Any) -> Any:
        raise OperationalError("away")

    with connection.execute_wrapper(refuse):
        yield


def test_status_is_the_word_ok_while_all_is_well(client: Client) -> None:
    make_heartbeat(timezone.now())
    answer = client.get("/status", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]


def test_status_as_json_names_what_is_not_running(client: Client) -> None:
    Heartbeat.objects.all().delete()
    answer = client.get("/status", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json().keys() == {"status", "troubles", "checked_at"}
    assert answer.json()["status"] == "degraded"
    assert answer.json()["troubles"] == ["The background worker is not running."]


def test_status_without_a_database_is_503(client: Client, settings: Settings) -> None:
    with away():
        word = client.get("/status", headers={"Accept": "*/*"})
        summary = client.get("/status", headers={"Accept": "application/json"})
    assert (word.status_code, word.content) == (503, b"down")
    assert summary.json()["troubles"] == ["The database is away."]


def test_status_is_read_only(client: Client) -> None:
    assert client.post("/status").status_code == 405
