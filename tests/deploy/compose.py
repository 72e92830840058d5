"""Read docker-compose.yml, and stand in for what Docker would provide."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Service:
    """Hold one service as Docker would start it: words, environment, health check."""

    name: str
    command: list[str]
    environment: dict[str, str]
    healthcheck: list[str]


def document() -> dict[str, Any]:
    """Return docker-compose.yml as it is written."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def env_file(path: Path) -> dict[str, str]:
    """Return the variables of an env file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and line[0] != "#"]
    return {name: value for name, _, value in pairs}


def services(provided: Mapping[str, str]) -> dict[str, Service]:
    """Return the services of the demo with Docker's part replaced.

    `provided` maps what Docker's networks and volumes give (host names, ports,
    folders) to what stands in for it here; nothing else of a command is changed.
    """
    variables = env_file(ROOT / "deploy" / "demo.env")
    return {
        name: Service(
            name,
            [_stood_in(word, provided, variables) for word in facts.get("command", [])],
            _environment(facts, provided, variables),
            [
                _stood_in(word, provided, variables)
                for word in facts.get("healthcheck", {}).get("test", ["CMD"])[1:]
            ],
        )
        for name, facts in document()["services"].items()
    }


def _environment(
    facts: Mapping[str, Any], provided: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, str]:
    file = variables if "env_file" in facts else {}
    own = {**file, **facts.get("environment", {})}
    image = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    found = {name: _stood_in(text, provided, variables) for name, text in own.items()}
    return {**image, **found}


def _stood_in(
    text: str, provided: Mapping[str, str], variables: Mapping[str, str]
) -> str:
    def value(match: re.Match[str]) -> str:
        name, kind, words = match.groups()
        if name in variables:
            return variables[name]
        assert kind == "-", f"{name}: {words}"
        return str(words)

    text = _VARIABLE.sub(value, text)
    for theirs, ours in provided.items():
        text = text.replace(theirs, ours)
    return text
