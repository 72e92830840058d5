"""The owner is told once of each thing, until it is seen to."""

from datetime import UTC, datetime

import pytest

from billing.models import Alert
from billing.services.alerts import alert, settle, settle_all

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, tzinfo=UTC)
CODE = Alert.Code.CHARGED_TWICE


def test_same_thing_is_told_once_until_it_is_settled() -> None:
    for _ in range(3):
        alert(CODE, "sub_1")
    (row,) = Alert.objects.all()
    assert (str(row), row.settled_at) == ("charged_twice sub_1", None)
    assert settle(row.pk, NOW) is True
    assert settle(row.pk, NOW) is False
    row.refresh_from_db()
    assert row.settled_at == NOW
    alert(CODE, "sub_1")
    assert Alert.objects.count() == 2


def test_long_subject_is_cut_and_still_the_same() -> None:
    for _ in range(2):
        alert(CODE, "s" * 200)
    assert Alert.objects.get().subject == "s" * 80
    settle_all(CODE, "s" * 200)
    assert not Alert.objects.filter(settled_at=None).exists()


def test_what_has_passed_settles_that_alone() -> None:
    alert(CODE, "sub_1")
    alert(CODE, "sub_2")
    alert(Alert.Code.CHARGEBACK, "sub_1")
    settle_all(CODE, "sub_1")
    still = Alert.objects.filter(settled_at=None).values_list("code", "subject")
    assert sorted(still) == [("chargeback", "sub_1"), ("charged_twice", "sub_2")]
