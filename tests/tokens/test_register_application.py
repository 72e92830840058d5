"""Making the application known at Tesla, by the real call, region by region."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

import fleet
from simulator.testing import RunningSimulator
from tests.answering import answering
from tokens.models import Registration
from tokens.services import fleet_app, signing_keys

REGISTER = "/*/api/1/partner_accounts"


@pytest.fixture(autouse=True)
def _data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a data folder of this test's own."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)


@pytest.fixture
def tesla(simulator: RunningSimulator, db: None) -> Iterator[RunningSimulator]:
    """Return a Tesla that reads our public key from a server of this test."""
    pem = signing_keys.public_pem().encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-pem-file")
            self.end_headers()
            self.wfile.write(pem)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        simulator.key_urls[settings.TESLA_DOMAIN] = f"{address}/"
        yield simulator
        simulator.key_urls.pop(settings.TESLA_DOMAIN)


def _registered(tesla: RunningSimulator) -> list[str]:
    return [
        call.path.split("/")[1]
        for call in tesla.calls
        if call.method == "POST" and call.path.endswith("/partner_accounts")
    ]


def test_command_registers_in_each_region_once(tesla: RunningSimulator) -> None:
    said = []
    for _ in range(2):
        out = StringIO()
        call_command("register_application", stdout=out)
        said.append(out.getvalue())
    lines = "".join(
        f"{region}: registered as {settings.TESLA_DOMAIN}.\n"
        for region in ("na", "eu", "cn")
    )
    assert said == [lines, lines]
    assert _registered(tesla) == ["na", "eu", "cn"]
    rows = Registration.objects.order_by("region").values_list(
        "region", "domain", "public_key_hex"
    )
    ours = signing_keys.public_hex()
    assert list(rows) == [
        (region, settings.TESLA_DOMAIN, ours) for region in ("cn", "eu", "na")
    ]


def test_command_goes_on_and_explains_a_key_that_cannot_be_read(
    tesla: RunningSimulator,
) -> None:
    tesla.key_urls[settings.TESLA_DOMAIN] = "http://127.0.0.1:9/"
    err = StringIO()
    with pytest.raises(CommandError, match="Not registered in: na, eu, cn"):
        call_command("register_application", stderr=err)
    said = err.getvalue()
    assert said.count("could not fetch the public key") == 3
    assert (
        f"https://{settings.TESLA_DOMAIN}/.well-known/appspecific/"
        "com.tesla.3p.public-key.pem"
    ) in said
    assert settings.TESLA_CLIENT_SECRET not in said
    assert Registration.objects.count() == 0


def test_command_explains_a_domain_that_is_not_allowed(
    tesla: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    tesla.key_urls["keyfob.elsewhere.example"] = tesla.key_urls[settings.TESLA_DOMAIN]
    monkeypatch.setattr(settings, "TESLA_DOMAIN", "keyfob.elsewhere.example")
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("register_application", stderr=err)
    assert "Add https://keyfob.elsewhere.example to the allowed origins" in (
        err.getvalue()
    )


def test_command_explains_a_wrong_secret(
    tesla: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "TESLA_CLIENT_SECRET", "mistyped")
    err = StringIO()
    with pytest.raises(CommandError):
        call_command("register_application", stderr=err)
    assert "Tesla said: " in err.getvalue()
    assert "mistyped" not in err.getvalue()


def test_register_replaces_a_key_of_before(tesla: RunningSimulator) -> None:
    tesla.register("04" + "ab" * 64, settings.TESLA_DOMAIN, client_id=_client_id())
    assert fleet_app.register("na").public_key_hex == signing_keys.public_hex()
    assert _registered(tesla) == ["na"]


def test_register_notices_that_tesla_keeps_another_key(
    tesla: RunningSimulator,
) -> None:
    # Something else answers at our domain, so Tesla reads another key.
    other = "http://127.0.0.1:9/"
    tesla.key_urls[settings.TESLA_DOMAIN] = other
    tesla.register("04" + "ab" * 64, settings.TESLA_DOMAIN, client_id=_client_id())
    tesla.faults.add(
        "body", REGISTER, method="POST", status=200, body='{"response":{}}'
    )
    with pytest.raises(fleet_app.KeyMismatch):
        fleet_app.register("na")


def test_register_lets_trouble_at_tesla_through(tesla: RunningSimulator) -> None:
    tesla.faults.add("html", REGISTER)
    with pytest.raises(fleet.FleetError):
        fleet_app.register("na")


def test_application_does_not_show_its_secret() -> None:
    shown = repr(fleet_app.application())
    assert settings.TESLA_CLIENT_ID in shown
    assert settings.TESLA_CLIENT_SECRET not in shown


def _client_id() -> str:
    found: str = settings.TESLA_CLIENT_ID
    return found
