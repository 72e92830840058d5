"""Write a call down for a terminal, for Python and for TypeScript."""

import json
import pprint
import shlex
from dataclasses import dataclass

from api.describing import example_body, example_path
from fleet.endpoints import Endpoint

_BEARER = "Authorization: Bearer $KEYFOB_TOKEN"


@dataclass(frozen=True, slots=True)
class Snippet:
    """One way to make a call: the language's name for people, its id, the text."""

    language: str
    id: str
    text: str


def snippets(endpoint: Endpoint, base_url: str) -> tuple[Snippet, ...]:
    """Return the call in each language; an access token comes from KEYFOB_TOKEN."""
    url = f"{base_url}{example_path(endpoint)}"
    body = example_body(endpoint)
    return (
        Snippet("curl", "curl", _curl(endpoint, url, body)),
        Snippet("Python", "python", _python(endpoint, url, body)),
        Snippet("TypeScript", "typescript", _typescript(endpoint, url, body)),
    )


def _curl(endpoint: Endpoint, url: str, body: dict[str, object] | None) -> str:
    parts = ["curl" if endpoint.method == "GET" else f"curl -X {endpoint.method}"]
    if not endpoint.public:
        parts.append(f'-H "{_BEARER}"')
    if body is not None:
        parts.append('-H "Content-Type: application/json"')
        parts.append(f"-d {shlex.quote(json.dumps(body))}")
    parts.append(f'"{url}"')
    return " \\\n  ".join(parts)


def _python(endpoint: Endpoint, url: str, body: dict[str, object] | None) -> str:
    lines = ["import os", "", "import requests", ""]
    lines += ["answer = requests.request(", f'    "{endpoint.method}",']
    lines.append(f'    "{url}",')
    if not endpoint.public:
        bearer = "f\"Bearer {os.environ['KEYFOB_TOKEN']}\""
        lines.append(f'    headers={{"Authorization": {bearer}}},')
    if body is not None:
        lines.append(f"    json={pprint.pformat(body, sort_dicts=False)},")
    lines += ["    timeout=60,", ")", "answer.raise_for_status()"]
    shown = "answer.json()" if endpoint.content == "json" else "answer.text"
    return "\n".join([*lines, f"print({shown})"])


def _typescript(endpoint: Endpoint, url: str, body: dict[str, object] | None) -> str:
    headers = []
    if not endpoint.public:
        headers.append("Authorization: `Bearer ${process.env.KEYFOB_TOKEN}`")
    if body is not None:
        headers.append('"Content-Type": "application/json"')
    lines = [
        f'const answer = await fetch("{url}", {{',
        f'  method: "{endpoint.method}",',
    ]
    if headers:
        lines.append("  headers: {")
        lines += [f"    {header}," for header in headers]
        lines.append("  },")
    if body is not None:
        lines.append(f"  body: JSON.stringify({json.dumps(body)}),")
    shown = "answer.json()" if endpoint.content == "json" else "answer.text()"
    return "\n".join([*lines, "});", f"console.log(answer.status, await {shown});"])
