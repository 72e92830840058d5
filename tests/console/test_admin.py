"""The operator's admin: who gets in, what it shows and hides, what it does."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEntry, Invitation, Letter, User
from accounts.services import invitations, letters
from billing.models import Alert, Invoice, Move, ProviderEvent, Subscription
from console import figures
from console.models import Deletion, Export, Heartbeat
from console.services import deletions, export_jobs
from fleet.endpoints import Price
from telemetry import certificates
from telemetry.models import CarAuthority, CarCertificate
from tests.accounts.factors import gave_code, set_up_app
from tests.factories import (
    client_for,
    make_bare_grant,
    make_energy_site,
    make_user,
    make_vehicle,
)
from tests.tokens.connecting import connected_program
from tests.tokens.helpers import fresh_client, proved
from tests.webhooks.making import make_attempt, make_delivery, make_endpoint
from tokens.models import (
    AccessToken,
    ConnectCode,
    HourlyToken,
    Inquiry,
    Registration,
    Spending,
    TeslaGrant,
    Usage,
)
from tokens.services import access_tokens, inquiries, usage
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services import commands
from vehicles.services.telemetry import wishes
from webhooks.models import Endpoint, Message

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
VIN = "5YJ3E1EA4PF000001"
SECRETS = ("v1:t1:sealed", "argon2", "$argon", "private thing", "private-thing")


@pytest.fixture(name="client_of")
def _client_of() -> ClientOf:
    """Return a way to sign in as staff do: with a second factor, a moment ago."""

    def signed_in(user: User) -> Client:
        set_up_app(user)
        return gave_code(proved(client_for(user)))

    return signed_in


@pytest.fixture
def support() -> User:
    """Return somebody who may look and not act."""
    return make_user("support@example.com", name="Sam", is_staff=True)


@pytest.fixture
def everything(alice: User) -> dict[str, str]:
    """Make a row for every page; return the key of each by its model's name."""
    grant = make_bare_grant(alice)
    TeslaGrant.objects.update(
        refresh_token_sealed=SECRETS[0],
        tesla_access_token_sealed=SECRETS[0],
        previous_refresh_token_sealed=SECRETS[0],
    )
    access_token, _ = access_tokens.issue(alice, "evcc")
    code, hourly_token = connected_program(alice)
    asked = inquiries.ask(alice, grant, "vehicle", VIN)
    Inquiry.objects.update(answer={"secret": "private thing"})
    letter = letters.keep("alice@example.com", "Hello", "private thing")
    export = export_jobs.ask(alice)
    registration = Registration.objects.create(
        region="na", domain="keyfob.example.com", public_key_hex="04"
    )
    usage.note_page_call(alice, VIN, Price.DATA, 200, 12.0)
    deletion = deletions.ask(alice, Deletion.Kind.GRANT, str(grant.pk))
    car = make_vehicle(grant)
    invitation, _ = invitations.invite(alice, "friend@example.com", "member")
    entry = audit.record(alice, "token.issued", subject="kf_12345678")
    return {
        **_money(alice),
        **_told(alice),
        "accounts/auditentry": str(entry.pk),
        "accounts/invitation": str(invitation.pk),
        "accounts/user": str(alice.pk),
        "accounts/letter": str(letter.pk),
        "tokens/teslagrant": str(grant.pk),
        "tokens/accesstoken": str(access_token.pk),
        "tokens/connectcode": str(code.pk),
        "tokens/hourlytoken": str(hourly_token.pk),
        "tokens/inquiry": str(asked.pk),
        "tokens/registration": registration.region,
        "tokens/usage": str(Usage.objects.get().pk),
        "tokens/spending": str(Spending.objects.get().pk),
        "vehicles/vehicle": str(car.vehicle_id),
        "vehicles/telemetryconfig": str(_streaming(car).pk),
        "vehicles/command": str(commands.ask(alice, VIN, "door_lock").pk),
        **_certificates(),
        "energy/energysite": str(make_energy_site(grant).site_id),
        "console/deletion": str(deletion.pk),
        "console/export": str(export.pk),
    }


def _streaming(car: VehicleAccess) -> TelemetryConfig:
    """Let a car be wanted to stream."""
    wishes.merge(car, {"Soc": None})
    return TelemetryConfig.objects.get()


def _certificates() -> dict[str, str]:
    """Make what cars know the receiver by; return the rows' keys."""
    certificates.leaf()
    return {
        "telemetry/carauthority": str(CarAuthority.objects.get().pk),
        "telemetry/carcertificate": str(CarCertificate.objects.get().pk),
    }


def _told(user: User) -> dict[str, str]:
    """Make a webhook with what was sent to it; return their keys."""
    endpoint = make_endpoint(
        user,
        "https://secret.example.com/private-thing",
        authorization="private thing",
        headers={"X-Key": "private thing"},
    )
    delivery = make_delivery(endpoint)
    attempt = make_attempt(
        endpoint,
        delivery,
        request_headers={"X": "private thing"},
        request_excerpt="private thing",
        response_excerpt="private thing",
    )
    Message.objects.update(body="private thing")
    return {
        "webhooks/endpoint": str(endpoint.pk),
        "webhooks/delivery": str(delivery.pk),
        "webhooks/attempt": str(attempt.pk),
        "webhooks/message": delivery.message_id,
    }


def _money(user: User) -> dict[str, str]:
    """Make a row of each kind that a subscription leaves; return their keys."""
    now, by = timezone.now(), {"provider": "paddle"}
    subscription = Subscription.objects.create(
        user=user, external_id="sub_1", status="active", occurred_at=now, **by
    )
    event = ProviderEvent.objects.create(
        user=user,
        event_id="evt_1",
        event_type="subscription.updated",
        occurred_at=now,
        processed_at=now,
        outcome="failed",
        body={},
        **by,
    )
    invoice = Invoice.objects.create(
        user=user, transaction_id="txn_1", minor=250, billed_at=now, **by
    )
    alert = Alert.objects.create(code=Alert.Code.CHARGEBACK, subject="txn_1")
    move = Move.objects.create(user=user, source=subscription, ends_at=now)
    return {
        "billing/move": str(move.pk),
        "billing/subscription": str(subscription.pk),
        "billing/providerevent": str(event.pk),
        "billing/invoice": str(invoice.pk),
        "billing/alert": str(alert.pk),
    }


def _act(client: Client, page: str, action: str, *keys: str, sure: bool = True) -> Any:
    form: dict[str, Any] = {"action": action, "_selected_action": list(keys)}
    if sure:
        form["confirmed"] = "yes"
    return client.post(f"/admin/{page}/", form, follow=True)


def test_every_page_is_registered_and_shown(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    registered = {
        f"{model._meta.app_label}/{model._meta.model_name}"  # noqa: SLF001
        for model in admin.site._registry  # noqa: SLF001
    }
    assert registered == set(everything)
    client = client_of(owner)
    for page, key in everything.items():
        listed = client.get(f"/admin/{page}/?q=example")
        assert listed.status_code == 200
        assert client.get(f"/admin/{page}/{key}/change/").status_code == 200


def test_no_page_shows_a_secret(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    digests = [
        digest
        for model in (AccessToken, HourlyToken, ConnectCode)
        for digest in model.objects.values_list("digest", flat=True)
        if digest is not None
    ]
    (connection,) = AccessToken.objects.exclude(client_id="")
    digests += [str(connection.refresh_digest), ConnectCode.objects.get().challenge]
    for page, key in everything.items():
        for address in (f"/admin/{page}/", f"/admin/{page}/{key}/change/"):
            text = client.get(address).content.decode()
            assert "Keyfob admin" in text
            for secret in (*SECRETS, *digests, "sealed"):
                assert secret not in text.replace("unsealed", "")


def test_links_lead_from_a_user_to_what_hangs_on_them_and_back(
    client_of: ClientOf, owner: User, alice: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    page = client.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    found = re.findall(r'href="(/admin/[^"]+user__id__exact=[^"]+)"', page)
    assert len(found) == 5
    for address in found:
        listed = client.get(address.replace("&amp;", "&"))
        assert listed.status_code == 200
        assert "1 " in listed.content.decode()
    grant = everything["tokens/teslagrant"]
    page = client.get(f"/admin/tokens/teslagrant/{grant}/change/").content.decode()
    assert f'href="/admin/accounts/user/{alice.pk}/change/"' in page
    for address in re.findall(r'href="(/admin/[^"]+accesses__grant[^"]+)"', page):
        assert client.get(address).status_code == 200


def test_filters_keep_what_is_under_way(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    for page in (
        "console/deletion",
        "console/export",
        "tokens/inquiry",
        "webhooks/endpoint",
    ):
        key = everything[page]
        assert key in client.get(f"/admin/{page}/?open=yes").content.decode()
        assert key not in client.get(f"/admin/{page}/?open=no").content.decode()
        assert key in client.get(f"/admin/{page}/?open=maybe").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "accounts/user/?password__startswith=argon",
        "accounts/user/?tesla_grants__refresh_token_sealed__startswith=v1",
        "tokens/accesstoken/?digest__startswith=a",
        "tokens/accesstoken/?user__password__startswith=a",
        "tokens/inquiry/?answer__icontains=52",
        "tokens/teslagrant/?refresh_token_sealed__startswith=v1",
        "vehicles/vehicle/?accesses__grant__user__password__startswith=a",
        "vehicles/vehicle/?accesses__grant__tesla_email__startswith=a",
        "vehicles/vehicle/?vehicle_data__icontains=52",
        "energy/energysite/?accesses__grant__user__password__startswith=a",
        "billing/providerevent/?body__icontains=a",
        "webhooks/endpoint/?url__icontains=a",
        "webhooks/endpoint/?secret_sealed__startswith=v1",
        "webhooks/message/?body__icontains=a",
        "webhooks/attempt/?endpoint__url__icontains=a",
        "webhooks/attempt/?request_excerpt__icontains=a",
    ],
)
def test_nothing_hidden_can_be_asked_for(
    client_of: ClientOf, support: User, everything: dict[str, str], query: str
) -> None:
    assert client_of(support).get(f"/admin/{query}").status_code == 400


def test_every_filter_of_every_list_answers(
    client_of: ClientOf, support: User, everything: dict[str, str]
) -> None:
    client = client_of(support)
    followed = 0
    for page in everything:
        listed = client.get(f"/admin/{page}/").content.decode()
        for query in re.findall(r'<a href="(\?[^"]+)"', listed):
            address = f"/admin/{page}/{query}".replace("&amp;", "&")
            assert client.get(address).status_code == 200
            followed += 1
    assert followed > len(everything)


def test_stranger_is_sent_to_the_one_sign_in(client: Client) -> None:
    for address in ("/admin/", "/admin/login/?next=/admin/accounts/user/"):
        answer = client.get(address, follow=True)
        assert answer.redirect_chain[-1][0].startswith(
            "/accounts/login/?next=%2Fadmin%2F"
        )


def test_wrong_passwords_of_the_admin_are_limited_as_all_are(client: Client) -> None:
    statuses = [
        client.post(
            "/admin/login/", {"login": "owner@example.com", "password": "x"}
        ).status_code
        for _ in range(2)
    ]
    assert statuses == [302, 302]
    owner = User.objects.create_owner("owner@example.com", "correct horse battery")
    tried = [
        client.post("/accounts/login/", {"login": owner.email, "password": "x"})
        for _ in range(20)
    ]
    assert tried[-1].status_code == 429 or b"Too many" in tried[-1].content


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/admin/login/"])
def test_member_is_refused(client_of: ClientOf, charlie: User, path: str) -> None:
    answer = client_of(charlie).get(path, follow=True)
    assert answer.status_code == 403


def test_support_staff_reads_and_cannot_act(
    client_of: ClientOf, support: User, everything: dict[str, str]
) -> None:
    client = client_of(support)
    for page, key in everything.items():
        listed = client.get(f"/admin/{page}/").content.decode()
        assert 'name="action"' not in listed
        change = f"/admin/{page}/{key}/change/"
        assert client.get(change).status_code == 200
        for address in (change, f"/admin/{page}/{key}/delete/", f"/admin/{page}/add/"):
            assert client.post(address, {"name": "x"}).status_code == 403
    _act(client, "accounts/user", "suspend", everything["accounts/user"])
    assert User.objects.filter(is_active=False).count() == 0
    assert client.get("/console/letters").status_code == 404


def test_owner_changes_rows_by_actions_alone(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    for page, key in everything.items():
        address = f"/admin/{page}/{key}/change/"
        assert 'name="_save"' not in client.get(address).content.decode()
        for refused in (address, f"/admin/{page}/{key}/delete/"):
            assert client.post(refused, {"name": "x"}).status_code == 403


def test_suspend_asks_signs_out_and_spares_who_acts(
    client_of: ClientOf, owner: User, alice: User
) -> None:
    theirs = fresh_client(alice)
    client = client_of(owner)
    keys = (str(alice.pk), str(owner.pk))
    asked = _act(client, "accounts/user", "suspend", *keys, sure=False)
    assert "They are signed out" in asked.content.decode()
    assert theirs.get("/console/").status_code == 200
    done = _act(client, "accounts/user", "suspend", *keys)
    assert "Suspended: 1 of 2" in done.content.decode()
    assert theirs.get("/console/").status_code == 302
    assert client.get("/console/").status_code == 200
    _act(client, "accounts/user", "restore", *keys)
    alice.refresh_from_db()
    assert alice.is_active is True


def test_who_is_being_deleted_is_not_let_in_again(
    client_of: ClientOf, owner: User, alice: User
) -> None:
    deletions.ask(alice, Deletion.Kind.ACCOUNT)
    done = _act(client_of(owner), "accounts/user", "restore", str(alice.pk))
    assert "Let in again: 0 of 1" in done.content.decode()
    alice.refresh_from_db()
    assert alice.is_active is False


def test_sessions_are_ended(client_of: ClientOf, owner: User, alice: User) -> None:
    theirs = fresh_client(alice)
    _act(client_of(owner), "accounts/user", "end_sessions", str(alice.pk))
    assert theirs.get("/console/").status_code == 302


def test_support_staff_is_made_and_unmade(
    client_of: ClientOf, owner: User, alice: User
) -> None:
    client = client_of(owner)
    for action, is_staff in (("appoint", True), ("dismiss", False)):
        _act(client, "accounts/user", action, str(alice.pk), str(owner.pk))
        alice.refresh_from_db()
        owner.refresh_from_db()
        assert (alice.is_staff, owner.is_staff) == (is_staff, True)


def test_work_is_canceled_and_tried_again(
    client_of: ClientOf, owner: User, everything: dict[str, str], rung: Rung
) -> None:
    client = client_of(owner)
    key = everything["tokens/inquiry"]
    _act(client, "tokens/inquiry", "cancel", key)
    inquiry = Inquiry.objects.get()
    assert (inquiry.state, inquiry.error_title) == ("failed", "This was not answered")
    _act(client, "tokens/inquiry", "retry", key)
    assert Inquiry.objects.filter(state="waiting").count() == 1
    key = everything["console/export"]
    _act(client, "console/export", "cancel", key)
    assert Export.objects.get().state == "failed"
    _act(client, "console/export", "retry", key)
    assert Export.objects.filter(state="waiting").count() == 1
    key = everything["console/deletion"]
    later = timezone.now() + timedelta(hours=1)
    Deletion.objects.update(failures=3, next_at=later)
    _act(client, "console/deletion", "retry", key)
    assert deletions.due(timezone.now()) == [Deletion.objects.get().pk]


def test_tokens_are_removed_and_grants_renewed(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    keys = AccessToken.objects.values_list("pk", flat=True)
    _act(client, "tokens/accesstoken", "remove", *map(str, keys))
    assert AccessToken.objects.count() == 0
    _act(client, "tokens/teslagrant", "refresh", everything["tokens/teslagrant"])
    assert list(TeslaGrant.objects.due(timezone.now())) == [TeslaGrant.objects.get()]


def test_front_page_says_who_must_act(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    TeslaGrant.objects.update(state="needs_relink")
    Deletion.objects.update(failures=1)
    page = client_of(owner).get("/admin/").content.decode()
    told = {one.label: one for one in figures.figures(timezone.now())}
    bad = {label for label, figure in told.items() if figure.is_bad}
    assert bad == {
        "Need their person",
        "Registered at Tesla",
        "Workers",
        "Deletions under way",
    }
    assert page.count("needs you") == len(bad)
    for figure in told.values():
        assert figure.label in page
    assert (told["Users"].value, told["Cars"].value) == ("2", "1")


def test_front_page_is_calm_when_all_is_well(owner: User, settings: Any) -> None:
    settings.TESLA_REGIONS = ["na"]
    Registration.objects.create(region="na", domain="x", public_key_hex="04")
    Heartbeat.objects.create(name="worker", beaten_at=timezone.now())
    told = figures.figures(timezone.now())
    assert [one.label for one in told if one.is_bad] == []


def test_queue_that_does_not_answer_is_told(settings: Any, owner: User) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    told = {one.label: one for one in figures.figures(timezone.now())}
    assert (told["Queue"].value, told["Queue"].is_bad) == ("away", True)
    assert "Webhook deliverer" not in told


def test_receiver_and_deliverer_are_told(owner: User) -> None:
    told = {one.label: one for one in figures.figures(timezone.now())}
    assert told["Webhook deliverer"].detail == "never heard of"
    beat = Heartbeat.objects.create(name="deliverer", beaten_at=timezone.now())
    told = {one.label: one for one in figures.figures(timezone.now())}
    assert (told["Webhook deliverer"].value, told["Workers"].value) == (
        "working",
        "silent",
    )
    late = beat.beaten_at + timedelta(minutes=2)
    told = {one.label: one for one in figures.figures(late)}
    assert (told["Webhook deliverer"].value, told["Webhook deliverer"].is_bad) == (
        "silent",
        True,
    )


def test_certificate_for_cars_that_ends_is_told(
    client_of: ClientOf, owner: User
) -> None:
    told = {one.label: one for one in figures.figures(timezone.now())}
    found = told["Certificate for cars"]
    assert (found.value, found.detail, found.is_bad) == ("in order", "", False)
    certificates.leaf()
    CarCertificate.objects.update(not_after=timezone.now() + timedelta(days=13))
    told = {one.label: one for one in figures.figures(timezone.now())}
    assert told["Certificate for cars"].is_bad
    words = told["Certificate for cars"].detail
    assert words.startswith("The receiver's certificate ends on ")
    assert "certificate ends on" in client_of(owner).get("/admin/").content.decode()


def test_events_are_applied_again_and_alerts_settled(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    for page in ("billing/providerevent", "billing/alert"):
        assert client.get(f"/admin/{page}/?open=yes").status_code == 200
    _act(client, "billing/providerevent", "retry", everything["billing/providerevent"])
    event = ProviderEvent.objects.get()
    assert (event.processed_at, event.outcome) == (None, "")
    _act(client, "billing/alert", "settle", everything["billing/alert"])
    assert Alert.objects.get().settled_at is not None


def test_invitations_that_nobody_accepted_are_taken_back(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    key = everything["accounts/invitation"]
    asked = _act(client, "accounts/invitation", "withdraw", key, sure=False)
    assert "The links of these invitations end" in asked.content.decode()
    assert client.get("/admin/accounts/invitation/?open=yes").status_code == 200
    _act(client, "accounts/invitation", "withdraw", key)
    assert Invitation.objects.count() == 0


def test_trail_is_found_by_person_and_never_changed(
    client_of: ClientOf, owner: User, alice: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    audit.record(None, "key.made")
    hers = ["token.issued", "webhook.added"]
    for words, wanted in (
        ("alice@example.com", hers),
        (str(alice.pk), hers),
        ("kf_1234", hers[:1]),
    ):
        page = client.get("/admin/accounts/auditentry/", {"q": words}).content.decode()
        found = re.findall(r'field-action_code">([a-z.]+)', page)
        assert sorted(found) == wanted
    page = client.get("/admin/accounts/auditentry/").content.decode()
    assert "this Keyfob" in page
    assert f"/admin/accounts/user/{alice.pk}/change/" in page
    assert "delete_selected" not in page
    count = AuditEntry.objects.count()
    _act(
        client,
        "accounts/auditentry",
        "delete_selected",
        everything["accounts/auditentry"],
    )
    assert AuditEntry.objects.count() == count


def test_owner_who_alone_is_left_is_not_suspended(
    client_of: ClientOf, owner: User, support: User
) -> None:
    other = User.objects.create_owner("second@example.com", "correct horse battery")
    User.objects.filter(pk=owner.pk).update(is_active=True)
    client = client_of(other)
    User.objects.filter(pk=other.pk).update(is_superuser=True)
    done = _act(client, "accounts/user", "suspend", str(owner.pk), str(support.pk))
    assert "Suspended: 2 of 2" in done.content.decode()
    done = _act(client, "accounts/user", "suspend", str(other.pk))
    assert "Suspended: 0 of 1" in done.content.decode()


def test_acts_of_the_owner_are_in_both_trails(
    client_of: ClientOf, owner: User, alice: User, everything: dict[str, str]
) -> None:
    client = client_of(owner)
    for action in ("suspend", "restore", "appoint", "dismiss", "end_sessions"):
        _act(client, "accounts/user", action, str(alice.pk))
    _act(client, "tokens/accesstoken", "remove", everything["tokens/accesstoken"])
    done = [
        "member.suspended",
        "member.resumed",
        "member.appointed",
        "member.dismissed",
        "session.ended",
        "token.removed",
    ]
    for person in (owner, alice):
        entries = audit.entries_about(person).order_by("pk")
        actions = list(entries.values_list("action", flat=True))
        assert actions[-len(done) :] == done
    hers = audit.entries_about(alice).get(action="member.suspended")
    assert hers.detail == {"by_owner": True}
    _act(client, "accounts/invitation", "withdraw", everything["accounts/invitation"])
    newest = audit.entries_about(owner).order_by("pk").last()
    assert newest is not None
    assert newest.action == "member.uninvited"


@pytest.mark.parametrize("page", ["accounts/auditentry", "accounts/user"])
def test_long_list_costs_the_same_queries(
    client_of: ClientOf,
    owner: User,
    page: str,
    django_assert_max_num_queries: Any,
) -> None:
    client = client_of(owner)
    client.get(f"/admin/{page}/")
    for number in range(20):
        member = make_user(f"m{number}@example.com")
        make_bare_grant(member)
        audit.record(member, "token.issued")
    with django_assert_max_num_queries(14):
        assert "m19@example.com" in client.get(f"/admin/{page}/").content.decode()


def test_front_page_leads_the_owner_to_the_members(
    client_of: ClientOf, owner: User, support: User
) -> None:
    there = 'href="/console/members">Members: invite somebody'
    assert there in client_of(owner).get("/admin/").content.decode()
    assert there not in client_of(support).get("/admin/").content.decode()


def test_webhook_is_paused_by_the_owner_alone(
    client_of: ClientOf, owner: User, support: User, everything: dict[str, str]
) -> None:
    key = everything["webhooks/endpoint"]
    _act(client_of(support), "webhooks/endpoint", "pause", key)
    assert Endpoint.objects.get().is_sending
    client = client_of(owner)
    asked = _act(client, "webhooks/endpoint", "pause", key, sure=False)
    assert "until their owners resume them" in asked.content.decode()
    assert Endpoint.objects.get().is_sending
    for said in ("Paused: 1 of 1", "Paused: 0 of 1"):
        answer = _act(client, "webhooks/endpoint", "pause", key)
        assert said in answer.content.decode()
    assert not Endpoint.objects.get().is_sending
    assert AuditEntry.objects.filter(action="webhook.paused").count() == 1


def test_links_lead_from_a_webhook_to_what_was_sent(
    client_of: ClientOf, support: User, everything: dict[str, str]
) -> None:
    client = client_of(support)
    key = everything["webhooks/endpoint"]
    page = client.get(f"/admin/webhooks/endpoint/{key}/change/").content.decode()
    assert "secret.example.com" in page
    found = re.findall(r'href="(/admin/[^"]+endpoint__id__exact=[^"]+)"', page)
    assert len(found) == 2
    for address in found:
        assert "1 " in client.get(address).content.decode()


def test_letters_are_listed_without_their_text(
    client_of: ClientOf, owner: User, everything: dict[str, str]
) -> None:
    page = client_of(owner).get("/admin/accounts/letter/").content.decode()
    assert "Hello" in page
    assert Letter.objects.count() == 1
