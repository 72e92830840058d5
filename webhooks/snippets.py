"""What a receiver runs to know that a request is ours: text to copy, by language."""

import shlex
from dataclasses import dataclass
from typing import Final

_PYTHON: Final = '''\
import base64, hashlib, hmac, os, time

SECRET = os.environ["KEYFOB_WEBHOOK_SECRET"]
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))


def is_from_keyfob(headers, body):
    """Check a request: its headers, and its body as the bytes that came."""
    sent_at = headers["webhook-timestamp"]
    if abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    digest = hmac.new(KEY, signed, hashlib.sha256).digest()
    wanted = "v1," + base64.b64encode(digest).decode()
    given = headers["webhook-signature"].split(" ")
    return any(hmac.compare_digest(wanted.encode(), one.encode()) for one in given)
'''

_JAVASCRIPT: Final = """\
import { createHmac, timingSafeEqual } from "node:crypto";

const secret = process.env.KEYFOB_WEBHOOK_SECRET;
const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");

// Checks a request: its headers, and its body as the Buffer that came.
export function isFromKeyfob(headers, body) {
  const id = headers["webhook-id"];
  const sentAt = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(sentAt)) <= 300)) {
    return false;
  }
  const hmac = createHmac("sha256", key).update(`${id}.${sentAt}.`).update(body);
  const wanted = Buffer.from(`v1,${hmac.digest("base64")}`);
  return headers["webhook-signature"].split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}
"""

_GO: Final = """\
package receiver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// IsFromKeyfob checks a request: its headers, and its body as it came.
func IsFromKeyfob(header http.Header, body []byte) bool {
	sentAt := header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sentAt, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	secret := strings.TrimPrefix(os.Getenv("KEYFOB_WEBHOOK_SECRET"), "whsec_")
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + sentAt + "."))
	mac.Write(body)
	wanted := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, given := range strings.Split(header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(wanted), []byte(given)) {
			return true
		}
	}
	return false
}
"""

_CURL: Final = """\
# Sends your receiver what Keyfob would send it, signed with your secret.
id=msg_by_hand
at=$(date +%s)
body='{body}'
key=$(printf %s "${{KEYFOB_WEBHOOK_SECRET#whsec_}}" | base64 -d | od -An -v -tx1 | tr -d ' \\n')
signature=$(printf %s "$id.$at.$body" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
curl -i {url} \\
  -H "Content-Type: application/json" \\
  -H "webhook-id: $id" \\
  -H "webhook-timestamp: $at" \\
  -H "webhook-signature: v1,$signature" \\
  -d "$body"
"""
_BODY: Final = '{"createdAt":"2026-01-01T00:00:00.000Z","vin":"TESTVIN0000000001","state":"online"}'


@dataclass(frozen=True, slots=True)
class Snippet:
    """One way to check or make a signature: its language, its id, the text."""

    language: str
    id: str
    text: str


def snippets(url: str) -> tuple[Snippet, ...]:
    """Return the check in three languages, and a signed request to `url` by curl.

    Each reads the secret from KEYFOB_WEBHOOK_SECRET.
    """
    return (
        Snippet("Python", "python", _PYTHON),
        Snippet("JavaScript", "javascript", _JAVASCRIPT),
        Snippet("Go", "go", _GO),
        Snippet("curl", "curl", _CURL.format(body=_BODY, url=shlex.quote(url))),
    )
