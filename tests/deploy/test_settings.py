"""The settings: complete in `.env.example`, safe when deployed, clear when wrong."""

import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from console.settings import ENVIRONMENT

ROOT = Path(settings.BASE_DIR)
DEPLOYED = {
    "PATH": "/usr/bin:/bin",
    "PUBLIC_URL": "https://keyfob.example.com",
    "SECRET_KEY": "tests-of-the-deployed-settings-need-fifty-characters-here",
    "ENCRYPTION_KEYS": "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "TESLA_CLIENT_ID": "client",
    "TESLA_CLIENT_SECRET": "secret",
}


def _check(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        [sys.executable, *command],
        env={**DEPLOYED, "DATA": str(tmp_path), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_example_names_every_variable() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    found = [match[1] for line in lines if (match := re.match(r"#?([A-Z_]+)=", line))]
    names = set(ENVIRONMENT.names)
    read = {name for name in names if name.removesuffix("_FILE") not in names - {name}}
    assert sorted(found) == sorted(read | {"POSTGRES_PASSWORD"})


def test_example_explains_every_variable() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    for before, line in pairwise(lines):
        if re.match(r"#?[A-Z_]+=", line):
            assert re.match(r"# [A-Z].*|# [a-z]+:", before), line


def test_deployed_settings_pass_the_check(tmp_path: Path) -> None:
    outcome = _check(tmp_path)
    assert "no issues" in outcome.stdout + outcome.stderr
    assert outcome.returncode == 0


def test_bad_environment_is_listed_at_once_without_secrets(tmp_path: Path) -> None:
    outcome = _check(
        tmp_path,
        SECRET_KEY="short",
        ENCRYPTION_KEYS="k1:tooshort",
        TRUSTED_PROXY_COUNT="many",
        PUBLIC_URL="keyfob",
        TESLA_CLIENT_ID="",
    )
    assert outcome.returncode == 1
    problems = [line for line in outcome.stderr.splitlines() if line[:4] == "  - "]
    assert [line[4:].partition(":")[0] for line in problems] == [
        "PUBLIC_URL",
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "TRUSTED_PROXY_COUNT",
        "TESLA_CLIENT_ID",
    ]
    assert "tooshort" not in outcome.stderr


@pytest.mark.parametrize("name", ["run", "demo", "dev", "uv"])
def test_requirements_are_pinned_with_hashes_and_name_no_registry(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9-]+(?:\[[^\]]*\])?==\S+", text, re.MULTILINE)
    assert packages
    assert "://" not in text
    assert "--index" not in text
    for block in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in block


def test_version_is_the_changelogs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (
        re.findall(r"^## (\S+)", changes, re.MULTILINE)[0]
        == (project["project"]["version"])
    )


def test_tesla_s_server_without_a_public_certificate_stops_the_start(
    tmp_path: Path,
) -> None:
    outcome = _check(tmp_path, TELEMETRY_SOURCE="fleet-telemetry")
    (problem,) = [line for line in outcome.stderr.splitlines() if line[:4] == "  - "]
    assert problem.startswith("  - TELEMETRY_CERTIFICATE_FILE: is not set.")
    assert "TELEMETRY_CA_FILE" in problem
    files = ("CERTIFICATE_FILE", "CERTIFICATE_KEY_FILE", "CA_FILE")
    named = {f"TELEMETRY_{name}": f"/certificates/{name}" for name in files}
    started = _check(tmp_path, TELEMETRY_SOURCE="fleet-telemetry", **named)
    assert "Correct these environment variables" not in started.stderr


def test_provider_without_its_keys_stops_the_start(tmp_path: Path) -> None:
    outcome = _check(tmp_path, BILLING_PROVIDER="paddle", PADDLE_API_KEY="key")
    problems = [line for line in outcome.stderr.splitlines() if line[:4] == "  - "]
    assert [line[4:].partition(":")[0] for line in problems] == [
        "PADDLE_WEBHOOK_SECRETS",
        "PADDLE_CLIENT_TOKEN",
        "PADDLE_PRICES",
    ]


def test_stripe_beside_another_provider_needs_its_settings_too(tmp_path: Path) -> None:
    for facts in (
        {"BILLING_PROVIDER": "stripe", "STRIPE_API_KEY": "key"},
        {
            "BILLING_PROVIDER": "paddle",
            "STRIPE_API_KEY": "key",
            "PADDLE_API_KEY": "a",
            "PADDLE_WEBHOOK_SECRETS": "b",
            "PADDLE_CLIENT_TOKEN": "c",
            "PADDLE_PRICES": "vehicle:month=pri_1",
        },
    ):
        outcome = _check(tmp_path, **facts)
        problems = [line for line in outcome.stderr.splitlines() if line[:4] == "  - "]
        assert [line[4:].partition(":")[0] for line in problems] == [
            "STRIPE_WEBHOOK_SECRETS",
            "STRIPE_PRICES",
        ]
