"""Encryption at rest: what opens, and what must not."""

import base64

import pytest
from pytest_django import Settings

from accounts.crypto import Undecryptable, context_of, seal, unseal
from accounts.models import Letter

OLD, NEW = bytes(32), bytes(range(32))
HERE = "table|1|column_sealed"


@pytest.mark.parametrize("plain", ["", "a refresh token", "ключ 🔑", "x" * 5000])
def test_seal_is_opened_by_unseal_in_the_same_context(plain: str) -> None:
    assert unseal(seal(plain, context=HERE), context=HERE) == plain


def test_seal_names_version_and_newest_key(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    version, key_id, blob = seal("secret", context=HERE).split(":")
    assert (version, key_id) == ("v1", "new")
    # 12 bytes of nonce, the text, 16 bytes of tag.
    assert len(base64.b64decode(blob)) == 12 + len("secret") + 16


def test_seal_never_makes_the_same_text_twice() -> None:
    assert len({seal("secret", context=HERE) for _ in range(20)}) == 20


def test_unseal_opens_texts_of_older_keys(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = {"old": OLD}
    sealed = seal("secret", context=HERE)
    settings.ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    assert unseal(sealed, context=HERE) == "secret"


def test_unseal_refuses_a_text_moved_to_another_row() -> None:
    sealed = seal("secret", context=HERE)
    with pytest.raises(Undecryptable, match="for another row"):
        unseal(sealed, context="table|2|column_sealed")


def test_unseal_names_the_key_that_is_missing(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = {"old": OLD}
    sealed = seal("secret", context=HERE)
    settings.ENCRYPTION_KEYS = {"new": NEW}
    with pytest.raises(Undecryptable, match="'old' is not set") as caught:
        unseal(sealed, context=HERE)
    assert caught.value.key_id == "old"


def test_unseal_refuses_another_key_of_the_same_id(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = {"k": OLD}
    sealed = seal("secret", context=HERE)
    settings.ENCRYPTION_KEYS = {"k": NEW}
    with pytest.raises(Undecryptable):
        unseal(sealed, context=HERE)


@pytest.mark.parametrize(
    "text",
    ["", "secret", "v1:", "v1:t1", "v1:t1:", "v2:t1:AAAA", "v1:t1:!", "v1:t1:AAAA"],
)
def test_unseal_refuses_what_is_no_sealed_text(text: str) -> None:
    with pytest.raises(Undecryptable):
        unseal(text, context=HERE)


def test_unseal_refuses_a_changed_text() -> None:
    sealed = seal("secret", context=HERE)
    changed = sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")
    with pytest.raises(Undecryptable):
        unseal(changed, context=HERE)


def test_errors_never_hold_the_text() -> None:
    sealed = seal("secret", context=HERE)
    with pytest.raises(Undecryptable) as caught:
        unseal(sealed, context="elsewhere")
    assert sealed not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_context_of_names_table_row_and_column() -> None:
    letter = Letter()
    assert (
        context_of(letter, "body_sealed") == f"accounts_letter|{letter.id}|body_sealed"
    )
