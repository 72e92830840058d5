"""Scopes: each one explained, the usual ones asked for."""

import pytest

from fleet.scopes import ASKED, Scope, opens


@pytest.mark.parametrize("scope", Scope)
def test_every_scope_says_what_it_opens(scope: Scope) -> None:
    opening = opens(scope)

    assert opening.title
    assert opening.meaning.endswith(".")


def test_asked_scopes_are_those_a_console_needs() -> None:
    assert " ".join(ASKED) == (
        "openid offline_access user_data vehicle_device_data vehicle_location "
        "vehicle_cmds vehicle_charging_cmds energy_device_data energy_cmds"
    )
