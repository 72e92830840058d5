"""What programs and networks are called."""

import pytest

from accounts.clients import describe, network_of

_MOZILLA = "Mozilla/5.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (f"{_MOZILLA} (X11; Linux x86_64; rv:145.0) Firefox/145.0", "Firefox on Linux"),
        (
            f"{_MOZILLA} (Windows NT 10.0) {_WEBKIT} Chrome/156.0 Safari/537.36",
            "Chrome on Windows",
        ),
        (
            f"{_MOZILLA} (Windows NT 10.0) {_WEBKIT} Chrome/156.0 Safari/537 Edg/156.0",
            "Edge on Windows",
        ),
        (
            (
                f"{_MOZILLA} (iPhone; CPU iPhone OS 19_0 like Mac OS X) {_WEBKIT}"
                " Version/19.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone",
        ),
        ("curl/8.17.0", "curl/8.17.0"),
        ("a\r\nb" + "x" * 300, "ab" + "x" * 118),
        ("", ""),
    ],
)
def test_program_is_described_without_its_version(user_agent: str, words: str) -> None:
    assert describe(user_agent) == words


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("local", "local"),
    ],
)
def test_network_is_shorter_than_the_address(address: str, network: str) -> None:
    assert network_of(address) == network
