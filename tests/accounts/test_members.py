"""The owner's page of people, and the invitations written there."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Invitation, Letter, User
from accounts.services import ending, invitations, members
from accounts.services.members import prove_address
from accounts.tasks import tidy
from tests.accounts.signing_in import link_in, newest_letter, sign_in, signed_in
from tests.accounts.test_audit import actions_of
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

MEMBERS = "/console/members"
ClientOf = Callable[[User], Client]
NEW = "another long password of tests"


@pytest.fixture
def desk(client: Client, owner: User) -> Client:
    """Return the browser of the owner, who has just signed in."""
    prove_address(owner)
    sign_in(client, "owner@example.com", "correct horse battery")
    return client


def invite(desk: Client, email: str = "Dora@example.com", role: str = "member") -> str:
    """Invite somebody, and return the path of the link in the letter."""
    answer = desk.post(MEMBERS, {"email": email, "role": role})
    assert answer["Location"] == MEMBERS
    return link_in(newest_letter()[2])


def test_members_and_invitations_are_listed(desk: Client, alice: User) -> None:
    page = desk.get(MEMBERS).content.decode()
    assert "alice@example.com" in page
    assert "waits on the" in page
    assert "Invited" not in page
    invite(desk)
    page = desk.get(MEMBERS).content.decode()
    assert "<strong>dora@example.com</strong>" in page
    assert "stands on the Letters page" in page


def test_page_is_for_the_owner_alone(
    client_of: ClientOf, client: Client, alice: User
) -> None:
    for method in ("get", "post"):
        assert getattr(client_of(alice), method)(MEMBERS).status_code == 404
    assert client.get(MEMBERS)["Location"] == f"/accounts/login/?next={MEMBERS}"
    address = f"{MEMBERS}/{alice.pk}/suspend"
    assert client_of(alice).post(address).status_code == 404
    alice.refresh_from_db()
    assert alice.is_active


def test_change_needs_a_fresh_proof(
    client_of: ClientOf, owner: User, alice: User
) -> None:
    desk = client_of(owner)
    asked = "/accounts/reauthenticate/?next=%2Fconsole%2Fmembers"
    for address in (MEMBERS, f"{MEMBERS}/{alice.pk}/suspend"):
        answer = desk.post(address, {"email": "x@example.com", "role": "owner"})
        assert answer["Location"] == asked
    assert not Invitation.objects.exists()


def test_invited_person_joins_with_a_password(desk: Client, owner: User) -> None:
    link = invite(desk)
    assert newest_letter()[:2] == (
        "dora@example.com",
        "Keyfob: You are invited to a Keyfob",
    )
    browser = Client()
    page = browser.get(link).content.decode()
    assert "dora@example.com may join this Keyfob." in page
    assert "Join with Tesla" in page
    unlike = browser.post(link, {"password1": NEW, "password2": "x"})
    assert "The two passwords are not alike." in unlike.content.decode()
    weak = browser.post(
        link, {"password1": "dora@example.com", "password2": "dora@example.com"}
    )
    assert "too similar" in weak.content.decode()
    answer = browser.post(link, {"password1": NEW, "password2": NEW})
    assert answer["Location"] == "/console/"
    assert signed_in(browser)
    dora = User.objects.get(email="dora@example.com")
    assert (dora.is_staff, dora.is_superuser) == (False, False)
    assert actions_of(dora) == ["sign_in", "member.joined"]
    assert actions_of(owner)[-1] == "member.invited"
    assert sign_in(Client(), "dora@example.com", NEW)["Location"] == "/console/"
    invitation = Invitation.objects.get()
    assert (invitation.member, invitation.accepted_at is None) == (dora, False)
    dora.delete()
    assert not Invitation.objects.exists()


def test_link_works_once(desk: Client) -> None:
    link = invite(desk)
    passwords = {"password1": NEW, "password2": NEW}
    Client().post(link, passwords)
    for answer in (Client().get(link), Client().post(link, passwords)):
        assert answer.status_code == 410
        assert "This invitation has ended" in answer.content.decode()
    assert User.objects.filter(email="dora@example.com").count() == 1


def test_link_ends_after_seven_days(desk: Client) -> None:
    link = invite(desk)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert Client().get(link).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        assert Client().get(link).status_code == 410


def test_link_is_kept_as_a_digest(desk: Client) -> None:
    secret = invite(desk).rpartition("/")[2]
    assert secret not in str(list(Invitation.objects.values()))
    assert secret not in str(list(Letter.objects.values()))


def test_owner_can_invite_an_owner(desk: Client) -> None:
    link = invite(desk, role="owner")
    assert "as one of its owners" in Client().get(link).content.decode()
    Client().post(link, {"password1": NEW, "password2": NEW})
    dora = User.objects.get(email="dora@example.com")
    assert (dora.is_staff, dora.is_superuser) == (True, True)


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"is_superuser": False}, None], ids=str
)
def test_invitation_ends_with_its_owner(
    desk: Client, owner: User, change: dict[str, bool] | None
) -> None:
    link = invite(desk, role="owner")
    if change is None:
        owner.delete()
    else:
        User.objects.filter(pk=owner.pk).update(**change)
    passwords = {"password1": NEW, "password2": NEW}
    for answer in (Client().get(link), Client().post(link, passwords)):
        assert answer.status_code == 410
    assert not User.objects.filter(email="dora@example.com").exists()


def test_invitation_is_taken_back(desk: Client, owner: User) -> None:
    link = invite(desk)
    invitation = Invitation.objects.get()
    desk.post(f"{MEMBERS}/invitations/{invitation.pk}/withdraw")
    assert Client().get(link).status_code == 410
    assert actions_of(owner)[-1] == "member.uninvited"
    again = desk.post(f"{MEMBERS}/invitations/{invitation.pk}/withdraw")
    assert again.status_code == 404


def test_second_invitation_ends_the_first(desk: Client) -> None:
    first, second = invite(desk), invite(desk)
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200
    assert Invitation.objects.count() == 1


def test_who_is_here_already_is_not_invited(desk: Client, alice: User) -> None:
    answer = desk.post(MEMBERS, {"email": "Alice@example.com", "role": "member"})
    assert answer.status_code == 422
    assert "Somebody with this address is here already." in answer.content.decode()
    answer = desk.post(MEMBERS, {"email": "x@example.com", "role": "king"})
    assert answer.status_code == 422
    assert not Invitation.objects.exists()


def test_address_that_was_taken_meanwhile_is_refused(desk: Client) -> None:
    link = invite(desk)
    User.objects.create_user("dora@example.com", PASSWORD)
    answer = Client().post(link, {"password1": NEW, "password2": NEW})
    assert answer.status_code == 410
    assert Invitation.objects.get().accepted_at is None
    with pytest.raises(invitations.AddressTaken) as caught:
        invitations.accept(link.rpartition("/")[2])
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_invitation_of_another_does_not_change_who_is_signed_in(desk: Client) -> None:
    link = invite(desk)
    page = desk.get(link).content.decode()
    assert "you are signed in as owner@example.com" in page
    assert desk.post(link, {"password1": NEW, "password2": NEW}).status_code == 200
    assert Invitation.objects.get().accepted_at is None


def test_guessing_links_is_limited() -> None:
    statuses = [Client().get("/invitation/guess").status_code for _ in range(31)]
    assert statuses == [410] * 30 + [429]


def test_old_invitations_are_forgotten(owner: User) -> None:
    invitation, _ = invitations.invite(owner, "dora@example.com", "member")
    assert str(invitation) == "invitation of dora@example.com"
    with time_machine.travel(timezone.now() + timedelta(days=96)):
        tidy()
    assert Invitation.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=98)):
        tidy()
    assert not Invitation.objects.exists()


def test_suspended_member_is_out_at_once_and_can_be_let_in_again(
    desk: Client, owner: User, alice: User
) -> None:
    prove_address(alice)
    hers = Client()
    sign_in(hers, "alice@example.com")
    desk.post(f"{MEMBERS}/{alice.pk}/suspend")
    assert not signed_in(hers)
    page = desk.get(MEMBERS).content.decode()
    assert '<span class="tag no">suspended</span>' in page
    answer = sign_in(Client(), "alice@example.com")
    assert answer["Location"] == "/accounts/inactive/"
    desk.post(f"{MEMBERS}/{alice.pk}/resume")
    assert sign_in(Client(), "alice@example.com")["Location"] == "/console/"
    assert "member.suspended" in actions_of(alice)
    assert actions_of(owner)[-2:] == ["member.suspended", "member.resumed"]


def test_member_who_is_leaving_is_not_let_in_again(desk: Client, alice: User) -> None:
    ending.lock_out(alice)
    page = desk.get(MEMBERS).content.decode()
    assert '<span class="tag no">being deleted</span>' in page
    assert "Let in again" not in page
    answer = desk.post(f"{MEMBERS}/{alice.pk}/resume", follow=True)
    assert "The account of alice@example.com is being deleted." in str(
        answer.content.decode()
    )
    alice.refresh_from_db()
    assert alice.is_active is False
    assert "member.resumed" not in actions_of(alice)


def test_sessions_of_a_member_are_ended(desk: Client, alice: User) -> None:
    prove_address(alice)
    hers = Client()
    sign_in(hers, "alice@example.com")
    desk.post(f"{MEMBERS}/{alice.pk}/end-sessions")
    assert not signed_in(hers)
    assert actions_of(alice)[-1] == "session.ended"
    assert signed_in(desk)


def test_owner_does_not_suspend_themselves(
    desk: Client, owner: User, client_of: ClientOf
) -> None:
    for act in ("suspend", "end-sessions", "resume"):
        assert desk.post(f"{MEMBERS}/{owner.pk}/{act}").status_code == 404
    with pytest.raises(members.LastOwner):
        members.suspend(owner)
    assert signed_in(desk)


def test_last_owner_cannot_be_suspended_by_one_who_is_out(
    desk: Client, owner: User, settings: Settings
) -> None:
    other = User.objects.create_owner("second@example.com", PASSWORD)
    User.objects.filter(pk=owner.pk).update(is_superuser=True)
    members.suspend(other)
    with pytest.raises(members.LastOwner):
        members.suspend(owner)
