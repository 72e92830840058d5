"""Who is to be told what, as the deliverer holds it."""

import logging

import pytest

from accounts.models import User
from tests.webhooks.making import make_endpoint
from webhooks.models import Endpoint
from webhooks.services.roster import Roster

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("host", ["[2606:4700::1111]x", "xn--", "a:99999"])
def test_webhook_that_cannot_be_read_keeps_nobody_else_waiting(
    alice: User, bob: User, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    bad, good = make_endpoint(alice), make_endpoint(bob)
    # As it was kept by a former version, or by hand.
    Endpoint.objects.filter(pk=bad.pk).update(url=f"https://{host}/?key=hidden")
    roster = Roster(lambda _: lambda _: True)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            roster.refresh()
    assert set(roster.by_id) == {good.pk}
    assert roster.wanting(bob.pk, "state", "") == (roster.by_id[good.pk],)
    assert roster.wanting(alice.pk, "state", "") == ()
    # It is said once, not each second, and without the address.
    [said] = [one for one in caplog.records if one.name.startswith("webhooks.")]
    assert str(bad.pk) in said.getMessage()
    assert "hidden" not in caplog.text
    Endpoint.objects.filter(pk=bad.pk).update(url="https://hooks.example.com/")
    roster.refresh()
    assert set(roster.by_id) == {good.pk, bad.pk}
