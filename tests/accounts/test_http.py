"""Whose address a request comes from."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from accounts.http import address_behind_proxies, client_address


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "proxies", "address"),
    [
        ("203.0.113.7", "", 0, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", 0, "203.0.113.7"),
        ("", "198.51.100.1", 0, "local"),
        ("", "", 0, "local"),
        ("10.0.0.2", "198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.1, 10.0.0.3", 2, "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1", 2, "10.0.0.2"),
        ("10.0.0.2", "", 1, "10.0.0.2"),
        ("10.0.0.2", "6.6.6.6, nonsense", 1, "10.0.0.2"),
        ("", "198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1:4711", 1, "198.51.100.1"),
        ("10.0.0.2", "[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("unix:", "", 1, "local"),
    ],
)
def test_address_behind_proxies_is_the_one_a_trusted_proxy_saw(
    peer: str, forwarded_for: str, proxies: int, address: str
) -> None:
    assert address_behind_proxies(peer, forwarded_for, proxies=proxies) == address


def test_client_address_trusts_as_many_proxies_as_the_setting_says(
    rf: RequestFactory, settings: Settings
) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.1"})
    assert client_address(request) == "127.0.0.1"
    settings.TRUSTED_PROXY_COUNT = 1
    assert client_address(request) == "198.51.100.1"


def test_client_address_behind_a_unix_socket_is_local(rf: RequestFactory) -> None:
    request = rf.get("/")
    del request.META["REMOTE_ADDR"]
    assert client_address(request) == "local"
