"""One request: what counts as accepted, what is refused, what is cut off."""

import asyncio
import datetime as dt
import socket
import ssl
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from tests.webhooks.receiver import Receiver, hang, reset, status
from tests.webhooks.running import run, sender
from webhooks.guard import Blocked, Guard
from webhooks.networks import Policy, policy
from webhooks.outcomes import ErrorKind, Outcome
from webhooks.sender import MOST_ANSWER_BYTES, Sender, headers_for
from webhooks.targets import Target

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KEY = b"k" * 32


def target(url: str, **facts: Any) -> Target:
    """Return an endpoint at an address."""
    return Target(
        **{
            "endpoint_id": uuid.uuid4(),
            "user_id": uuid.uuid4(),
            "address": URL(url),
            "format": "teslemetry",
            "kinds": frozenset({"data"}),
            "vins": frozenset(),
            "verify_tls": True,
            "max_rate": 50,
            "batch_s": 0.0,
            "batch_max": 1,
            "is_sending": True,
            "_keys": ((KEY, None),),
            "_headers": (("X-Key", "abc"),),
            **facts,
        }
    )


async def post(make: Callable[[], Sender], url: str, **facts: Any) -> Outcome:
    """Send one small body."""
    there, by = target(url, **facts), make()
    try:
        return await by.post(there, b"{}", headers_for(there, "msg_1", b"{}", 1, NOW))
    finally:
        await by.close()


def _answered(answer: Any, **options: Any) -> tuple[Outcome, Receiver]:
    receiver = Receiver()
    receiver.default = answer

    async def main() -> Outcome:
        async with receiver:
            return await post(partial(sender, **options), receiver.url())

    return run(main()), receiver


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_2xx_is_accepted(code: int) -> None:
    outcome, receiver = _answered(status(code))
    assert (outcome.status, outcome.error_kind) == (code, "")
    assert outcome.has_worked
    headers = receiver.requests[0].headers
    assert headers["accept-encoding"] == "identity"
    assert headers["user-agent"] == "Keyfob-Webhooks/1"
    assert headers["content-type"] == "application/json"
    assert headers["x-key"] == "abc"
    assert headers["webhook-attempt"] == "1"
    assert "cookie" not in headers


@pytest.mark.parametrize("code", [300, 301, 302, 304, 307, 308])
def test_redirects_are_failures_and_never_followed(code: int) -> None:
    other = Receiver()

    async def main() -> Outcome:
        async with other, Receiver() as receiver:
            location = f"Location: {other.url()}"
            receiver.default = status(code, location)
            return await post(sender, receiver.url())

    outcome = run(main())
    assert (outcome.status, outcome.error_kind) == (code, "redirect")
    assert other.connections == 0


@pytest.mark.parametrize("code", [400, 404, 410, 429, 500, 503])
def test_other_statuses_are_failures(code: int) -> None:
    outcome, _ = _answered(status(code, "Retry-After: 7", body=b"no\x00<b>"))
    assert (outcome.status, outcome.error_kind) == (code, "status")
    assert outcome.retry_after_s == 7
    assert outcome.excerpt == "no\ufffd<b>"


async def _cut(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()


async def _dribble(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(200):
        if writer.is_closing():
            break
        writer.write(b"x")
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reset, ErrorKind.RESET),
        (hang, ErrorKind.TIMEOUT),
        (_cut, ErrorKind.PARTIAL),
        (_dribble, ErrorKind.TIMEOUT),
        (b"SSH-2.0-OpenSSH\r\n\r\n", ErrorKind.BAD_ANSWER),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", ErrorKind.BAD_ANSWER),
    ],
)
def test_bad_answers_have_words(answer: Any, kind: ErrorKind) -> None:
    outcome, _ = _answered(answer, total_s=1.5)
    assert outcome.error_kind == kind
    assert not outcome.has_worked


def test_endless_answer_is_cut_and_its_connection_closed() -> None:
    written = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"\x1f\x8b" * 8192)
            written += 16384
            await writer.drain()

    outcome, _ = _answered(endless)
    assert (outcome.status, outcome.error_kind) == (200, "")
    assert len(outcome.excerpt) <= 4096
    assert written < 100 * MOST_ANSWER_BYTES


def test_endpoint_whose_headers_are_none_is_sent_nothing() -> None:
    async def main() -> tuple[Outcome, int]:
        async with Receiver() as receiver:
            headers = (("X-Key", "a\r\nB: c"),)
            found = await post(sender, receiver.url(), _headers=headers)
            return found, receiver.connections

    outcome, connections = run(main())
    assert (outcome.error_kind, connections) == (ErrorKind.BAD_ANSWER, 0)


def test_nobody_there_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert run(post(sender, url)).error_kind == ErrorKind.REFUSED


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "localhost.", "[::1]"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_inside_is_not_reached_by_any_spelling(host: str, scheme: str) -> None:
    async def main() -> tuple[Outcome, int]:
        async with Receiver() as receiver:
            url = f"{scheme}://{host}:{receiver.port}/"
            return await post(partial(sender_of, Policy()), url), receiver.connections

    outcome, connections = run(main())
    assert connections == 0
    # A resolver need not know the last of these.
    assert outcome.error_kind in {ErrorKind.BLOCKED, ErrorKind.DNS}


def sender_of(rules: Policy, *answers: Sequence[str]) -> Sender:
    """Return a sender whose names resolve as it is told, one answer a question."""
    left = list(answers)

    async def resolve(_: str, port: int) -> list[tuple[Any, ...]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [
            (
                socket.AF_INET6 if ":" in one else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (one, port),
            )
            for one in found
        ]

    if not answers:
        return Sender(rules, total_s=1, connect_s=0.5)
    return Sender(rules, resolve=resolve, total_s=1, connect_s=0.5)


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["8.8.8.8", "10.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
    ],
)
def test_names_that_lead_inside_are_blocked(addresses: list[str]) -> None:
    by = partial(sender_of, Policy(), addresses)
    outcome = run(post(by, "https://hooks.example.com/"))
    assert (outcome.status, outcome.error_kind) == (None, "blocked_address")


def test_name_that_changes_its_mind_gains_nothing() -> None:
    async def main() -> tuple[str, int]:
        async with Receiver() as receiver:
            url = f"http://hooks.example.com:{receiver.port}/"
            by = sender_of(policy(["127.0.0.1/32"]), ["127.0.0.1"], ["127.0.0.2"])
            there = target(url)
            receiver.default = status(200, "Connection: close")
            first = await by.post(there, b"{}", {})
            assert first.has_worked
            second = await by.post(there, b"{}", {})
            await by.close()
            return second.error_kind, receiver.connections

    assert run(main()) == (ErrorKind.BLOCKED, 1)


def test_plain_http_goes_into_opened_networks_alone() -> None:
    home = policy(["192.168.0.0/16"])
    outcome = run(
        post(partial(sender_of, home, ["8.8.8.8"]), "http://hooks.example.com/")
    )
    assert outcome.error_kind == ErrorKind.BLOCKED


def test_name_that_is_not_known_is_an_error_of_dns() -> None:
    async def resolve(*_: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_AGAIN, "SERVFAIL")

    by = partial(Sender, Policy(), resolve=resolve)
    assert run(post(by, "https://hooks.example.com/")).error_kind == ErrorKind.DNS

    async def nothing(*_: Any) -> list[tuple[Any, ...]]:
        return []

    by = partial(Sender, Policy(), resolve=nothing)
    assert run(post(by, "https://hooks.example.com/")).error_kind == ErrorKind.DNS


def test_guard_refuses_what_is_no_address() -> None:
    with pytest.raises(Blocked):
        Guard(Policy(), plain=False).check("nonsense")


@pytest.fixture(params=["good", "self-signed", "expired", "other host"])
def certificate(
    request: pytest.FixtureRequest, tmp_path: Path
) -> tuple[str, ssl.SSLContext, ssl.SSLContext]:
    """Return what is wrong, the receiver's TLS, and the sender's."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    ends = now - dt.timedelta(days=1) if request.param == "expired" else now
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    host = "192.0.2.1" if request.param == "other host" else "127.0.0.1"
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=9))
        .not_valid_after(ends + dt.timedelta(hours=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "receiver.pem"
    path.write_bytes(pem + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    known = None if request.param == "self-signed" else pem.decode()
    return request.param, server, ssl.create_default_context(cadata=known)


def test_certificates_are_verified_unless_somebody_switched_it_off(
    certificate: tuple[str, ssl.SSLContext, ssl.SSLContext],
) -> None:
    wrong, server, client = certificate

    async def main(*, verify_tls: bool) -> str:
        async with Receiver(tls=server) as receiver:
            by = partial(sender, tls=client)
            return (await post(by, receiver.url(), verify_tls=verify_tls)).error_kind

    expected = "" if wrong == "good" else ErrorKind.TLS
    assert run(main(verify_tls=True)) == expected
    assert run(main(verify_tls=False)) == ""


@pytest.mark.parametrize("certificate", ["good"], indirect=True)
def test_silent_address_leaves_time_for_the_next(
    certificate: tuple[str, ssl.SSLContext, ssl.SSLContext],
) -> None:
    _, server, client = certificate

    async def main() -> Outcome:
        async with Receiver(tls=server) as receiver:
            # It takes connections, and says nothing.
            with socket.create_server(("127.0.0.1", 0)) as silent:
                places = [silent.getsockname(), ("127.0.0.1", receiver.port)]

                async def resolve(_: str, __: int) -> list[tuple[Any, ...]]:
                    kind = socket.SOCK_STREAM
                    return [(socket.AF_INET, kind, 6, "", place) for place in places]

                by = Sender(
                    policy(["127.0.0.0/8"]),
                    resolve=resolve,
                    tls=client,
                    total_s=20,
                    connect_s=2,
                )
                return await post(lambda: by, receiver.url())

    assert run(main()).status == 200


def test_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> tuple[int, int]:
        async with Receiver() as proxy, Receiver() as receiver:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url(""))
            await post(sender, receiver.url())
            return proxy.connections, receiver.connections

    assert run(main()) == (0, 1)
