"""Where webhooks may go, as it is checked when an endpoint is kept."""

import pytest

from webhooks.addresses import check_headers, check_url, check_value
from webhooks.errors import Unusable
from webhooks.networks import Policy, allows_port, policy, read

CLOSED = Policy()
HOME = policy(["192.168.0.0/16", "fd00::/8"])


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "224.0.0.1",
        "localhost",
        "localhost.",
        "a.localhost",
        "10.1.2.3",
        "100.64.0.1",
        "192.168.1.1",
        "[fe80::1]",
        "[ff02::1]",
        "[3fff::1]",
        "[5f00::1]",
        "192.88.99.1",
        "255.255.255.255",
        "168.63.129.16",
        "[::ffff:168.63.129.16]",
        "[::ffff:0:7f00:1]",
        "[::ffff:0:a9fe:a9fe]",
        "[100:0:0:1::1]",
    ],
)
def test_addresses_inside_are_refused_however_they_are_spelled(host: str) -> None:
    with pytest.raises(Unusable) as told:
        check_url(f"https://{host}/hook", CLOSED)
    assert told.value.field == "url"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://user:pw@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:25/",
        "https://hooks.example.com:6379/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://127。0。0。1/",
        "https://hooks.example.com/\r\nHost: x",
        "https:///nothing",
        "hooks.example.com",
        "https://[::1",
        "https://[2606:4700::1111]x/",
        "https://[2606:4700::1111]x:443/",
        "https://xn--/",
        "https://xn--a-ecp.ru/",
        "",
        "https://hooks.example.com/" + "a" * 2048,
    ],
)
def test_what_is_no_plain_https_address_is_refused(url: str) -> None:
    with pytest.raises(Unusable):
        check_url(url, CLOSED)


def test_good_addresses_are_kept_as_they_are() -> None:
    for url in ("https://hooks.example.com/a?b=c", "https://8.8.8.8:8443/x"):
        assert check_url(f" {url} ", CLOSED) == url
    for host in ("[2606:4700:0::1111]", "Hooks.Example.COM.", "xn--bcher-kva.example"):
        assert check_url(f"https://{host}/", CLOSED) == f"https://{host}/"
    assert check_url("http://192.168.1.5:8123/api", HOME) == (
        "http://192.168.1.5:8123/api"
    )
    with pytest.raises(Unusable):
        check_url("http://10.0.0.1/", HOME)


def test_policy_opens_only_what_the_operator_named() -> None:
    assert HOME.allows(read("192.168.7.7"))
    assert HOME.allows(read("::ffff:192.168.7.7"))
    assert HOME.allows(read("fd00::1"))
    assert not HOME.allows(read("10.0.0.1"))
    assert not HOME.opens(read("8.8.8.8"))
    assert HOME.allows(read("8.8.8.8"))
    assert not CLOSED.allows(read("fe80::1%eth0"))
    assert [
        port for port in (22, 25, 80, 443, 444, 1024, 6379, 8123) if allows_port(port)
    ] == [80, 443, 1024, 8123]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-A\r\nX-B": "1"},
        {"X-A": "1\r\nX-B: 2"},
        {"X-A": "1\n2"},
        {"X-A": "ü"},
        {"X A": "1"},
        {"": "1"},
        {"Host": "a"},
        {"Content-Length": "1"},
        {"Transfer-Encoding": "chunked"},
        {"webhook-id": "1"},
        {"X-Forwarded-For": "1"},
        {"Authorization": "x"},
        {"X-A": "1", "x-a": "2"},
        {"X-A": "v" * 1025},
        {f"X-{n}": "1" for n in range(6)},
    ],
)
def test_headers_that_change_the_request_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unusable) as told:
        check_headers(headers)
    assert told.value.field == "headers"


def test_good_headers_are_kept() -> None:
    assert check_headers({"X-Key": " abc "}) == {"X-Key": "abc"}
    assert check_headers({}) == {}
    assert check_value("authorization", "Bearer abc ") == "Bearer abc"
