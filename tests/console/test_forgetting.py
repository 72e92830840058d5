"""Nothing of a person is left: walk every table, whoever put it there.

A new model with a path to a user must be made in `_fill`: the first test fails until it
is, and the second until its app forgets it.
"""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import CASCADE, ForeignKey
from django.utils import timezone

from accounts import audit
from accounts.models import Invitation, User
from accounts.services import invitations, letters
from accounts.services.members import prove_address
from billing.models import (
    Checkout,
    Customer,
    Invoice,
    Move,
    ProviderEvent,
    Subscription,
)
from console.models import Deletion, DeletionStep, Export
from console.services import archives, chains, deletions, export_jobs
from energy.services import forgetting as energy_forgetting
from events import channel, latest, shapes
from events.event import Entry
from events.store import SHARDS, STREAMS, key
from fleet.endpoints import Price
from simulator.testing import RunningSimulator
from tests.accounts.factors import set_up_app
from tests.console.leaving import CLIENT, finish
from tests.factories import make_bare_grant, make_energy_site, make_vehicle
from tests.fixtures.tesla import MakeGrant
from tests.tokens.connecting import connected_program
from tests.tokens.helpers import fresh_client
from tokens.models import AccessToken, HourlyToken, Inquiry, TeslaGrant
from tokens.services import access_tokens, grants, inquiries, spool, usage
from tokens.services.last_answers import StillKept
from vehicles.models import TelemetryConfig, Vehicle, VehicleAccess
from vehicles.services import commands, forgetting as vehicle_forgetting, vehicles
from vehicles.services.telemetry import wishes
from webhooks.models import Attempt
from webhooks.services import endpoints

# What an account's deletion leaves on purpose, without a name: that it was done, and what
# was paid.
# Invitations that somebody wrote stay with those who came of them, and what a shared car
# streams with the others who see it: who asked for it is forgotten.
ALLOWED = {Deletion, DeletionStep, Invoice, Invitation, TelemetryConfig}
# Tables of Django's without a model.
_PLAIN = {"django_migrations"}


def _paths() -> dict[Any, str]:
    """Return every model with a path to a user: model → the query that finds the rows.

    Follows foreign keys downwards from the user, through any number of tables.
    """
    found: dict[Any, str] = {User: "pk"}
    grown = True
    while grown:
        grown = False
        for model in apps.get_models(include_auto_created=True):
            for field in model._meta.get_fields():  # noqa: SLF001
                if model in found or not isinstance(field, ForeignKey):
                    continue
                there = found.get(field.related_model)
                if there is not None:
                    found[model] = f"{field.name}__{there}"
                    grown = True
    return found


def _fill(user: User, grant: TeslaGrant) -> None:
    """Make a row of everything that can hang on a user, cars and sites included."""
    vehicles.sync(grant, grants.client_for(grant))
    make_energy_site(grant, name="Alice's home")
    inquiries.ask(user, grant, "site_info", "2252142071")
    seen = VehicleAccess.objects.filter(grant=grant).order_by("pk")[0]
    commands.ask(user, seen.vehicle.vin, "door_lock")
    wishes.merge(seen, {"Soc": None})
    access_tokens.issue(user, "Home Assistant")
    connected_program(user)
    prove_address(user)
    fresh_client(user)
    fresh_client(user).post("/accounts/login/", {"login": user.email, "password": "x"})
    set_up_app(user)
    audit.record(user, "token.issued", subject="kf_12345678")
    _invite(user)
    letters.keep("Alice@Example.com", "A letter", "with a link")
    spool.put(grant, spool.Pair("a", "r", grant.linked_at))
    usage.note_page_call(user, "2252142071", Price.FREE, 200, 1.0)
    export_jobs.run(export_jobs.ask(user).pk)
    _subscribe(user)
    _tell(user)
    _hear(user)
    deletions.ask(user, Deletion.Kind.VEHICLE, "5YJ3E1EA4PF000001")
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(User),
        object_id=str(user.pk),
        object_repr=str(user),
        action_flag=2,
    )
    group = Group.objects.create(name="readers")
    user.groups.add(group)
    user.user_permissions.add(Permission.objects.order_by("pk")[0])
    EmailConfirmation.create(EmailAddress.objects.get(user=user)).save()
    social = SocialAccount.objects.create(user=user, provider="x", uid=grant.tesla_sub)
    SocialToken.objects.create(account=social, token="t")


def _invite(user: User) -> None:
    """Make the invitation by which the person came, and one that they wrote."""
    came, _ = invitations.invite(user, "Alice@example.org", Invitation.Role.MEMBER)
    Invitation.objects.filter(pk=came.pk).update(member=user, email=user.email)
    invitations.invite(user, "friend@example.com", Invitation.Role.MEMBER)


def _tell(user: User) -> None:
    """Make a webhook, and a row of everything that it leaves behind."""
    endpoint, _ = endpoints.add(user, "https://hooks.example.com/alice@example.com")
    delivery = endpoints.test(endpoint, "data")
    Attempt.objects.create(endpoint=endpoint, delivery=delivery)


def _hear(user: User) -> None:
    """Tell the person of a car, a site and the credits."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        channel.publish(
            client,
            [
                Entry(user.pk, event)
                for event in (
                    shapes.data("5YJ3E1EA4PF000001", {"Soc": 80}, 1),
                    shapes.live_status(2252142071, {"solar_power": 1}, 1),
                    shapes.credits("command", 2, "flash_lights", 5, 0.1, 1),
                )
            ],
        )


def _heard(user: User) -> list[str]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return latest.products(client, user.pk)


def _in_streams(account_id: UUID) -> list[str]:
    """Return the products of what the streams of events hold for an account."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        rows: Any = [row for n in range(STREAMS) for row in client.xrange(key(n))]
    own = account_id.hex.encode()
    return sorted(fields[b"p"].decode() for _, fields in rows if fields[b"a"] == own)


def _subscribe(user: User) -> None:
    """Make a row of everything that a subscription that has ended leaves behind."""
    now, money = timezone.now(), {"currency": "USD", "provider": "paddle"}
    Customer.objects.create(user=user, provider="paddle", external_id="ctm_1")
    subscription = Subscription.objects.create(
        user=user,
        external_id="sub_1",
        status="canceled",
        cycle="month",
        occurred_at=now,
        **money,
    )
    move = Move.objects.create(user=user, source=subscription, ends_at=now)
    Checkout.objects.create(
        user=user, purpose="move", cycle="month", move=move, **money
    )
    ProviderEvent.objects.create(
        user=user,
        provider="paddle",
        event_id="evt_1",
        event_type="customer.created",
        occurred_at=now,
        body={"email": user.email},
    )
    Invoice.objects.create(
        user=user, transaction_id="txn_1", minor=250, billed_at=now, **money
    )


def _needles(user: User, grant: TeslaGrant) -> list[str]:
    """Return what names the person or opens something of theirs, in lower case."""
    issued = AccessToken.objects.filter(user=user)
    known = issued.values_list("digest", flat=True)
    digests = [digest for digest in known if digest is not None]
    (connection,) = issued.exclude(client_id="")
    digests += [str(connection.refresh_digest), HourlyToken.objects.get().digest]
    return [
        str(user.pk),
        user.pk.hex,
        "alice@example.com",
        "alice moreau",
        str(grant.pk),
        grant.pk.hex,
        grant.tesla_sub,
        *digests,
        *_own_vins(user),
    ]


def _own_vins(user: User) -> list[str]:
    """Return the cars that nobody else sees; those of others stay theirs."""
    mine = VehicleAccess.objects.filter(grant__user=user)
    shared = VehicleAccess.objects.exclude(grant__user=user).values("vehicle")
    vins = mine.exclude(vehicle__in=shared).values_list("vehicle__vin", flat=True)
    return [vin.lower() for vin in vins]


def _texts() -> Iterator[tuple[str, str]]:
    """Yield every value of every table as text, sessions opened, with where it is."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for table in sorted(set(tables) - _PLAIN):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    yield f"{table}.{name}", str(value).lower()
    for session in Session.objects.all():
        yield "django_session", str(session.get_decoded()).lower()
    for path in Path(settings.DATA_DIR).rglob("*"):
        yield "a file", path.name.lower()


def _traces(needles: list[str]) -> set[str]:
    return {place for place, text in _texts() for one in needles if one in text}


@pytest.fixture
def alices_grant(
    alice: User, make_grant: MakeGrant, settings: Any, tmp_path: Path
) -> TeslaGrant:
    """Return Alice's link to Tesla, with a row of everything hanging on her."""
    settings.DATA_DIR = tmp_path
    grant = make_grant(alice)
    _fill(alice, grant)
    return grant


def test_every_table_with_a_path_to_a_user_is_filled(
    alice: User, alices_grant: TeslaGrant
) -> None:
    empty = [
        model.__name__
        for model, path in _paths().items()
        if not model.objects.filter(**{path: alice.pk}).exists()
    ]
    assert empty == []


def test_every_app_with_a_path_to_a_user_forgets_and_is_asked_to(db: None) -> None:
    ours = {
        model._meta.app_label  # noqa: SLF001
        for model in _paths()
        if Path(settings.BASE_DIR, model._meta.app_label).is_dir()  # noqa: SLF001
    }
    asked = {work.action for work in chains.CHAINS[Deletion.Kind.ACCOUNT]}
    assert ours <= asked
    for label in ours:
        assert callable(import_module(f"{label}.services.forgetting").forget)
        assert callable(import_module(f"{label}.services.exporting").exports)


def test_no_column_may_outlive_its_user_unseen() -> None:
    kept = {
        model
        for model, _ in _paths().items()
        for field in model._meta.get_fields()  # noqa: SLF001
        if isinstance(field, ForeignKey)
        and field.related_model is User
        and field.remote_field.on_delete is not CASCADE
    }
    assert kept <= ALLOWED


def test_deleted_account_leaves_no_trace_in_any_table_or_file(
    alice: User,
    bob: User,
    alices_grant: TeslaGrant,
    make_grant: MakeGrant,
    registered: RunningSimulator,
) -> None:
    theirs = make_grant(bob, "bob@example.com")
    vehicles.sync(theirs, grants.client_for(theirs))
    for vin in registered.world.cars:
        registered.stream(vin, client_id=CLIENT)
    needles, own = _needles(alice, alices_grant), _own_vins(alice)
    before = _traces(needles)
    assert {"accounts_user.email", "django_session", "a file"} <= before
    assert len(own) == 2
    rows = {
        model: set(
            model.objects.filter(**{path: alice.pk}).values_list("pk", flat=True)
        )
        for model, path in _paths().items()
    }
    # Somebody whose events lie in the same streams.
    beside = UUID(int=alice.pk.int ^ SHARDS)
    event = shapes.state("5YJ3E1EA4PF000009", "online", 1)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        channel.publish(client, [Entry(beside, event)])
    held = _in_streams(beside)
    assert {"", "2252142071", "5YJ3E1EA4PF000001"} <= set(_in_streams(alice.pk))
    deletion = finish(deletions.ask(alice, Deletion.Kind.ACCOUNT))
    assert _in_streams(alice.pk) == []
    assert _in_streams(beside) == held == ["5YJ3E1EA4PF000009"] * 2
    # The trail, which names nobody, may hold the key of a row that is gone.
    link = {str(alices_grant.pk), alices_grant.pk.hex}
    assert _traces([one for one in needles if one not in link]) == set()
    assert _traces([*link]) <= {"accounts_auditentry.detail"}
    assert _heard(alice) == []
    left = {
        model
        for model, keys in rows.items()
        if model.objects.filter(pk__in=keys).exists()
    }
    assert left <= ALLOWED
    assert not TelemetryConfig.objects.exclude(asked_by=None).exists()
    assert (deletion.user, deletion.subject, deletion.email_sealed) == (None, "", "")
    assert VehicleAccess.objects.filter(grant=theirs).count() == 4
    red = registered.world.car_named("Red").vin
    assert Vehicle.objects.filter(vin=red).exists()
    assert red in registered.streams(client_id=CLIENT)
    still = {vin.lower() for vin in registered.streams(client_id=CLIENT)}
    assert not set(own) & still


def test_forget_is_safe_to_repeat_and_leaves_others_alone(
    alice: User, bob: User, alices_grant: TeslaGrant, make_grant: MakeGrant
) -> None:
    theirs = make_grant(bob, "bob@example.com")
    vehicles.sync(theirs, grants.client_for(theirs))
    access_tokens.issue(bob, "evcc")
    for label in ("console", "vehicles", "energy", "tokens", "accounts"):
        forget = import_module(f"{label}.services.forgetting").forget
        assert sum(forget(alice).values()) > 0
        assert sum(forget(alice).values()) == 0
    assert User.objects.get() == bob
    assert (TeslaGrant.objects.get(), AccessToken.objects.count()) == (theirs, 1)
    assert EmailAddress.objects.count() == Inquiry.objects.count() == 0


@pytest.mark.parametrize(
    ("label", "left"),
    [
        ("vehicles", ["", "2252142071"]),
        ("energy", ["", "5YJ3E1EA4PF000001"]),
        ("tokens", []),
    ],
)
def test_each_app_forgets_what_was_told_of_its_own(
    alice: User, alices_grant: TeslaGrant, label: str, left: list[str]
) -> None:
    assert _heard(alice) == ["", "2252142071", "5YJ3E1EA4PF000001"]
    assert set(_in_streams(alice.pk)) >= set(_heard(alice))
    import_module(f"{label}.services.forgetting").forget(alice)
    assert _heard(alice) == left
    assert set(_in_streams(alice.pk)) == set(left)


@pytest.mark.usefixtures("redis_away")
@pytest.mark.parametrize("label", ["vehicles", "energy", "tokens"])
def test_nothing_told_is_taken_for_forgotten_while_redis_is_away(
    alice: User, label: str
) -> None:
    with pytest.raises(StillKept):
        import_module(f"{label}.services.forgetting").forget(alice)


def test_unlinking_leaves_what_another_link_still_sees(
    alice: User, alices_grant: TeslaGrant
) -> None:
    other = make_bare_grant(alice)
    make_vehicle(other, vin="5YJ3E1EA4PF000001", access_type="DRIVER")
    vehicle_forgetting.forget_grant(alices_grant)
    energy_forgetting.forget_grant(alices_grant)
    assert _heard(alice) == ["", "5YJ3E1EA4PF000001"]
    assert set(_in_streams(alice.pk)) == {"", "5YJ3E1EA4PF000001"}
    VehicleAccess.objects.update(gone_at=timezone.now())
    vehicle_forgetting.forget_gone(alice, "5YJ3E1EA4PF000001")
    assert _heard(alice) == [""]
    assert set(_in_streams(alice.pk)) == {""}


def test_export_s_file_goes_with_the_account(
    alice: User, alices_grant: TeslaGrant
) -> None:
    folder = archives.folder(Path(settings.DATA_DIR))
    assert len(list(folder.glob("*.zip"))) == 1
    finish(deletions.ask(alice, Deletion.Kind.ACCOUNT))
    assert list(folder.glob("*")) == []
    assert Export.objects.count() == 0


def test_what_is_left_of_a_deletion_goes_after_its_time(alice: User) -> None:
    deletion = finish(deletions.ask(alice, Deletion.Kind.ACCOUNT))
    now = timezone.now()
    days = timedelta(days=settings.DELETIONS_KEPT_DAYS)
    assert deletions.forget_old(now + days - timedelta(minutes=1)) == 0
    assert deletions.forget_old(now + days + timedelta(minutes=1)) > 0
    assert not Deletion.objects.filter(pk=deletion.pk).exists()
    assert DeletionStep.objects.count() == 0
