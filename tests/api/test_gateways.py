"""Replies of a site's gateway: what is in them, and what is none."""

from typing import Any

import pytest

from api import gateways
from fleet.errors import Unreadable


@pytest.mark.parametrize(
    ("content", "expected"),
    [({}, {}), ({"message": None}, {}), ({"message": {"Payload": {}}}, {})],
)
def test_empty_reply_of_a_gateway_is_empty(content: Any, expected: Any) -> None:
    assert gateways.reply("networking_status", content) == expected


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"message": 1},
        {
            "message": {
                "Payload": {"Common": {"Message": {"GetNetworkingStatusResponse": 1}}}
            }
        },
    ],
)
def test_odd_reply_of_a_gateway_is_unreadable(content: Any) -> None:
    with pytest.raises(Unreadable):
        gateways.reply("networking_status", content)
