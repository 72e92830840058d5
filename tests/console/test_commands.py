"""The commands that containers start with, and are asked about their health by."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.factories import make_heartbeat
from tokens.models import SigningKey


@pytest.mark.django_db
def test_prepare_can_be_repeated(settings: LazySettings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    for _ in range(2):
        call_command("prepare", stdout=StringIO())
    assert SigningKey.objects.count() == 1
    assert (tmp_path / "css" / "tokens.css").is_file()


@pytest.mark.django_db
def test_healthcheck_succeeds_while_the_clock_ticks() -> None:
    make_heartbeat(timezone.now())
    call_command("healthcheck")


@pytest.mark.django_db
def test_healthcheck_fails_when_the_clock_is_silent() -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    make_heartbeat(long_ago)
    with pytest.raises(CommandError, match="The background worker is not running"):
        call_command("healthcheck")
