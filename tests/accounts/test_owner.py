"""The one-time code, the owner made by it, and the way back in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client

from accounts import audit
from accounts.models import OwnerCode, User
from accounts.services.ending import lock_out
from accounts.services.members import prove_address
from accounts.services.owner import (
    MOST_ATTEMPTS,
    AddressTaken,
    OwnerExists,
    WrongCode,
    make_owner,
    new_owner_code,
    owner,
    recovery_link,
)
from tests.accounts.signing_in import LOGIN, error_words, sign_in, signed_in
from tests.factories import PASSWORD, make_user

EMAIL = "owner@example.com"
WRONG = "AAAA-AAAA-AAAA-AAAA"


def _code() -> str:
    code = new_owner_code()
    assert code is not None
    return code


@pytest.mark.django_db
def test_code_makes_the_owner_once() -> None:
    code = _code()
    user = make_owner(code, "Owner@Example.com", PASSWORD)
    assert user == owner()
    assert (user.email, user.is_staff, user.is_superuser) == (EMAIL, True, True)
    assert user.check_password(PASSWORD)
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        (EMAIL, True, True)
    ]
    assert not OwnerCode.objects.exists()
    assert new_owner_code() is None
    with pytest.raises(OwnerExists):
        make_owner(code, "second@example.com", PASSWORD)


@pytest.mark.django_db
def test_code_is_stored_as_a_digest_only() -> None:
    code = _code()
    stored = OwnerCode.objects.get()
    assert len(stored.digest) == 64
    assert code not in str(vars(stored))
    assert str(stored) == "owner code"


@pytest.mark.django_db
def test_code_is_taken_however_it_is_typed() -> None:
    code = _code()
    make_owner(f" {code.lower().replace('-', ' ')} ", EMAIL, PASSWORD)


@pytest.mark.django_db
def test_new_code_ends_the_one_before() -> None:
    first, second = _code(), _code()
    assert OwnerCode.objects.count() == 1
    with pytest.raises(WrongCode):
        make_owner(first, EMAIL, PASSWORD)
    make_owner(second, EMAIL, PASSWORD)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", WRONG, "🔑", "\x00"])
def test_wrong_code_makes_nobody(code: str) -> None:
    _code()
    with pytest.raises(WrongCode):
        make_owner(code, EMAIL, PASSWORD)
    assert owner() is None


@pytest.mark.django_db
def test_without_a_code_nobody_becomes_owner() -> None:
    with pytest.raises(WrongCode):
        make_owner("", EMAIL, PASSWORD)


@pytest.mark.django_db
def test_code_is_dead_after_ten_wrong_ones() -> None:
    code = _code()
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(WrongCode):
            make_owner(WRONG, EMAIL, PASSWORD)
    with pytest.raises(WrongCode):
        make_owner(code, EMAIL, PASSWORD)
    make_owner(_code(), EMAIL, PASSWORD)


@pytest.mark.django_db
def test_address_of_a_member_is_refused_and_the_code_lives_on() -> None:
    make_user("member@example.com")
    code = _code()
    with pytest.raises(AddressTaken):
        make_owner(code, "Member@example.com", PASSWORD)
    make_owner(code, EMAIL, PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_code_typed_by_many_at_once_makes_one_owner() -> None:
    code = _code()

    def try_it(number: int) -> bool:
        try:
            make_owner(code, f"owner{number}@example.com", PASSWORD)
        except (OwnerExists, WrongCode):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(try_it, range(6)))
    assert sum(made) == 1
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_recovery_link_lets_a_locked_out_owner_back_in(client: Client) -> None:
    user = make_owner(_code(), EMAIL, PASSWORD)
    for _ in range(5):
        sign_in(client, EMAIL, "wrong password")
    assert error_words(sign_in(client, EMAIL)) == [
        "Too many failed login attempts. Try again later."
    ]
    link = recovery_link(user)
    assert link.startswith("http://localhost:8000/accounts/password/reset/key/")
    path = link.removeprefix("http://localhost:8000")
    form = client.get(path)["Location"]
    new = "chosen by the recovered owner"
    client.post(form, {"password1": new, "password2": new})
    assert not signed_in(client)
    sign_in(client, EMAIL, new)
    assert signed_in(client)
    assert Client().get(path).status_code == 200


@pytest.mark.django_db
def test_recovery_opens_the_lock_without_a_new_password(client: Client) -> None:
    user = make_owner(_code(), EMAIL, PASSWORD)
    for _ in range(5):
        sign_in(client, EMAIL, "wrong password")
    recovery_link(user)
    sign_in(client, EMAIL)
    assert signed_in(client)


@pytest.mark.django_db
def test_recovery_wakes_an_owner_who_was_switched_off(client: Client) -> None:
    user = User.objects.create_owner(EMAIL, PASSWORD)
    User.objects.filter(pk=user.pk).update(is_active=False)
    user.refresh_from_db()
    recovery_link(user)
    sign_in(client, EMAIL)
    assert signed_in(client)


@pytest.mark.django_db
def test_recovery_needs_an_address() -> None:
    user = User.objects.create_user(None)
    with pytest.raises(ValueError, match="no e-mail address"):
        recovery_link(user)


@pytest.mark.django_db
def test_prove_address_moves_the_primary_mark() -> None:
    user = make_user("first@example.com")
    prove_address(user)
    user.email = "second@example.com"
    user.save()
    prove_address(user)
    assert sorted(EmailAddress.objects.values_list("email", "primary")) == [
        ("first@example.com", False),
        ("second@example.com", True),
    ]


@pytest.mark.django_db
def test_login_hint_goes_when_the_owner_is_there(client: Client) -> None:
    assert "no owner yet" in client.get(LOGIN).content.decode()
    make_owner(_code(), EMAIL, PASSWORD)
    assert "no owner yet" not in client.get(LOGIN).content.decode()


@pytest.mark.django_db
def test_nobody_who_is_leaving_is_recovered(owner: User) -> None:
    lock_out(owner)
    with pytest.raises(ValueError, match="is being deleted"):
        recovery_link(owner)
    owner.refresh_from_db()
    assert owner.is_active is False


@pytest.mark.django_db
def test_recovery_is_in_the_trail(owner: User) -> None:
    recovery_link(owner)
    entry = audit.entries_about(owner).get()
    assert (entry.action, entry.detail) == ("recovery.begun", {"by_operator": True})
