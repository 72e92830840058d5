"""Tokens in bad weather: too many calls, many at once, a database that is away."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections as databases
from django.test import Client

from accounts.models import User
from tests.tokens.connecting import Installation, error, refresh
from tests.tokens.helpers import fresh_client
from tokens.models import AccessToken

pytestmark = pytest.mark.django_db(transaction=True)


def test_refused_calls_of_one_address_are_limited_and_lock_nobody_out(
    alices_client: Client,
) -> None:
    # Behind a proxy that nobody told us of, all households share one address.
    tokens = Installation().connect(alices_client)
    statuses = [refresh("x").status_code for _ in range(60)]
    assert set(statuses) == {400}
    answer = refresh("x")
    assert error(answer) == (429, "slow_down")
    assert answer["Retry-After"] == "60"
    assert refresh(tokens["refresh_token"]).status_code == 200
    assert Installation().connect(alices_client)["token_type"] == "Bearer"


def test_calls_of_one_connection_are_limited_and_of_that_one_alone(
    alices_client: Client,
) -> None:
    tokens, other = (
        Installation().connect(alices_client),
        Installation().connect(alices_client),
    )
    statuses = [refresh(tokens["refresh_token"]).status_code for _ in range(60)]
    assert (statuses[:-1], statuses[-1]) == ([200] * 59, 429)
    assert refresh(other["refresh_token"]).status_code == 200


def test_database_that_takes_no_writes_is_no_reason_to_give_up(
    alices_client: Client,
) -> None:
    tokens = Installation().connect(alices_client)
    switch = "SET default_transaction_read_only = {}"
    if connection.vendor == "sqlite":
        switch = "PRAGMA query_only = {}"
    with connection.cursor() as cursor:
        cursor.execute(switch.format("on"))
    try:
        answer = refresh(tokens["refresh_token"])
    finally:
        with connection.cursor() as cursor:
            cursor.execute(switch.format("off"))
    assert error(answer) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"
    assert refresh(tokens["refresh_token"]).status_code == 200


def test_database_that_is_away_is_no_reason_to_give_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A thread of its own opens a connection of its own.
    with monkeypatch.context() as patch, ThreadPoolExecutor(1) as thread:
        patch.setitem(connection.settings_dict, "NAME", "/nowhere/at/all")
        answer = thread.submit(refresh, "x").result()
    assert error(answer) == (503, "temporarily_unavailable")
    assert answer["Retry-After"] == "5"


def test_code_sent_by_many_at_once_is_good_for_one(alice: User) -> None:
    one = Installation()
    code = one.allowed(fresh_client(alice))
    many, answers = 4, []
    gate = threading.Barrier(many)

    def send() -> None:
        gate.wait()
        try:
            answers.append(one.exchange(code))
        finally:
            databases.close_all()

    threads = [threading.Thread(target=send) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [400] * (many - 1)
    assert AccessToken.objects.count() <= 1
