"""What receivers copy really tells our requests from those of others."""

import base64
import json
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from webhooks.snippets import snippets

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = '{"state":"online","note":"zö\N{ELECTRIC PLUG}"}'
TEXTS = {one.id: one.text for one in snippets("https://example.com/hook?a=1&b='2'")}
GO = shutil.which("go")
NODE = shutil.which("node")
ENV = {"KEYFOB_WEBHOOK_SECRET": SECRET, "PATH": "/usr/local/bin:/usr/bin:/bin"}


def headers_of(body: str, *, id_: str = "msg_1", age_s: int = 0) -> dict[str, str]:
    """Return the headers of a request that the standard's own library signed."""
    at = int(time.time()) - age_s
    signature = Webhook(SECRET).sign(id_, datetime.fromtimestamp(at, UTC), body)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,bm90aGluZw== {signature}",
    }


def cases() -> list[tuple[dict[str, str], str, bool]]:
    """Return requests: headers, body, and whether they are ours."""
    ours = headers_of(BODY)
    return [
        (ours, BODY, True),
        (ours, BODY + " ", False),
        (ours | {"webhook-id": "msg_2"}, BODY, False),
        (headers_of(BODY, age_s=290), BODY, True),
        (headers_of(BODY, age_s=400), BODY, False),
        (headers_of(BODY, age_s=-400), BODY, False),
        (ours | {"webhook-signature": "v1,"}, BODY, False),
    ]


def run(command: list[str], text: str) -> list[bool]:
    """Run a program that reads requests and prints what it makes of each."""
    asked = json.dumps([[headers, body] for headers, body, _ in cases()])
    done = subprocess.run(
        [*command, text],
        input=asked.encode(),
        env=ENV,
        capture_output=True,
        check=True,
    )
    answers: list[bool] = json.loads(done.stdout)
    return answers


def test_python_knows_our_requests() -> None:
    asking = (
        "\nimport json, sys\n"
        "asked = json.load(sys.stdin)\n"
        "print(json.dumps([is_from_keyfob(h, b.encode()) for h, b in asked]))"
    )
    answers = run([sys.executable, "-X", "utf8", "-c"], TEXTS["python"] + asking)
    assert answers == [is_ours for _, _, is_ours in cases()]


@pytest.mark.skipif(NODE is None, reason="needs Node.js")
def test_javascript_knows_our_requests() -> None:
    asking = (
        '\nimport { readFileSync } from "node:fs";\n'
        'const asked = JSON.parse(readFileSync(0, "utf8"));\n'
        "console.log(JSON.stringify(asked.map(([h, b]) => "
        "isFromKeyfob(h, Buffer.from(b)))));"
    )
    command = [str(NODE), "--input-type=module", "-e"]
    answers = run(command, TEXTS["javascript"] + asking)
    assert answers == [is_ours for _, _, is_ours in cases()]


@pytest.mark.skipif(GO is None, reason="needs Go")
def test_go_knows_our_requests(tmp_path: Path) -> None:
    main = (
        'import "encoding/json"\nimport "fmt"\nfunc main() {\n'
        "\tvar asked [][]json.RawMessage\n"
        "\tjson.NewDecoder(os.Stdin).Decode(&asked)\n\tsaid := []bool{}\n"
        "\tfor _, one := range asked {\n\t\tvar plain map[string]string\n"
        "\t\tvar body string\n\t\tjson.Unmarshal(one[0], &plain)\n"
        "\t\tjson.Unmarshal(one[1], &body)\n\t\theader := http.Header{}\n"
        "\t\tfor name, value := range plain {\n\t\t\theader.Set(name, value)\n\t\t}\n"
        "\t\tsaid = append(said, IsFromKeyfob(header, []byte(body)))\n\t}\n"
        "\ttext, _ := json.Marshal(said)\n\tfmt.Println(string(text))\n}\n"
    )
    imports, body = main.split("func main", 1)
    text = TEXTS["go"].replace("package receiver\n", f"package main\n{imports}", 1)
    program = tmp_path / "main.go"
    program.write_text(f"{text}\nfunc main{body}")
    asked = json.dumps([[headers, body] for headers, body, _ in cases()])
    env = ENV | {"HOME": str(tmp_path)}
    done = subprocess.run(
        [str(GO), "run", str(program)],
        input=asked.encode(),
        env=env,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == [is_ours for _, _, is_ours in cases()]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs OpenSSL")
def test_curl_sends_what_the_standard_s_library_takes() -> None:
    # A function of the shell stands in for the program and shows what it was given.
    told = 'curl() { printf "%s\\0" "$@"; }\n' + TEXTS["curl"]
    done = subprocess.run(["sh", "-c", told], env=ENV, capture_output=True, check=True)
    given = done.stdout.decode().split("\0")[:-1]
    assert given[1] == "https://example.com/hook?a=1&b='2'"
    headers = dict(
        given[at + 1].split(": ", 1) for at, one in enumerate(given) if one == "-H"
    )
    body = given[given.index("-d") + 1]
    Webhook(SECRET).verify(body, headers)
    assert json.loads(body)["state"] == "online"
