"""Several real processes at once, on SQLite and on PostgreSQL, and crashes between.

These are the fault cases of single-use refresh tokens: many need a token, one asks; a
process dies between Tesla's answer and the commit; Tesla's answer never arrives.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from simulator.testing import RunningSimulator
from tests.environment import FOLDER
from tests.tokens.helpers import TOKEN_PATH, tesla_side, token_calls
from tests.tokens.processes import Place, go, wait_until_ready

WITHIN_S = 60
TABLE = "tokens_teslagrant"


@pytest.fixture(scope="module", params=["postgresql", "sqlite"])
def database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/keyfob.sqlite3"
        return
    host = Path(os.environ[FOLDER]) / "postgresql"
    if not host.exists():
        pytest.skip("this run has no PostgreSQL")
    name = f"processes_{uuid4().hex[:8]}"
    with psycopg.connect(
        host=str(host), user="keyfob", dbname="postgres", autocommit=True
    ) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://keyfob@/{name}?host={host}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def _laid_out(
    database_url: str,
    _running_simulator: RunningSimulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    Place(database_url, tmp_path_factory.mktemp("data"), _running_simulator).migrate()


@pytest.fixture
def place(
    database_url: str, _laid_out: None, simulator: RunningSimulator, tmp_path: Path
) -> Iterator[Place]:
    here = Place(database_url, tmp_path, simulator)
    yield here
    with _connected(database_url) as database:
        database.execute("DELETE FROM tokens_accesstoken")
        database.execute(f"DELETE FROM {TABLE}")
        database.execute("DELETE FROM accounts_user")
        database.commit()


def test_twenty_needs_in_four_processes_ask_tesla_once(
    place: Place, simulator: RunningSimulator
) -> None:
    pk = place.link()
    # A slow answer makes sure that all the others have to wait.
    simulator.faults.add("latency", TOKEN_PATH, seconds=0.5)
    before = len(token_calls(simulator))
    given = place.in_parallel(4, "need", pk, 5)
    texts = [text for texts in given for text in texts]
    assert len(texts) == 20
    assert len(set(texts)) == 1
    assert texts[0].count(".") == 2
    assert len(token_calls(simulator)) == before + 1
    assert _row(place, pk) == ("active", 2, 0, None)


def test_twenty_needs_of_a_dead_grant_ask_tesla_once(
    place: Place, simulator: RunningSimulator
) -> None:
    pk = place.link()
    simulator.hub.store.reset_password("alice@example.com")
    simulator.faults.add("latency", TOKEN_PATH, seconds=0.3)
    before = len(token_calls(simulator))
    given = place.in_parallel(4, "need", pk, 5)
    assert {text for texts in given for text in texts} == {"NeedsRelink"}
    assert len(token_calls(simulator)) == before + 1


def test_twenty_posts_make_ten_access_tokens(place: Place) -> None:
    place.link()
    given = place.in_parallel(4, "issue", "alice@example.com", 5)
    words = sorted(text for texts in given for text in texts)
    assert words == ["TooManyAccessTokens"] * 10 + ["made"] * 10
    with _connected(place.database_url) as database:
        rows = database.execute("SELECT count(*) FROM tokens_accesstoken").fetchone()
    assert rows == (10,)


def test_crash_between_answer_and_commit_is_healed_by_the_spool(
    place: Place, simulator: RunningSimulator
) -> None:
    pk = place.link()
    _crash_before_the_commit(place, pk)
    assert _row(place, pk)[1] == 1
    _end_pauses(place, pk)
    before = len(token_calls(simulator))
    ((text,),) = place.in_parallel(1, "need", pk, 1)
    assert text.count(".") == 2
    assert len(token_calls(simulator)) == before
    assert list((place.data / "spool").iterdir()) == []
    assert _row(place, pk)[1] == 2


def test_crash_without_a_spool_is_healed_by_the_grace_of_one_step(
    place: Place, simulator: RunningSimulator
) -> None:
    pk = place.link()
    _crash_before_the_commit(place, pk)
    _lose_the_spool(place)
    _end_pauses(place, pk)
    before = len(token_calls(simulator))
    ((text,),) = place.in_parallel(1, "need", pk, 1)
    assert text.count(".") == 2
    assert [call.status for call in token_calls(simulator)[before:]] == [200]


def test_crash_without_spool_and_grace_needs_relink_without_a_storm(
    place: Place, simulator: RunningSimulator
) -> None:
    pk = place.link()
    _crash_before_the_commit(place, pk)
    _lose_the_spool(place)
    tesla_side(simulator).previous_token = ""
    _end_pauses(place, pk)
    before = len(token_calls(simulator))
    given = place.in_parallel(2, "need", pk, 5)
    assert {text for texts in given for text in texts} == {"NeedsRelink"}
    assert [call.status for call in token_calls(simulator)[before:]] == [401]
    assert _row(place, pk)[0] == "needs_relink"


def test_lost_answers_pause_all_processes_then_need_relink(
    place: Place, simulator: RunningSimulator
) -> None:
    pk = place.link()
    simulator.faults.add("lost", TOKEN_PATH, seconds=0.3, count=2)
    before = len(token_calls(simulator))
    for calls in (1, 2):
        # Few enough to be done within the pause on a slow machine, too.
        given = place.in_parallel(2, "need", pk, 2)
        assert {text for texts in given for text in texts} == {"TeslaBusy"}
        assert len(token_calls(simulator)) == before + calls
        _end_pauses(place, pk)
    given = place.in_parallel(2, "need", pk, 5)
    assert {text for texts in given for text in texts} == {"NeedsRelink"}
    assert len(token_calls(simulator)) == before + 3


def _crash_before_the_commit(place: Place, pk: str) -> None:
    """Kill a process that has Tesla's answer, while the database makes it wait."""
    place.simulator.faults.add("latency", TOKEN_PATH, seconds=1.0)
    with place.started("need", pk, 1) as process:
        wait_until_ready(process)
        go(process)
        with _connected(place.database_url) as database:
            _wait_for(lambda: _is_leased(database, pk))
            with _held(database, pk):
                spool = place.data / "spool"
                _wait_for(lambda: spool.is_dir() and any(spool.iterdir()))
                time.sleep(0.1)
                process.kill()
                process.wait(WITHIN_S)
    place.simulator.faults.clear()


def _lose_the_spool(place: Place) -> None:
    for path in (place.data / "spool").iterdir():
        path.unlink()


Database = psycopg.Connection[tuple[object, ...]] | sqlite3.Connection


@contextmanager
def _connected(database_url: str) -> Iterator[Database]:
    parts = urlsplit(database_url)
    if parts.scheme == "sqlite":
        with closing(sqlite3.connect(parts.path[1:], timeout=20)) as file:
            yield file
        return
    with psycopg.connect(database_url) as server:
        yield server


def _row(place: Place, pk: str) -> tuple[object, ...]:
    """Return state, generation, failures and lease of a grant."""
    with _connected(place.database_url) as database:
        found = database.execute(
            f"SELECT state, generation, failures, lease_id FROM {TABLE} WHERE {_is(pk)}"
        ).fetchone()
    assert found is not None
    return tuple(found)


def _end_pauses(place: Place, pk: str) -> None:
    """Let the lease and the pause of a grant be over, as time would."""
    past = "'2020-01-01 00:00:00'"
    with _connected(place.database_url) as database:
        for column, held in (("next_refresh_at", "state"), ("lease_until", "lease_id")):
            database.execute(
                f"UPDATE {TABLE} SET {column} = {past}"
                f" WHERE {_is(pk)} AND {held} IS NOT NULL"
            )
        database.commit()


def _is(pk: str) -> str:
    return f"replace(CAST(id AS text), '-', '') = '{pk.replace('-', '')}'"


def _is_leased(database: Database, pk: str) -> bool:
    leased = database.execute(
        f"SELECT count(*) FROM {TABLE} WHERE lease_id IS NOT NULL AND {_is(pk)}"
    ).fetchone()
    database.rollback()
    return leased == (1,)


@contextmanager
def _held(database: Database, pk: str) -> Iterator[None]:
    """Hold the grant's row (SQLite: the database) so that others cannot write."""
    if isinstance(database, sqlite3.Connection):
        database.execute("BEGIN IMMEDIATE")
    else:
        database.execute(f"SELECT id FROM {TABLE} WHERE {_is(pk)} FOR UPDATE")
    yield
    database.rollback()


def _wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_settings_know_the_simulator(simulator: RunningSimulator) -> None:
    assert settings.TESLA_HOSTS.token_url == simulator.addresses.token_url
