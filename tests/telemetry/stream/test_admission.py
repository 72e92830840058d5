"""Who gets in, who is refused and how, and whose stream ends while it lasts."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from api import reach, standing
from events import shapes
from telemetry.stream import watch
from tests.factories import SCOPES, client_for, make_vehicle
from tests.telemetry.stream.conftest import (
    OTHER_VIN,
    SITE,
    VIN,
    Listen,
    MakePerson,
)
from tests.telemetry.stream.listening import Server
from tests.tokens.connecting import connected
from tokens import auth, tasks
from tokens.models import AccessToken, HourlyToken, TeslaGrant
from tokens.services import access_tokens, connections

AT_MS = 1785233730007
PROMISED_S = 2.0
# A machine that is busy with other tests may take its time.
ENDS_WITHIN_S = PROMISED_S + 3
ALL = shapes.state(VIN, "online", AT_MS)


def refused(server: Server, path: str, **how: Any) -> tuple[int, str]:
    with server.listen(path, **how) as line:
        content = line.json()
        assert line.headers["content-type"].startswith("application/json")
        assert content["response"] is None
        assert content["error_description"]
        return line.status, content["error"]


def test_without_a_good_token_nobody_listens(
    server: Server, person: MakePerson, alice: User
) -> None:
    somebody = person(alice)
    assert refused(server, "/sse") == (401, "missing_token")
    assert refused(server, "/sse", token="kf_no") == (401, "invalid_token")
    assert refused(server, "/sse?token=kf_no") == (401, "invalid_token")
    basic = (f"Authorization: Basic {somebody.token}",)
    assert refused(server, "/sse", headers=basic) == (401, "invalid_token")
    cookie = (f"Cookie: token={somebody.token}",)
    assert refused(server, "/sse", headers=cookie) == (401, "missing_token")


@pytest.mark.parametrize(
    "query",
    ["topics=", "topics=state,", "topics=states", "topics=State", "cache=1", "a=%ff"],
)
def test_odd_query_is_refused(
    server: Server, person: MakePerson, alice: User, query: str
) -> None:
    token = person(alice).token
    assert refused(server, f"/sse?{query}", token=token) == (400, "invalid_request")


@pytest.mark.parametrize(
    "path",
    [
        f"/sse/{OTHER_VIN}",
        "/sse/5YJ3E1EA4PF999999",
        f"/sse/{OTHER_VIN}/Soc",
        f"/sse/{SITE}",
        f"/sse/{VIN}/Soc/more",
        "/sse/a-b",
    ],
)
def test_unknown_and_foreign_are_alike(
    server: Server, person: MakePerson, alice: User, charlie: User, path: str
) -> None:
    person(alice, vins=(OTHER_VIN,), site=SITE)
    token = person(charlie).token
    assert refused(server, path, token=token) == (404, "not_found")


def test_only_get_listens(server: Server, person: MakePerson, alice: User) -> None:
    token = person(alice).token
    for method in ("POST", "PUT", "DELETE"):
        assert refused(server, "/sse", token=token, method=method) == (
            405,
            "invalid_method",
        )


def test_scope_that_is_missing_is_named(
    server: Server, listen: Listen, person: MakePerson, alice: User
) -> None:
    scopes = tuple(one for one in SCOPES if one != "vehicle_device_data")
    somebody = person(alice, scopes=scopes, site=SITE)
    assert refused(server, f"/sse/{VIN}", token=somebody.token) == (
        403,
        "Unauthorized missing scopes vehicle_device_data",
    )
    line = listen(token=somebody.token, headers=("X-Library: a/1",)).begin()
    status = shapes.live_status(SITE, {}, AT_MS)
    somebody.tell(ALL, status)
    assert line.event()["site_id"] == SITE


def test_grant_that_needs_its_person_is_said(
    server: Server, person: MakePerson, alice: User
) -> None:
    somebody = person(alice)
    TeslaGrant.objects.update(state=TeslaGrant.State.NEEDS_RELINK)
    assert refused(server, f"/sse/{VIN}", token=somebody.token) == (
        503,
        "tesla_login_required",
    )


def test_stream_above_the_limit_is_refused(
    server: Server, listen: Listen, person: MakePerson, alice: User, bob: User
) -> None:
    somebody, other = person(alice), person(bob)
    lines = [listen(token=somebody.token) for _ in range(settings.STREAMS_PER_ACCOUNT)]
    for line in lines:
        line.begin()
    with server.listen("/sse", token=somebody.token) as refused_line:
        assert refused_line.json()["error"] == "too_many_streams"
        assert refused_line.status == 429
        assert int(refused_line.headers["retry-after"]) > 0
    listen(token=other.token).begin()
    lines[0].socket.close()
    end_at_s = time.monotonic() + 5
    while listen(token=somebody.token).head() != 200:
        assert time.monotonic() < end_at_s
        time.sleep(0.05)


def test_what_is_looked_at_when_keeps_the_promise() -> None:
    oldest_s = max(auth.REMEMBERED_S, reach.KEPT_S, standing.KEPT_S)
    assert watch.CHECK_EVERY_S + oldest_s <= 0.75 * PROMISED_S


def test_removed_token_ends_its_streams(
    listen: Listen, person: MakePerson, alice: User
) -> None:
    somebody = person(alice)
    line = listen(token=somebody.token).begin()
    car = listen(f"/sse/{VIN}", token=somebody.token).begin()
    AccessToken.objects.all().delete()
    begun_s = time.monotonic()
    line.end()
    car.end()
    assert time.monotonic() - begun_s < ENDS_WITHIN_S
    again = listen(token=somebody.token)
    assert again.head() == 401


def test_stream_of_a_connected_program_outlives_its_hour_not_its_connection(
    listen: Listen, person: MakePerson, alice: User
) -> None:
    somebody = person(alice)
    pair = connected(alice)
    line = listen(token=pair.access_token).begin()
    past = timezone.now() - timedelta(seconds=1)
    HourlyToken.objects.update(expires_at=past)
    tasks.forget_expired_tokens()
    assert HourlyToken.objects.count() == 0
    time.sleep(PROMISED_S)  # nothing tells that a stream was looked at and goes on
    somebody.tell(ALL)
    assert line.event()["vin"] == VIN
    assert listen(token=pair.access_token).head() == 401
    new = connections.refresh(pair.refresh_token, client_id="homeassistant")
    second = listen(token=new.access_token).begin()
    access_tokens.remove(pair.connection)
    begun_s = time.monotonic()
    line.end()
    second.end()
    assert time.monotonic() - begun_s < ENDS_WITHIN_S
    assert listen(token=new.access_token).head() == 401


def test_deleted_and_disabled_accounts_hear_nothing(
    listen: Listen, person: MakePerson, alice: User, bob: User
) -> None:
    lines = [listen(token=person(user).token).begin() for user in (alice, bob)]
    User.objects.filter(pk=alice.pk).update(is_active=False)
    AccessToken.objects.filter(user=bob).delete()
    TeslaGrant.objects.filter(user=bob).delete()
    User.objects.filter(pk=bob.pk).delete()
    begun_s = time.monotonic()
    for line in lines:
        line.end()
    assert time.monotonic() - begun_s < ENDS_WITHIN_S


def test_lost_car_ends_its_own_stream_only(
    listen: Listen, person: MakePerson, alice: User
) -> None:
    somebody = person(alice, vins=(VIN, OTHER_VIN))
    account = listen(token=somebody.token).begin()
    lost = listen(f"/sse/{OTHER_VIN}", token=somebody.token).begin()
    kept = listen(f"/sse/{VIN}", token=somebody.token).begin()
    access = somebody.access(OTHER_VIN)
    access.gone_at = timezone.now()
    access.save(update_fields=["gone_at"])
    begun_s = time.monotonic()
    lost.end()
    assert time.monotonic() - begun_s < ENDS_WITHIN_S
    somebody.tell(shapes.state(OTHER_VIN, "online", AT_MS), ALL)
    assert account.event()["vin"] == VIN
    assert kept.event()["vin"] == VIN
    # A car that is found later is heard of without a new stream.
    make_vehicle(somebody.grant, vin="5YJ3E1EA4PF000003")
    end_at_s = time.monotonic() + ENDS_WITHIN_S
    while True:
        somebody.tell(shapes.state("5YJ3E1EA4PF000003", "online", AT_MS))
        somebody.tell(ALL)
        if account.event()["vin"] == "5YJ3E1EA4PF000003":
            break
        assert time.monotonic() < end_at_s
        time.sleep(0.1)


def cookies(user: User) -> tuple[str, ...]:
    key = client_for(user).cookies[settings.SESSION_COOKIE_NAME].value
    return (f"Cookie: a=b; {settings.SESSION_COOKIE_NAME}={key}",)


def test_page_hears_of_its_own_cars(
    listen: Listen, server: Server, person: MakePerson, alice: User, bob: User
) -> None:
    somebody, other = person(alice, site=SITE), person(bob, vins=(OTHER_VIN,))
    signed_in = cookies(alice)
    line = listen(f"/console/stream?vin={VIN}&topics=state", headers=signed_in).begin()
    whole = listen("/console/stream", headers=signed_in).begin()
    site = listen(f"/console/stream?site_id={SITE}", headers=signed_in).begin()
    other.tell(shapes.state(OTHER_VIN, "online", AT_MS))
    somebody.tell(shapes.live_status(SITE, {}, AT_MS), ALL)
    assert line.event()["state"] == "online"
    assert whole.event()["site_id"] == SITE
    assert whole.event()["vin"] == VIN
    assert site.event()["live_status"] == {}
    foreign = f"/console/stream?vin={OTHER_VIN}"
    assert refused(server, foreign, headers=signed_in) == (404, "not_found")
    odd = "/console/stream?topics=x"
    assert refused(server, odd, headers=signed_in) == (400, "invalid_request")


def test_page_of_nobody_hears_nothing(
    server: Server, person: MakePerson, alice: User
) -> None:
    token = person(alice).token
    page = "/console/stream"
    name = settings.SESSION_COOKIE_NAME
    assert refused(server, page) == (401, "not_signed_in")
    assert refused(server, page, token=token) == (401, "not_signed_in")
    wrong = (f"Cookie: {name}=nothing",)
    assert refused(server, page, headers=wrong) == (401, "not_signed_in")
    # And a session opens nothing for programs.
    assert refused(server, "/sse", headers=cookies(alice)) == (401, "missing_token")


def test_page_whose_session_ends_hears_nothing_more(
    listen: Listen, person: MakePerson, alice: User
) -> None:
    person(alice)
    client = client_for(alice)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    header = (f"Cookie: {settings.SESSION_COOKIE_NAME}={key}",)
    line = listen("/console/stream", headers=header).begin()
    client.session.flush()
    begun_s = time.monotonic()
    line.end()
    assert time.monotonic() - begun_s < ENDS_WITHIN_S
