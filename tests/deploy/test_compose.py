"""Each service of docker-compose.yml, run by its own command without Docker."""

import http.client
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.deploy.compose import ROOT, Service, document, env_file, services
from tests.ports import free_port
from tests.servers import redis_server
from tools.processes import Child, Supervisor

ONE_SHOT = ("prepare", "register", "owner")
OURS = {
    *("prepare", "web", "worker", "beat", "receiver", "subscriber", "deliverer"),
    *("register", "owner", "simulator"),
}
OTHERS = {"database", "redis", "caddy", "fleet-telemetry"}
# Their images hold nothing that could ask them.
UNASKED = {"caddy", "fleet-telemetry"}
PATIENCE_S = 90
NAME = "keyfob_compose"


def test_every_service_is_tested() -> None:
    assert set(document()["services"]) == OURS | OTHERS


@pytest.mark.parametrize("name", sorted(OURS | OTHERS))
def test_service_is_locked_down(name: str) -> None:
    service = document()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (
        ["NET_BIND_SERVICE"] if name == "caddy" else []
    )
    assert ("healthcheck" in service) == (name not in {*ONE_SHOT, *UNASKED})


def test_database_and_redis_are_reached_from_inside_only() -> None:
    compose = document()
    assert compose["networks"]["inside"] == {"internal": True}
    for name in ("database", "redis"):
        assert compose["services"][name]["networks"] == ["inside"]
        assert "ports" not in compose["services"][name]


def test_cars_reach_the_receiver_past_the_proxy() -> None:
    services_ = document()["services"]
    port = services_["receiver"]["ports"]
    assert port == services_["fleet-telemetry"]["ports"]
    assert port == ["${TELEMETRY_PORT:-4443}:4443"]
    assert "receiver" not in (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    config = json.loads((ROOT / "deploy" / "fleet-telemetry.json").read_text("utf-8"))
    assert config["port"] == 4443
    assert config["namespace"] == settings.TELEMETRY_NAMESPACE
    assert config["redis"]["publish_vin_topics"] is True
    assert config["transmit_decoded_records"] is True
    assert set(config["records"]) == {"V", "alerts", "errors", "connectivity"}


def test_tesla_s_server_and_ours_see_the_same_certificate(tmp_path: Path) -> None:
    services_ = document()["services"]
    theirs = services_["fleet-telemetry"]["volumes"][-1]
    assert theirs.endswith(":/certificates:ro")
    for name in OURS - {"simulator"}:
        assert theirs in services_[name]["volumes"]
        assert "data:/data" in services_[name]["volumes"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^(TELEMETRY_[A-Z_]+)=(\S+)$", text, re.MULTILINE))
    config = json.loads((ROOT / "deploy" / "fleet-telemetry.json").read_text("utf-8"))
    assert named == {
        "TELEMETRY_SOURCE": "fleet-telemetry",
        "TELEMETRY_CERTIFICATE_FILE": config["tls"]["server_cert"],
        "TELEMETRY_CERTIFICATE_KEY_FILE": config["tls"]["server_key"],
        "TELEMETRY_CA_FILE": "/certificates/ca.pem",
    }
    variables = env_file(ROOT / "deploy" / "demo.env") | named
    started = subprocess.run(
        [sys.executable, "-c", "from console import settings"],
        env={"PATH": "/usr/bin:/bin", "DATA": str(tmp_path), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (started.returncode, started.stderr) == (0, "")


def test_image_runs_without_root_and_without_build_tools() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    assert last == ["FROM console"]
    start = next(i for i, line in enumerate(lines) if line.endswith(" AS console"))
    end = next(i for i, line in enumerate(lines) if line.endswith(" AS build-demo"))
    stage = "\n".join(lines[start:end])
    assert "USER 10001:10001" in stage
    assert not {"pip", "apt-get", "gcc"} & set(stage.split())


def test_image_holds_every_app_of_ours() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    ours = {
        package.parent.name
        for package in ROOT.glob("*/__init__.py")
        if package.parent.name not in {"bench", "simulator", "tests", "tools"}
    }
    copied = {line.split()[1] for line in lines if line.startswith("COPY ")}
    assert ours - copied == set()
    (compiled,) = "\n".join(lines).replace("\\\n", "").split("compileall -q")[1:]
    assert ours - set(compiled.splitlines()[0].split()) == set()


@pytest.fixture
def database(django_db_setup: None) -> Iterator[str]:
    """Make an empty PostgreSQL database, as the service `database` does."""
    if connection.vendor != "postgresql":
        pytest.skip("docker compose runs on PostgreSQL")
    host = connection.settings_dict["HOST"]
    with psycopg.connect(
        host=host, user="keyfob", dbname="postgres", autocommit=True
    ) as admin:
        admin.execute(f"CREATE DATABASE {NAME}")
        yield f"postgresql://keyfob@/{NAME}?host={host}"
        admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
def project(
    database: str, tmp_path: Path
) -> Iterator[tuple[dict[str, Service], Supervisor, Path]]:
    """Give the services what Docker would, and stop them at the end."""
    web_port, tesla_port, redis_port = free_port(), free_port(), free_port()
    cars_port = free_port()
    (tmp_path / "log").mkdir()
    provided = {
        "postgresql://keyfob:demo@database/keyfob": database,
        "redis://redis:6379": f"redis://127.0.0.1:{redis_port}",
        "http://web:8000": f"http://127.0.0.1:{web_port}",
        "tesla.localhost:8001": f"localhost:{tesla_port}",
        "localhost:8000": f"localhost:{web_port}",
        "127.0.0.1:8000": f"127.0.0.1:{web_port}",
        "0.0.0.0:4443": f"127.0.0.1:{cars_port}",
        "127.0.0.1:8001": f"127.0.0.1:{tesla_port}",
        "/simulator/simulator": f"{tmp_path}/simulator",
        "/data": str(tmp_path),
    }
    found = services(provided)
    supervisor = Supervisor()
    ports = {"web": ("8000", web_port), "simulator": ("8001", tesla_port)}
    for name, (theirs, ours) in ports.items():
        words = found[name].command
        words[words.index(theirs)] = str(ours)
    found["redis"].command.extend(["--port", str(redis_port), "--dir", str(tmp_path)])
    found["redis"].command[0] = redis_server()
    try:
        yield found, supervisor, tmp_path / "log"
    finally:
        supervisor.stop()


def _once(service: Service, words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        env=service.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def _becomes_healthy(service: Service, supervisor: Supervisor) -> None:
    end_at = time.monotonic() + PATIENCE_S
    outcome = _once(service, service.healthcheck)
    while outcome.returncode != 0 and time.monotonic() < end_at:
        supervisor.check()
        time.sleep(0.5)
        outcome = _once(service, service.healthcheck)
    assert outcome.returncode == 0, outcome.stderr


def test_services_work_together(
    project: tuple[dict[str, Service], Supervisor, Path],
) -> None:
    found, supervisor, logs = project

    def start(name: str) -> None:
        service = found[name]
        log = logs / f"{name}.log"
        supervisor.start(Child(name, service.command, service.environment, log))

    start("redis")
    start("simulator")
    prepared = _once(found["prepare"], found["prepare"].command)
    assert (prepared.returncode, prepared.stderr) == (0, "")
    for name in ("web", "worker", "beat", "receiver", "deliverer"):
        start(name)
    for name in ("simulator", "web"):
        _becomes_healthy(found[name], supervisor)
    registered = _once(found["register"], found["register"].command)
    assert registered.stdout.count("registered as localhost") == 3
    owner = _once(found["owner"], found["owner"].command)
    assert "To become the owner" in owner.stdout
    for name in ("worker", "beat", "receiver", "deliverer"):
        _becomes_healthy(found[name], supervisor)
    port = int(found["web"].command[found["web"].command.index("--port") + 1])
    client = http.client.HTTPConnection("localhost", port, timeout=30)
    client.request("GET", "/")
    answer = client.getresponse()
    assert (answer.status, b"Sign in with Tesla" in answer.read()) == (200, True)
    client.close()
