"""Pairs on disk: encrypted, for one generation, gone when stored."""

import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from accounts.models import User
from tests.factories import make_bare_grant
from tokens.models import TeslaGrant
from tokens.services import grants, spool

END = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    return tmp_path


@pytest.fixture
def grant(alice: User) -> TeslaGrant:
    return make_bare_grant(alice)


def test_newest_returns_the_pair_put_last(grant: TeslaGrant) -> None:
    first, second = spool.Pair("a1", "r1", END), spool.Pair("a2", "r2", END)
    assert spool.newest(grant) is None
    spool.put(grant, first)
    spool.put(grant, second)
    assert spool.newest(grant) == second
    assert spool.waiting() == {grant.pk}
    spool.clear(grant.pk)
    assert spool.newest(grant) is None
    assert spool.waiting() == set()


def test_files_hold_no_token_in_clear_and_are_ours_alone(
    grant: TeslaGrant, data_folder: Path
) -> None:
    spool.put(grant, spool.Pair("NA_secret_access", "NA_secret_refresh", END))
    (path,) = (data_folder / "spool").iterdir()
    assert b"secret" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_newest_ignores_another_generation(grant: TeslaGrant) -> None:
    spool.put(grant, spool.Pair("a", "r", END))
    grant.generation += 1
    assert spool.newest(grant) is None


def test_newest_ignores_a_file_renamed_to_another_generation(
    grant: TeslaGrant, data_folder: Path
) -> None:
    spool.put(grant, spool.Pair("a", "r", END))
    (path,) = (data_folder / "spool").iterdir()
    path.rename(path.with_name(f"{grant.pk.hex}.2.x"))
    grant.generation = 2
    assert spool.newest(grant) is None


def test_newest_ignores_damaged_files(grant: TeslaGrant, data_folder: Path) -> None:
    good = spool.Pair("a", "r", END)
    spool.put(grant, good)
    beginning = f"{grant.pk.hex}.{grant.generation}"
    (data_folder / "spool" / f"{beginning}.y").write_bytes(b"\xff\x00")
    (data_folder / "spool" / f"{beginning}.z").write_text("v1:t1:AAAA")
    (data_folder / "spool" / f"{beginning}.d").mkdir()
    assert spool.newest(grant) == good


def test_waiting_passes_over_strange_files(data_folder: Path) -> None:
    (data_folder / "spool").mkdir()
    (data_folder / "spool" / "a.b.c").write_text("")
    assert spool.waiting() == set()


def test_refresh_due_takes_in_what_was_left_and_drops_what_nobody_awaits(
    grant: TeslaGrant,
) -> None:
    spool.put(grant, spool.Pair("a", "r", END))
    gone = TeslaGrant(pk=uuid4(), generation=1)
    spool.put(gone, spool.Pair("a", "r", END))
    assert grants.refresh_due() == 1
    grant.refresh_from_db()
    assert grant.generation == 2
    assert grant.tesla_access_token_expires_at == END
    assert spool.waiting() == set()


def test_repr_of_a_pair_shows_no_token() -> None:
    assert "secret" not in repr(spool.Pair("secret", "secret", END))
