"""The text of access tokens, how they are made, and what is noted of their use."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import serializers
from django.utils import timezone

from accounts.models import User
from tests.factories import make_user
from tokens.models import MOST_ACCESS_TOKENS, AccessToken
from tokens.services import access_tokens
from tokens.services.access_tokens import is_well_formed

# gzip says that the CRC-32 of the 32 characters is 0xF78E7BA9; `bc` turns it to base 62.
KNOWN = "kf_Keyfob0TestVector0123456789abcde4X4rgv"


@pytest.fixture
def text(alice: User) -> str:
    return access_tokens.issue(alice, "Home Assistant")[1]


def test_issue_makes_a_text_that_scanners_know(text: str) -> None:
    assert re.fullmatch(r"kf_[0-9A-Za-z]{38}", text)
    assert is_well_formed(text)


def test_is_well_formed_knows_a_text_worked_out_elsewhere() -> None:
    assert is_well_formed(KNOWN)
    assert not is_well_formed(KNOWN.replace("4X4rgv", "4X4rgw"))


def test_issue_keeps_the_digest_and_a_hint_alone(alice: User) -> None:
    made, text = access_tokens.issue(alice, "Home Assistant")
    dump = serializers.serialize("json", AccessToken.objects.all())
    assert (made.digest, made.hint) == (access_tokens.digest(text), text[:6])
    assert text not in dump
    assert re.search(r"kf_[0-9A-Za-z]{4}", dump) is None


def test_issue_never_repeats_a_text(alice: User) -> None:
    texts = {access_tokens.issue(alice, "one")[1] for _ in range(10)}
    assert len(texts) == 10


def test_issue_stops_at_the_limit_and_goes_on_after_a_removal(alice: User) -> None:
    made, _ = access_tokens.issue(alice, "0")
    for number in range(1, MOST_ACCESS_TOKENS):
        access_tokens.issue(alice, str(number))
    with pytest.raises(access_tokens.TooManyAccessTokens):
        access_tokens.issue(alice, "one more")
    assert AccessToken.objects.filter(user=alice).count() == MOST_ACCESS_TOKENS
    access_tokens.remove(made)
    assert access_tokens.issue(alice, "one more")[0].name == "one more"


def test_issue_counts_each_user_apart(alice: User, bob: User) -> None:
    for number in range(MOST_ACCESS_TOKENS):
        access_tokens.issue(alice, str(number))
    assert access_tokens.issue(bob, "first")[0].user == bob


def test_issue_makes_one_token_of_a_form_sent_twice(alice: User, bob: User) -> None:
    access_tokens.issue(alice, "evcc", form_id="f1")
    with pytest.raises(access_tokens.AlreadyIssued):
        access_tokens.issue(alice, "evcc", form_id="f1")
    assert access_tokens.issue(bob, "evcc", form_id="f1")[0].user == bob
    assert AccessToken.objects.count() == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda _: "Bearer",
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: "kg" + text[2:],
        lambda text: text[:10] + ("a" if text[10] != "a" else "b") + text[11:],
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: text[:10] + "é" + text[11:],
        lambda text: text[:10] + "\x00" + text[11:],
        lambda text: text[:10] + "-" + text[11:],
        lambda _: "kf_" + "A" * 10_000,
        lambda _: "\ud800" * 41,
    ],
)
def test_is_well_formed_refuses_a_spoiled_text(text: str, spoil: object) -> None:
    assert callable(spoil)
    assert is_well_formed(spoil(text)) is False


def test_digest_takes_any_text() -> None:
    assert len(access_tokens.digest("\ud800é")) == 64


def test_touch_writes_when_and_by_whom(alice: User, text: str) -> None:
    now = timezone.now()
    assert access_tokens.touch({access_tokens.digest(text): (now, "curl/8.5")}) == 1
    row = AccessToken.objects.get()
    assert (row.last_used_at, row.last_used_by) == (now, "curl/8.5")


def test_touch_writes_once_a_minute(alice: User, text: str) -> None:
    now, digest = timezone.now(), access_tokens.digest(text)
    seconds = (0, 59, 60, 119, 121)
    written = [
        access_tokens.touch({digest: (now + timedelta(seconds=after), "x")})
        for after in seconds
    ]
    assert written == [1, 0, 1, 0, 1]


def test_touch_keeps_one_printable_line_of_the_client(alice: User, text: str) -> None:
    client = 'a\n{"level": "info"}\x1b[31m' + "é" * 500
    access_tokens.touch({access_tokens.digest(text): (timezone.now(), client)})
    kept = AccessToken.objects.get().last_used_by
    assert kept.startswith('a{"level": "info"}[31mé')
    assert len(kept) == 200


def test_touch_leaves_unknown_tokens_alone(db: None) -> None:
    assert access_tokens.touch({uuid4().hex: (timezone.now(), "x")}) == 0


def test_remove_is_safe_to_repeat(alice: User) -> None:
    made, _ = access_tokens.issue(make_user("dora@example.com"), "x")
    access_tokens.remove(made)
    access_tokens.remove(made)
    assert AccessToken.objects.count() == 0
