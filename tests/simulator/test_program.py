"""The program: its command line, its saved state, its clean end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

from simulator.__main__ import config_of, main
from simulator.app import make_app
from simulator.config import Config
from simulator.hub import HUB
from simulator.saving import write_saved
from simulator.testing import APPLICATION, DOMAIN, RunningSimulator, plain_browser
from tests.ports import free_port
from tests.simulator.doors import KEY_HEX, PRIVATE_KEY

ALICE = "alice@example.com"
EC_PEM = PRIVATE_KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()


@contextmanager
def _program(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    words = ["--port", str(port), "--data", str(folder), "--client", "id:secret"]
    words += ["--redirect-uri", "http://localhost/callback"]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_program_says_one_line_and_ends_at_once(
    tmp_path: Path, how: signal.Signals
) -> None:
    port = free_port()
    with _program(tmp_path, port) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"The simulated Tesla is ready at http://127.0.0.1:{port}\n"
        with plain_browser() as browser:
            assert browser.get(f"http://127.0.0.1:{port}/na/status").text == "ok"
            os.kill(process.pid, how)
            out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "", "")
    saved = tmp_path / "simulator.json"
    assert saved.stat().st_mode & 0o777 == 0o600
    assert set(json.loads(saved.read_text())) == {"key", "store", "world"}


def test_program_runs_inside_a_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    monkeypatch.setattr(sys, "argv", ["simulator", "--port", str(port)])

    def end_once_ready() -> None:
        with plain_browser() as browser:
            for _ in range(100):
                with suppress(httpx.ConnectError):
                    if browser.get(f"http://127.0.0.1:{port}/na/status").text == "ok":
                        break
                time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    # The handler is there before the port is, so the signal ends the program alone.
    other = threading.Thread(target=end_once_ready)
    other.start()
    main()
    other.join()
    assert capsys.readouterr().out.count("ready at") == 1


def test_command_line_describes_the_config(tmp_path: Path) -> None:
    words = "--port 9 --seed 7 --no-rate-limits --client a:b:c --client-name N"
    words += " --redirect-uri http://r/1 --redirect-uri http://r/2"
    words += " --allowed-origin http://o --key-url d.example=http://k/"
    words += " --telemetry-host t.example=127.0.0.1:4443"
    ca_file = tmp_path / "ca.pem"
    paths = ["--data", str(tmp_path), "--telemetry-ca", str(ca_file)]
    config = config_of([*words.split(), *paths])
    application = config.applications[0]
    assert (application.client_id, application.client_secret) == ("a", "b:c")
    assert application.redirect_uris == ("http://r/1", "http://r/2")
    assert "b:c" not in repr(config)
    assert (config.public_url, config.seed, config.rate_limits, config.folder) == (
        "http://127.0.0.1:9",
        7,
        False,
        tmp_path,
    )
    assert config.key_urls == {"d.example": "http://k/"}
    assert config.telemetry_hosts == {"t.example": "127.0.0.1:4443"}
    assert (config.ca_file, config.streams) == (ca_file, True)
    assert config_of(["--public-url", "https://t.example/"]) == Config(
        "https://t.example"
    )


def test_command_line_refuses_half_a_pair(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        config_of(["--client", "only-id"])
    assert "two parts around :" in capsys.readouterr().err


def _refresh(sim: RunningSimulator, refresh_token: str) -> httpx.Response:
    form = {
        "grant_type": "refresh_token",
        "client_id": APPLICATION.client_id,
        "refresh_token": refresh_token,
    }
    with plain_browser() as browser:
        return browser.post(sim.addresses.token_url, data=form)


def test_second_start_keeps_grants_keys_and_registrations(tmp_path: Path) -> None:
    config = Config("", (APPLICATION,), folder=tmp_path)
    with RunningSimulator(config=config) as sim:
        sim.register(KEY_HEX)
        sim.world.car_named("Luna").pair(KEY_HEX, DOMAIN)
        first = sim.link(ALICE)["refresh_token"]
        rotated = _refresh(sim, first).json()["refresh_token"]
        jwks = sim.hub.key.jwks()
    with RunningSimulator(config=config) as sim:
        assert sim.hub.key.jwks() == jwks
        assert sim.hub.registration("eu", APPLICATION.client_id) is not None
        assert list(sim.world.car_named("Luna").paired_keys) == [KEY_HEX]
        again = _refresh(sim, first)
        assert again.status_code == 200
        assert _refresh(sim, rotated).status_code == 401


def test_broken_saved_state_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "simulator.json").write_text("{")
    with pytest.raises(ValueError, match="Expecting"):
        make_app(Config("", folder=tmp_path))


def test_saved_key_of_another_kind_stops_the_start(tmp_path: Path) -> None:
    app = make_app(Config("", folder=tmp_path))
    saved: dict[str, Any] = json.loads((tmp_path / "simulator.json").read_text())
    saved["key"] = EC_PEM
    write_saved(tmp_path, saved)
    with pytest.raises(ValueError, match="not an RSA key"):
        make_app(app[HUB].config)
    with pytest.raises(TypeError, match="cannot save"):
        write_saved(tmp_path, {"key": object()})
