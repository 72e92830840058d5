"""The page of access tokens: make one, see its text once, see when it was used."""

import re
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.factories import make_user
from tests.tokens.helpers import ClientOf, fresh_client
from tokens.models import MOST_ACCESS_TOKENS, AccessToken
from tokens.services import access_tokens as service

ADDRESS = "/console/tokens"
TEXT = re.compile(r"kf_[0-9A-Za-z]{38}")


@pytest.fixture
def client(alice: User) -> Client:
    return fresh_client(alice)


def _form_id(client: Client) -> str:
    page = client.get(ADDRESS).content.decode()
    found = re.search(r'name="form_id" value="([0-9a-f]{32})"', page)
    assert found is not None
    return found.group(1)


def test_page_of_a_new_user_teaches(alice: User, client_of: ClientOf) -> None:
    answer = client_of(alice).get(ADDRESS)
    assert answer.status_code == 200
    assert b"No program may call yet" in answer.content
    assert b"0 of 10" in answer.content


def test_make_shows_the_text_once_with_both_ways_to_use_it(
    alice: User, client: Client
) -> None:
    answer = client.post(ADDRESS, {"name": "Home Assistant"})
    page = answer.content.decode()
    (text,) = set(TEXT.findall(page))
    row = AccessToken.objects.get()
    assert (row.user, row.name) == (alice, "Home Assistant")
    assert row.digest == service.digest(text)
    assert "no-store" in answer["Cache-Control"].split(", ")
    products = f"{settings.PUBLIC_URL}/api/1/products"
    assert f"Authorization: Bearer {text}&quot; {products}" in page
    assert f"{products}?token={text}" in page
    assert TEXT.search(client.get(ADDRESS).content.decode()) is None
    assert text not in str(dict(client.session))


def test_page_without_tokens_in_addresses_shows_the_header_alone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "TOKEN_IN_QUERY", False)
    page = client.post(ADDRESS, {"name": "x"}).content.decode()
    assert "Authorization: Bearer kf_" in page
    assert "?token=" not in page


def test_answer_loaded_again_makes_no_second_token(client: Client) -> None:
    fields = {"name": "evcc", "form_id": _form_id(client)}
    assert client.post(ADDRESS, fields).status_code == 200
    again = client.post(ADDRESS, fields)
    assert (again.status_code, again["Location"]) == (302, ADDRESS)
    assert AccessToken.objects.count() == 1
    assert b"made already" in client.get(ADDRESS).content


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb", "a\x00b", "a\u202eb"])
def test_name_that_is_none_is_refused(client: Client, name: str) -> None:
    answer = client.post(ADDRESS, {"name": name})
    assert answer.status_code == 400
    assert b"errorlist" in answer.content
    assert AccessToken.objects.count() == 0


def test_name_of_eighty_signs_is_taken_and_stripped(client: Client) -> None:
    client.post(ADDRESS, {"name": " " + "é" * 80 + " "})
    assert AccessToken.objects.get().name == "é" * 80


def test_other_fields_are_not_heard(alice: User, client: Client, bob: User) -> None:
    extra = {"user": str(bob.pk), "digest": "0" * 64, "is_staff": "1", "scopes": "all"}
    client.post(ADDRESS, {"name": "x", **extra})
    row = AccessToken.objects.get()
    assert row.user == alice
    assert row.digest != "0" * 64


def test_eleventh_token_is_refused_in_words(alice: User, client: Client) -> None:
    for number in range(MOST_ACCESS_TOKENS):
        service.issue(alice, str(number))
    assert b"as many as one login may have" in client.get(ADDRESS).content
    answer = client.post(ADDRESS, {"name": "one more"})
    assert answer.status_code == 409
    assert b"You have 10 access tokens. Remove one first." in answer.content
    assert AccessToken.objects.count() == 10


def test_list_tells_last_use_and_client_as_text(
    alice: User, client_of: ClientOf
) -> None:
    odd = "<script>alert(1)</script>"
    _, text = service.issue(alice, odd)
    service.issue(alice, "unused")
    used_at = timezone.now() - timedelta(hours=3)
    service.touch({service.digest(text): (used_at, odd + "/2")})
    page = client_of(alice).get(ADDRESS).content.decode()
    assert odd not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2
    assert "3 h ago" in page
    assert "waiting for its first call" in page


def test_list_shows_one_s_own_tokens_alone(
    alice: User, charlie: User, client_of: ClientOf
) -> None:
    service.issue(alice, "the name of a token of Alice")
    assert b"the name of a token of Alice" in client_of(alice).get(ADDRESS).content
    assert b"the name of a token" not in client_of(charlie).get(ADDRESS).content


def test_page_wants_a_sign_in(db: None) -> None:
    for answer in (Client().get(ADDRESS), Client().post(ADDRESS, {"name": "x"})):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/?next=/console/tokens")
    assert AccessToken.objects.count() == 0


def test_make_wants_a_csrf_token(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert strict.post(ADDRESS, {"name": "x"}).status_code == 403
    assert AccessToken.objects.count() == 0


def test_old_sign_in_is_proved_by_the_password_first(
    alice: User, client: Client
) -> None:
    session = client.session
    (record,) = session["account_authentication_methods"]
    record["at"] = time.time() - 301
    session["account_authentication_methods"] = [record]
    session.save()
    answer = client.post(ADDRESS, {"name": "A & B"})
    assert answer.status_code == 302
    assert answer["Location"] == (
        "/accounts/reauthenticate/?next=%2Fconsole%2Ftokens%3Fname%3DA%2B%2526%2BB"
    )
    assert AccessToken.objects.count() == 0
    back = client.get(f"{ADDRESS}?name=A+%26+B").content.decode()
    assert 'value="A &amp; B"' in back


def test_user_without_a_password_proves_it_at_tesla(
    client_of: ClientOf, db: None
) -> None:
    member = make_user("dora@example.com")
    member.set_unusable_password()
    member.save()
    client = client_of(member)
    answer = client.post(ADDRESS, {"name": "x"}, follow=True)
    assert [address for address, _ in answer.redirect_chain] == [
        "/accounts/reauthenticate/?next=%2Fconsole%2Ftokens%3Fname%3Dx",
        "/accounts/tesla/prove?next=%2Fconsole%2Ftokens%3Fname%3Dx",
    ]
    assert b"sign in with Tesla once more" in answer.content
    assert b'value="again"' in answer.content
    assert AccessToken.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_list_costs_the_same_queries(
    alice: User,
    client_of: ClientOf,
    rows: int,
    django_assert_max_num_queries: object,
) -> None:
    for number in range(rows):
        service.issue(alice, str(number))
    client = client_of(alice)
    assert callable(django_assert_max_num_queries)
    with django_assert_max_num_queries(5):
        client.get(ADDRESS)


def test_remove_asks_first_and_then_removes(alice: User, client_of: ClientOf) -> None:
    made, _ = service.issue(alice, "evcc")
    client, address = client_of(alice), f"{ADDRESS}/{made.pk}/remove"
    question = client.get(address)
    assert b"<h1>Remove evcc?</h1>" in question.content
    assert AccessToken.objects.count() == 1
    answer = client.post(address)
    assert (answer.status_code, answer["Location"]) == (302, ADDRESS)
    assert AccessToken.objects.count() == 0
    assert b"evcc is removed" in client.get(ADDRESS).content
    assert client.post(address).status_code == 404


def test_remove_of_another_s_token_is_as_unknown(
    alice: User, charlie: User, client_of: ClientOf
) -> None:
    made, _ = service.issue(alice, "evcc")
    client = client_of(charlie)
    for pk in (made.pk, uuid4()):
        for ask in (client.get, client.post):
            assert ask(f"{ADDRESS}/{pk}/remove").status_code == 404
    assert AccessToken.objects.count() == 1


def test_remove_wants_a_csrf_token_and_a_sign_in(alice: User) -> None:
    made, _ = service.issue(alice, "evcc")
    address = f"{ADDRESS}/{made.pk}/remove"
    assert Client().post(address).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert strict.post(address).status_code == 403
    assert AccessToken.objects.count() == 1
