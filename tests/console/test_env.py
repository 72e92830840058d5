"""Reading settings from the environment, and saying all that is wrong."""

import base64
from decimal import Decimal
from pathlib import Path

import pytest

from console.env import (
    BadEnvironment,
    Environment,
    address,
    database,
    dollars,
    email,
    price_list,
    prices,
)
from fleet.endpoints import Price

KEY = base64.b64encode(bytes(32)).decode()


def problems(environment: Environment) -> list[str]:
    """Return what `check` would say, one problem a line."""
    try:
        environment.check()
    except BadEnvironment as error:
        return [line[4:] for line in str(error).splitlines()[1:]]
    return []


def test_text_is_stripped_and_has_a_default() -> None:
    environment = Environment({"A": "  x ", "B": "  "})
    assert [environment.text(name, "d") for name in "ABC"] == ["x", "d", "d"]
    assert environment.names == ["A", "B", "C"]


def test_required_says_where_it_comes_from() -> None:
    environment = Environment({"A": "x"})
    assert environment.required("A", "Copy it.") == "x"
    assert environment.required("B", "Copy it.") == ""
    assert problems(environment) == ["B: is not set. Copy it."]


def test_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hidden\n", encoding="utf-8")
    environment = Environment({"A_FILE": str(tmp_path / "a")})
    assert environment.secret("A") == "hidden"
    assert problems(environment) == []


def test_secret_given_twice_is_a_problem(tmp_path: Path) -> None:
    environment = Environment({"A": "x", "A_FILE": str(tmp_path / "a")})
    assert environment.secret("A") == "x"
    assert problems(environment) == ["A: is set twice: here and by A_FILE. Keep one."]


def test_secret_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    environment = Environment(
        {"A_FILE": str(tmp_path / "none"), "B_FILE": str(tmp_path / "binary")}
    )
    assert environment.secret("A", "default") == "default"
    assert environment.secret("B") == ""
    assert problems(environment) == [
        "A_FILE: cannot be read (No such file or directory).",
        "B_FILE: cannot be read (not a text file).",
    ]


@pytest.mark.parametrize(
    ("text", "value"), [("yes", True), ("TRUE", True), ("0", False), ("", True)]
)
def test_flag(text: str, value: bool) -> None:  # noqa: FBT001 - what is expected
    environment = Environment({"A": text})
    assert environment.flag("A", default=True) is value
    assert problems(environment) == []


def test_flag_that_is_neither_is_a_problem() -> None:
    environment = Environment({"A": "perhaps"})
    environment.flag("A", default=True)
    assert problems(environment) == ["A: must be true or false, not 'perhaps'."]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", ["A: must be a whole number, not 'x'."]),
        ("0", ["A: must be between 1 and 9, not 0."]),
        ("10", ["A: must be between 1 and 9, not 10."]),
        ("", []),
        ("5", []),
    ],
)
def test_number(text: str, words: list[str]) -> None:
    environment = Environment({"A": text})
    assert environment.number("A", 5, least=1, most=9) == 5
    assert problems(environment) == words


def test_choice_knows_its_words() -> None:
    environment = Environment({"A": "RED", "B": "pink"})
    colors = ("red", "green")
    assert [environment.choice(name, "green", colors) for name in "ABC"] == [
        "red",
        "green",
        "green",
    ]
    assert problems(environment) == ["B: must be one of red, green, not 'pink'."]


def test_words_are_split_at_commas_and_blanks() -> None:
    environment = Environment({"A": "a, b,c  d"})
    assert environment.words("A") == ["a", "b", "c", "d"]
    assert environment.words("B") == []


@pytest.mark.parametrize(
    "text", ["keyfob", "ftp://x", "http://", "http://x:port", "http://[::1"]
)
def test_url_must_be_an_address(text: str) -> None:
    environment = Environment({"A": text})
    assert environment.url("A", "http://default") == "http://default"
    assert len(problems(environment)) == 1


def test_url_loses_its_last_slash() -> None:
    assert Environment({"A": "https://x/"}).url("A", "") == "https://x"


def test_keys_are_read_newest_first() -> None:
    environment = Environment({"A": f"k2:{KEY}, k1:{KEY}"})
    assert list(environment.keys("A")) == ["k2", "k1"]
    assert problems(environment) == []


@pytest.mark.parametrize(
    "text", ["k1", "k1:", "k1:AAAA", f":{KEY}", f"k1:{KEY} k1:{KEY}", "k1:not base64"]
)
def test_bad_keys_are_a_problem_that_quotes_nothing(text: str) -> None:
    environment = Environment({"A": text})
    assert environment.keys("A") == {}
    assert problems(environment) == [
        "A: must be id:key pairs, each key 32 bytes in base64."
    ]


def test_missing_keys_say_how_to_make_one() -> None:
    environment = Environment({})
    assert environment.keys("A") == {}
    assert problems(environment) == [
        "A: is not set. Make one with: make encryption-key"
    ]


def test_database_is_sqlite() -> None:
    found = database(Environment({"A": "sqlite:////var/key%20fob.db"}), "A", "")
    assert found["NAME"] == "/var/key fob.db"
    assert found["ENGINE"] == "django.db.backends.sqlite3"


def test_database_is_postgresql() -> None:
    url = "postgresql://me:p%40ss@db.example:5433/keyfob"
    found = database(Environment({"A": url}), "A", "")
    names = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    assert [found[name] for name in names] == [
        "keyfob",
        "me",
        "p@ss",
        "db.example",
        "5433",
    ]


def test_database_is_reached_through_a_socket() -> None:
    found = database(Environment({"A": "postgres:///k?host=/run/pg"}), "A", "")
    assert (found["HOST"], found["NAME"], found["PORT"]) == ("/run/pg", "k", "")


@pytest.mark.parametrize("text", ["mysql://x/y", "sqlite:///", "postgresql://[::1"])
def test_unknown_database_is_a_problem(text: str) -> None:
    environment = Environment({"A": text})
    database(environment, "A", "")
    assert problems(environment) == [
        "A: must be sqlite:///path or postgresql://user@host/name."
    ]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("smtp://me:p%40ss@mail.example", ("mail.example", 587, "p@ss", True, False)),
        ("smtps://mail.example", ("mail.example", 465, "", False, True)),
        ("smtp+plain://localhost:25", ("localhost", 25, "", False, False)),
    ],
)
def test_mail_server(text: str, facts: tuple[object, ...]) -> None:
    found = email(Environment({"A": text}), "A")
    names = ("HOST", "PORT", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    assert tuple(found[f"EMAIL_{name}"] for name in names) == facts


def test_no_mail_server() -> None:
    assert email(Environment({}), "A") == {}


@pytest.mark.parametrize("text", ["mail.example", "http://mail.example", "smtp://"])
def test_bad_mail_server_is_a_problem(text: str) -> None:
    environment = Environment({"A": text})
    assert email(environment, "A") == {}
    assert problems(environment) == ["A: must be smtp://user:password@host:port."]


def test_prices_are_keyed_by_kind_and_cycle() -> None:
    environment = Environment({"P": "vehicle:month=pri_1, site:year=pri_2"})
    assert prices(environment, "P") == {
        ("vehicle", "month"): ("pri_1",),
        ("site", "year"): ("pri_2",),
    }
    assert prices(environment, "UNSET") == {}
    assert problems(environment) == []


def test_first_price_of_several_stands_in_front() -> None:
    environment = Environment({"P": "site:year=new,vehicle:month=a site:year=old"})
    assert prices(environment, "P") == {
        ("site", "year"): ("new", "old"),
        ("vehicle", "month"): ("a",),
    }
    assert problems(environment) == []


@pytest.mark.parametrize(
    "text",
    [
        "pri_1",
        "vehicle=pri_1",
        "boat:month=pri_1",
        "vehicle:week=pri_1",
        "vehicle:month=",
        "vehicle:month=pri_1 vehicle:month=pri_1",
        "vehicle:month=pri_1 site:month=pri_1",
    ],
)
def test_odd_prices_are_a_problem(text: str) -> None:
    environment = Environment({"P": text})
    assert prices(environment, "P") == {}
    assert problems(environment) == [
        "P: must be pairs such as vehicle:month=pri_01abc."
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.0.0.0:4443", ("0.0.0.0", 4443)),
        ("[::]:443", ("::", 443)),
        ("", ("127.0.0.1", 1)),
    ],
)
def test_address_is_host_and_port(text: str, found: tuple[str, int]) -> None:
    environment = Environment({"A": text})
    assert address(environment, "A", "127.0.0.1:1") == found
    assert problems(environment) == []


@pytest.mark.parametrize("text", ["4443", ":4443", "host:", "host:x", "host:70000"])
def test_odd_address_is_a_problem(text: str) -> None:
    environment = Environment({"A": text})
    address(environment, "A", "127.0.0.1:1")
    assert problems(environment) == [f"A: must be host:port, not {text!r}."]


def test_dollars_are_exact() -> None:
    environment = Environment({"A": "12.50", "B": "0", "C": "10 $", "D": "-1"})
    found = [dollars(environment, name, "10") for name in "ABXCD"]
    assert found == [Decimal("12.50"), 0, 10, 0, 0]
    assert problems(environment) == [
        f"{name}: must be an amount of dollars such as 12.50." for name in "CD"
    ]


def test_price_list_changes_what_it_names() -> None:
    usual = {Price.DATA: Decimal(1), Price.WAKES: Decimal(2)}
    environment = Environment({"A": "data=1/500", "B": "data=0.5, wakes=0"})
    assert price_list(environment, "A", usual) == {"data": Decimal("0.002"), "wakes": 2}
    assert price_list(environment, "B", usual) == {"data": Decimal("0.5"), "wakes": 0}
    assert price_list(environment, "C", usual) == {"data": 1, "wakes": 2}
    assert problems(environment) == []


@pytest.mark.parametrize("text", ["milk=1", "data", "data=x", "data=1/0", "data=NaN"])
def test_price_list_that_makes_no_sense_is_a_problem(text: str) -> None:
    environment = Environment({"A": text})
    price_list(environment, "A", {Price.DATA: Decimal(1)})
    assert problems(environment) == ["A: must be as data=1/500; the classes: data."]
