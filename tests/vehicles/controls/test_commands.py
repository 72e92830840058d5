"""The command log of a car: its pages and its words."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.vehicles.controls.making import EVIL, PAGE, ClientOf, sent
from vehicles.controls.words import duration_words, entry, parameter_words
from vehicles.models import VehicleAccess


def test_log_pages_through_all_commands(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    now = timezone.now()
    for number in range(45):
        at = now - timedelta(minutes=number // 2)
        sent(car, "set_charge_limit", parameters={"percent": 50 + number}, asked_at=at)
    client, url, seen = client_of(alice), PAGE, []
    for length in (20, 20, 5):
        text = client.get(url).content.decode()
        shown = re.findall(r":</strong> <span>(\d+)\xa0%</span>", text)
        assert len(shown) == length
        seen += shown
        older = re.search(r'href="([^"]*before=[^"]*)">Older', text)
        url = older.group(1) if older else ""
    assert url == ""
    assert sorted(map(int, seen)) == list(range(50, 95))


def test_log_without_commands_teaches(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client = client_of(alice)
    for url in (PAGE, f"{PAGE}/commands", f"{PAGE}/commands?before=nonsense"):
        assert "Nothing has been sent yet" in client.get(url).content.decode()
    last = sent(car)
    text = client.get(f"{PAGE}/commands?before={last.pk}").content.decode()
    assert "There are no older ones." in text


def test_log_names_what_is_not_in_the_table_and_programs_without_a_name(
    car: VehicleAccess,
) -> None:
    odd = sent(car, "of_yesterday", source="api", duration_ms=None)
    line = entry(odd, timezone.now())
    assert (line.title, line.sender, line.took) == ("of_yesterday", "A program", "")
    unexplained = sent(car, state="failed", result=None)
    ending = entry(unexplained, timezone.now()).stand.ending
    assert ending is not None
    assert ending.words == "It is not known why."


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, ""),
        ({"percent": 80}, "80\xa0%"),
        ({"which_trunk": "rear"}, "rear trunk"),
        ({"on": True}, "on"),
        ({"on": False}, "off"),
        ({"enable": True, "time": 30}, "enable: yes, time: 30"),
        ({"enabled": False, "name": None}, "enabled: no"),
        ({"on": True, "pin": "1234", "password": "5678"}, "on"),
        ({"name": "x" * 80}, f"name: {'x' * 60}"),
        ({str(n): n for n in range(8)}, "0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, …"),
    ],
)
def test_parameters_are_put_in_words_without_pins(
    parameters: dict[str, object], words: str
) -> None:
    assert parameter_words(parameters) == words


@pytest.mark.parametrize(
    ("duration_ms", "words"),
    [(None, ""), (340, "340 ms"), (1449, "1.4 s"), (75_400, "75 s")],
)
def test_durations_are_put_in_words(duration_ms: int | None, words: str) -> None:
    assert duration_words(duration_ms) == words


def test_page_with_many_commands_costs_the_same_queries(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    client = client_of(alice)
    client.get(PAGE)
    counts = []
    for more in (1, 3):
        for _ in range(more):
            sent(car)
            sent(car, "set_temps", source="api")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_controls_have_no_inline_style_or_script(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    sent(car, result=False, reason=EVIL)
    sent(car, "set_temps", source="api", access_token_name=EVIL)
    text = client_of(alice).get(PAGE).content.decode()
    assert EVIL not in text
    assert "&lt;script&gt;" in text
    assert " style=" not in text
    assert not re.search(r"\son\w+=", text)
