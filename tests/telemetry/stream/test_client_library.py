"""The unmodified `teslemetry_stream` client listens to a real process over TLS."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from teslemetry_stream import TeslemetryStream

from accounts.models import User
from events import shapes
from tests.fixtures.live import free_port
from tests.telemetry.stream.conftest import SITE, VIN, MakePerson, Person
from tests.telemetry.stream.listening import beside, serving
from tokens.models import AccessToken

NAME = "na.teslemetry.com"
AT_MS = 1785233730007
WITHIN_S = 60


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for the names of the client."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [
        x509.DNSName("teslemetry.com"),
        x509.DNSName("*.teslemetry.com"),
        x509.IPAddress(ip_address("127.0.0.1")),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(pem))
    key_file.write_bytes(
        key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


class Resolver(AbstractResolver):
    """Finds every name at the loopback address."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: Any = 0,  # noqa: ARG002
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=2, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Hold nothing."""


Heard = list[dict[str, Any]]


async def until(is_true: Callable[[], bool]) -> None:
    while not is_true():  # noqa: ASYNC110  # the library tells nobody
        await asyncio.sleep(0.02)


def everything(who: Person) -> None:
    who.tell(
        shapes.state(VIN, "online", AT_MS),
        shapes.data(VIN, {"Soc": 81.5, "MinutesToArrival": None}, AT_MS),
        shapes.connectivity(VIN, "wifi", connected=True, at_ms=AT_MS),
        shapes.alerts(VIN, [{"name": "A", "audiences": ["Customer"]}], AT_MS),
        shapes.errors(VIN, [{"name": "E"}], AT_MS),
        shapes.vehicle_data(VIN, {"vin": VIN, "state": "online"}, AT_MS),
        shapes.config(VIN, {"fields": {"Soc": {"interval_seconds": 60}}}, AT_MS),
        shapes.credits("command", 1, "wake_up", 5, 0.5, AT_MS),
        shapes.live_status(SITE, {"solar_power": 1}, AT_MS),
        shapes.site_info(SITE, {"site_name": "Home"}, AT_MS),
        shapes.tariff(SITE, None, AT_MS),
        shapes.wall_connector_totals(SITE, "2026-07-28", {"DIN": 1}, AT_MS),
    )


KINDS = {
    *("state", "data", "networkInterface", "alerts", "errors", "vehicle_data"),
    *("config", "credits", "live_status", "site_info", "tariff_content_v2", "totals"),
}


def kinds(heard: Heard) -> set[str]:
    return {kind for one in heard for kind in KINDS if kind in one}


async def listened(who: Person, folder: Path) -> None:
    """Listen, be cut off by a restart, and lose the token."""
    authority, key = certificate(folder)
    tls = ("--ssl-certificate", str(authority), "--ssl-keyfile", str(key))
    context = ssl.create_default_context(cafile=str(authority))
    port = free_port()
    heard: Heard = []
    async with (
        asyncio.timeout(WITHIN_S),
        aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Resolver(), ssl=context)
        ) as session,
    ):
        stream = TeslemetryStream(session, who.token, server=NAME, parse_timestamp=True)
        stream.server = f"{NAME}:{port}"
        running = serving(folder, *tls, port=port)
        await beside(running.__enter__)
        stream.async_add_listener(heard.append)
        await until(lambda: stream.connected)
        everything(who)
        await until(lambda: kinds(heard) == KINDS)
        assert not any("isCache" in one for one in heard)
        assert all(isinstance(one["timestamp"], int) for one in heard)
        heard.clear()
        await beside(running.__exit__, None, None, None)
        running = serving(folder, *tls, port=port)
        await beside(running.__enter__)
        await until(lambda: kinds(heard) == KINDS)
        assert all(one["isCache"] for one in heard)
        await beside(AccessToken.objects.all().delete)
        # Refused with 401, it stops for good.
        await until(lambda: not stream.active)
        assert not stream.connected
        await beside(running.__exit__, None, None, None)
        stream.close()


def test_client_hears_every_kind_comes_back_and_stops(
    person: MakePerson, alice: User, tmp_path: Path
) -> None:
    asyncio.run(listened(person(alice, site=SITE), tmp_path))
