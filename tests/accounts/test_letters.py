"""Letters kept for the owner: the store, the mail backend, the page."""

from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPException
from typing import NoReturn

import pytest
import time_machine
from django.core.mail import EmailMessage, send_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Letter, User
from accounts.services.letters import body_of, forget_old, keep
from accounts.tasks import tidy
from tests.accounts.signing_in import newest_letter

pytestmark = pytest.mark.django_db

LETTERS = "/console/letters"
ClientOf = Callable[[User], Client]


class BrokenServer(BaseEmailBackend):
    """A mail server that takes no letter."""

    def send_messages(self, email_messages: object) -> NoReturn:  # noqa: ARG002  # Django's signature
        """Fail as smtplib does."""
        raise SMTPException("451 try again later")


def test_letter_is_stored_encrypted() -> None:
    letter = keep("bob@example.com", "A link", "http://localhost:8000/secret")
    assert "secret" not in letter.body_sealed
    assert body_of(letter) == "http://localhost:8000/secret"
    assert str(letter) == "A link"


def test_letter_moved_to_another_row_cannot_be_read(
    client_of: ClientOf, owner: User
) -> None:
    first, second = keep("a@example.com", "1", "one"), keep("b@example.com", "2", "two")
    Letter.objects.filter(pk=second.pk).update(body_sealed=first.body_sealed)
    second.refresh_from_db()
    assert body_of(second) is None
    response = client_of(owner).get(LETTERS)
    assert response.status_code == 200
    assert "This letter can no longer be decrypted." in response.content.decode()


def test_long_subject_is_cut() -> None:
    assert keep("bob@example.com", "s" * 300, "").subject == "s" * 200


def test_letters_are_forgotten_after_seven_days() -> None:
    keep("bob@example.com", "old", "one")
    now = timezone.now()
    assert forget_old(now + timedelta(days=6, hours=23)) == 0
    with time_machine.travel(now + timedelta(days=7, hours=1)):
        keep("bob@example.com", "new", "two")
    assert list(Letter.objects.values_list("subject", flat=True)) == ["new"]


def test_tidy_forgets_letters_and_ended_sessions(
    client_of: ClientOf, owner: User
) -> None:
    keep("bob@example.com", "old", "one")
    browser = client_of(owner)
    tidy()
    assert Letter.objects.count() == 1
    assert browser.session.exists(browser.session.session_key or "")
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        tidy()
        assert Letter.objects.count() == 0
        assert not browser.session.exists(browser.session.session_key or "")


def test_mail_without_a_server_is_kept_for_each_recipient() -> None:
    message = EmailMessage("Hello", "Text", to=["a@example.com"], cc=["b@example.com"])
    assert message.send() == 1
    assert sorted(Letter.objects.values_list("to", "subject")) == [
        ("a@example.com", "Hello"),
        ("b@example.com", "Hello"),
    ]


def test_mail_without_a_server_tells_how_many_were_kept() -> None:
    assert send_mail("Hello", "Text", None, ["a@example.com"]) == 1


def test_letter_that_the_server_refuses_is_kept(
    client: Client, settings: Settings, alice: User
) -> None:
    settings.EMAIL_BACKEND = "tests.accounts.test_letters.BrokenServer"
    for email in ("alice@example.com", "nobody@example.com"):
        response = client.post("/accounts/password/reset/", {"email": email})
        assert response.status_code == 302
        assert newest_letter()[0] == email


def test_owner_reads_letters_with_links_and_without_markup(
    client_of: ClientOf, owner: User
) -> None:
    keep(
        "bob@example.com",
        "<b>Hi</b>",
        "<script>alert(1)</script> http://localhost:8000/x",
    )
    page = client_of(owner).get(LETTERS).content.decode()
    assert "bob@example.com" in page
    assert "&lt;b&gt;Hi&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<a href="http://localhost:8000/x" rel="nofollow">' in page


def test_letters_page_teaches_when_it_is_empty(
    client_of: ClientOf, owner: User, settings: Settings
) -> None:
    page = client_of(owner).get(LETTERS).content.decode()
    assert "No letter waits." in page
    assert "has no mail server" in page
    settings.MAIL_SERVER = True
    page = client_of(owner).get(LETTERS).content.decode()
    assert "could not be mailed" in page


def test_letters_are_for_the_owner_alone(
    client: Client, client_of: ClientOf, alice: User, charlie: User
) -> None:
    keep("alice@example.com", "A link", "http://localhost:8000/secret")
    for member in (alice, charlie):
        response = client_of(member).get(LETTERS)
        assert response.status_code == 404
        assert b"secret" not in response.content
    response = client.get(LETTERS)
    assert response["Location"] == f"/accounts/login/?next={LETTERS}"
    assert client.post(LETTERS).status_code == 405


@pytest.mark.parametrize("count", [1, 3])
def test_letters_page_asks_the_database_once_for_all(
    client_of: ClientOf,
    owner: User,
    count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(count):
        keep("bob@example.com", f"Letter {number}", "text")
    browser = client_of(owner)
    with django_assert_max_num_queries(6):
        page = browser.get(LETTERS).content.decode()
    assert page.count("bob@example.com") == count
