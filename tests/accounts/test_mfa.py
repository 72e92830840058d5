"""Second factors: set up, asked for, used once, encrypted, and no way around them."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import audit, crypto
from accounts.mfa import MFAAdapter, has_factor
from accounts.models import Letter, User
from accounts.services import sealed
from tests.accounts.factors import SECRET, code_now, set_up_app
from tests.accounts.signing_in import link_in, make_member, newest_letter, sign_in
from tests.accounts.test_audit import actions_of
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

INDEX = "/accounts/2fa/"
STEP = "/accounts/2fa/authenticate/"
SET_UP = "/accounts/2fa/totp/activate/"
CODES = "/accounts/2fa/recovery-codes/"
PASSKEY = "/accounts/2fa/webauthn/login/"
AGAIN = "/accounts/reauthenticate/"


@pytest.fixture
def member() -> User:
    """Return a member who can sign in by password."""
    return make_member("alice@example.com")


def signed_in(client: Client) -> bool:
    """Tell whether this browser reaches the page of second factors."""
    return client.get(INDEX).status_code == 200


def test_app_is_set_up_after_a_proof_and_told_of(client: Client, member: User) -> None:
    sign_in(client, "alice@example.com")
    assert client.get(SET_UP)["Location"].startswith(AGAIN)
    client.post(AGAIN, {"password": PASSWORD})
    page = client.get(SET_UP)
    secret = page.context["form"].secret
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    assert "issuer=Keyfob" in page.context["totp_url"]
    wrong = client.post(SET_UP, {"code": "000000"})
    assert wrong.context["form"].errors == {"code": ["Incorrect code."]}
    answer = client.post(SET_UP, {"code": code_now(secret)})
    assert answer["Location"] == CODES
    assert actions_of(member)[-2:] == ["sign_in", "sign_in"] or has_factor(member)
    codes = client.get(CODES)
    assert len(codes.context["unused_codes"]) == 10
    assert codes.context["unused_codes"][0] in codes.content.decode()
    assert "10 of 10 are left" in client.get(INDEX).content.decode()


@pytest.mark.django_db(transaction=True)
def test_setting_up_and_removing_an_app_writes_letters_and_the_trail(
    client: Client,
) -> None:
    member = make_member("alice@example.com")
    sign_in(client, "alice@example.com")
    client.post(AGAIN, {"password": PASSWORD})
    secret = client.get(SET_UP).context["form"].secret
    client.post(SET_UP, {"code": code_now(secret)})
    assert newest_letter()[1] == "Keyfob: An authenticator app was set up"
    client.post("/accounts/2fa/recovery-codes/generate/")
    assert newest_letter()[1] == "Keyfob: New recovery codes were made"
    page = client.get("/accounts/2fa/totp/deactivate/").content.decode()
    assert "Remove the authenticator app?" in page
    client.post("/accounts/2fa/totp/deactivate/")
    assert newest_letter()[1] == "Keyfob: The authenticator app was removed"
    assert not Authenticator.objects.exists()
    assert sorted(actions_of(member)) == [
        "mfa.added",
        "mfa.added",
        "mfa.removed",
        "mfa.removed",
        "mfa.renewed",
        "sign_in",
    ]


@pytest.mark.django_db(transaction=True)
def test_first_factor_ends_the_sessions_that_never_gave_it(client: Client) -> None:
    member = make_member("alice@example.com")
    other = Client()
    for browser in (client, other):
        sign_in(browser, "alice@example.com")
    client.post(AGAIN, {"password": PASSWORD})
    secret = client.get(SET_UP).context["form"].secret
    client.post(SET_UP, {"code": code_now(secret)})
    assert has_factor(member)
    assert [signed_in(client), signed_in(other)] == [True, False]
    assert actions_of(member).count("session.ended") == 1


@pytest.mark.parametrize(
    "address", ["/accounts/2fa/totp/deactivate/", CODES + "generate/"]
)
def test_factor_is_not_changed_without_a_fresh_proof(
    client: Client, member: User, address: str
) -> None:
    set_up_app(member)
    sign_in(client, "alice@example.com")
    client.post(STEP, {"code": code_now()})
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        answer = client.post(address)
    assert answer["Location"].startswith((AGAIN, "/accounts/2fa/reauthenticate/"))
    assert Authenticator.objects.filter(user=member).count() == 2


def test_password_alone_does_not_open_an_account_with_an_app(
    client: Client, member: User
) -> None:
    set_up_app(member)
    assert sign_in(client, "alice@example.com")["Location"] == STEP
    assert not signed_in(client)
    assert "One step more" in client.get(STEP).content.decode()
    wrong = client.post(STEP, {"code": "000000"})
    assert wrong.context["form"].errors == {"code": ["Incorrect code."]}
    answer = client.post(STEP, {"code": code_now()})
    assert answer["Location"] == "/console/"
    assert signed_in(client)
    entry = audit.entries_of(member).order_by("-pk")[0]
    assert (entry.action, entry.detail) == ("sign_in", {"by": ["password", "totp"]})
    assert actions_of(member) == ["sign_in.failed", "sign_in"]


def test_code_works_once(client: Client, member: User) -> None:
    set_up_app(member)
    with time_machine.travel(timezone.now(), tick=False):
        code = code_now()
        for browser, opened in ((client, True), (Client(), False)):
            sign_in(browser, "alice@example.com")
            browser.post(STEP, {"code": code})
            assert signed_in(browser) is opened


def test_code_of_half_a_minute_ago_is_refused(client: Client, member: User) -> None:
    set_up_app(member)
    code = code_now()
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        sign_in(client, "alice@example.com")
        client.post(STEP, {"code": code})
    assert not signed_in(client)


def test_recovery_code_works_once(client: Client, member: User) -> None:
    code = set_up_app(member)[3]
    for browser, opened in ((client, True), (Client(), False)):
        sign_in(browser, "alice@example.com")
        browser.post(STEP, {"code": code})
        assert signed_in(browser) is opened


def test_guessing_codes_is_limited(client: Client, member: User) -> None:
    codes = set_up_app(member)
    sign_in(client, "alice@example.com")
    for guess in range(11):
        client.post(STEP, {"code": f"{guess:08}"})
    answer = client.post(STEP, {"code": codes[0]})
    assert answer.context["form"].errors == {
        "code": ["Too many failed login attempts. Try again later."]
    }
    assert not signed_in(client)


def test_new_password_does_not_go_around_the_app(client: Client, member: User) -> None:
    set_up_app(member)
    client.post("/accounts/password/reset/", {"email": "alice@example.com"})
    form = client.get(link_in(newest_letter()[2]))["Location"]
    new = "another long password of tests"
    client.post(form, {"password1": new, "password2": new})
    assert not signed_in(client)
    assert sign_in(client, "alice@example.com", new)["Location"] == STEP
    assert not signed_in(client)


def test_seeds_are_encrypted_and_rotated(member: User, settings: Settings) -> None:
    old, new = bytes(32), bytes(range(32))
    settings.ENCRYPTION_KEYS = {"old": old}
    codes = set_up_app(member)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in kept
    assert sealed.key_ids_in_use() == {"old"}
    settings.ENCRYPTION_KEYS = {"new": new, "old": old}
    assert sealed.rotate() == sealed.Rotation(rotated=2, left=0)
    assert sealed.rotate() == sealed.Rotation(rotated=0, left=0)
    settings.ENCRYPTION_KEYS = {"new": new}
    assert sealed.key_ids_in_use() == {"new"}
    assert sealed.problems() == []
    app = Authenticator.objects.get(user=member, type="totp")
    assert MFAAdapter().decrypt(app.data["secret"]) == SECRET
    recovery = Authenticator.objects.get(user=member, type="recovery_codes")
    assert recovery.wrap().get_unused_codes() == codes
    settings.ENCRYPTION_KEYS = {"other": new}
    assert sealed.problems() == [
        f"1 texts in mfa_authenticator.data.{entry} are sealed with key 'new', which"
        " is not set."
        for entry in ("secret", "seed")
    ]
    with pytest.raises(crypto.Undecryptable):
        MFAAdapter().decrypt(app.data["secret"])


def test_code_that_is_used_meanwhile_stays_used(
    member: User, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = {"t1": bytes(32)}
    code = set_up_app(member)[0]
    column = next(column for column in sealed.columns() if str(column).endswith("seed"))
    row = column.rows().get()
    Authenticator.objects.get(type="recovery_codes").wrap().validate_code(code)
    assert column.write(row, "v1:t1:AAAA") == 0
    left = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    assert code not in left


def test_proof_can_be_a_code(client: Client, member: User) -> None:
    set_up_app(member)
    sign_in(client, "alice@example.com")
    client.post(STEP, {"code": code_now()})
    page = client.get(f"{AGAIN}?next={CODES}").content.decode()
    assert "With a code" in page
    assert "With a passkey" not in page
    again = f"/accounts/2fa/reauthenticate/?next={CODES}"
    assert "With your password" in client.get(again).content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert client.get(CODES)["Location"].startswith(AGAIN)
        client.post(again, {"code": "000000"})
        assert client.post(again, {"code": code_now()})["Location"] == CODES
        assert client.get(CODES).status_code == 200
    assert actions_of(member)[-1] == "proof.failed"


def test_download_of_recovery_codes_needs_a_proof(client: Client, member: User) -> None:
    codes = set_up_app(member)
    sign_in(client, "alice@example.com")
    client.post(STEP, {"code": code_now()})
    download = f"{CODES}download/"
    assert client.get(download)["Location"].startswith(AGAIN)
    client.post(AGAIN, {"password": PASSWORD})
    assert client.get(download).content.decode().split() == codes


def test_passkey_that_was_made_up_is_refused(client: Client, member: User) -> None:
    options = client.get(PASSKEY, headers={"Accept": "application/json"}).json()
    assert options["request_options"]["publicKey"]["rpId"] == "localhost"
    for credential in ("", "{}", '{"id": "AAAA"}', "[]"):
        answer = client.post(PASSKEY, {"credential": credential})
        assert answer["Location"] == "/accounts/login/"
        assert not signed_in(client)
    assert client.get(PASSKEY)["Location"] == "/accounts/login/"


def test_passkey_door_is_limited(client: Client) -> None:
    statuses = [
        client.post(PASSKEY, {"credential": "{}"}).status_code for _ in range(11)
    ]
    assert statuses == [302] * 10 + [429]


def test_names_of_passkeys_count(member: User) -> None:
    adapter = MFAAdapter()
    assert adapter.generate_authenticator_name(member, "webauthn") == "Passkey"
    set_up_app(member)
    assert adapter.generate_authenticator_name(member, "totp") == "Passkey 2"


def test_pages_of_second_factors_are_one_s_own(client: Client, member: User) -> None:
    set_up_app(member)
    make_member("charlie@example.com")
    sign_in(client, "charlie@example.com")
    page = client.get(INDEX).content.decode()
    assert "They are made together with your first passkey or app." in page
    client.post(AGAIN, {"password": PASSWORD})
    assert client.get(CODES).status_code == 404
    app = Authenticator.objects.get(type="totp").pk
    for act in ("edit", "remove"):
        address = f"/accounts/2fa/webauthn/keys/{app}/{act}/"
        assert client.get(address).status_code == 404
    assert "No passkey yet" in client.get(f"{INDEX}webauthn/").content.decode()


def test_no_letter_goes_to_who_has_no_address(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert not Letter.objects.exists()
