"""Prepare what pages show of a webhook: its state in words, its figures, what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from accounts.models import User
from webhooks import words
from webhooks.models import Endpoint
from webhooks.outcomes import ErrorKind
from webhooks.services import sealing
from webhooks.services.health import Health, health, healths

# Failing for less than this is no news: a receiver may be starting anew.
NEWS_AFTER: Final = timedelta(hours=1)
_GOOD_SHARE, _POOR_SHARE = 0.99, 0.9
_DISABLED: Final = {
    Endpoint.Disabled.FAILING: "Nothing was accepted for 24 hours, so nothing more is"
    " sent. Mend the receiver, then enable the webhook again.",
    Endpoint.Disabled.GONE: "The receiver answered 410 Gone, which asks to be told"
    " nothing more.",
}


@dataclass(frozen=True, slots=True)
class Card:
    """Hold one webhook as its owner sees it.

    `look` is the class of the state's shape, `since` the time beside its word, `why`
    what is wrong in a sentence or two, `about` what it is told.
    """

    endpoint: Endpoint
    health: Health
    title: str
    look: str
    word: str
    since: datetime | None
    why: str
    about: str

    @property
    def last_error(self) -> str:
        """Return what went wrong last in a sentence."""
        return _error(self.endpoint)

    @property
    def share(self) -> str:
        """Return the share of accepted requests; not 100 % while one was refused."""
        share = self.health.success_share
        if share is None:
            return ""
        return f"{int(share * 1000) / 10:.1f} %" if share < 1 else "100 %"

    @property
    def share_tone(self) -> str:
        """Return the class of the share's tone."""
        share = self.health.success_share
        if share is None or share >= _GOOD_SHARE:
            return "good"
        return "warn" if share >= _POOR_SHARE else "bad"


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one webhook in one line: its name, its state, what it is told."""

    endpoint: Endpoint
    title: str
    look: str
    word: str
    since: datetime | None
    about: str


@dataclass(frozen=True, slots=True)
class News:
    """What a person should see to: a webhook that is disabled, or fails for long."""

    endpoint: Endpoint
    title: str
    is_disabled: bool
    since: datetime | None
    why: str


def card_of(endpoint: Endpoint, now: datetime) -> Card:
    """Return the card of one webhook; costs three queries."""
    return _card(endpoint, health(endpoint), now)


def cards_of(endpoints: Sequence[Endpoint], now: datetime) -> list[Card]:
    """Return the cards of webhooks; three queries for all of them."""
    figures = healths(endpoints)
    return [_card(one, figures[one.pk], now) for one in endpoints]


def _card(endpoint: Endpoint, figures: Health, now: datetime) -> Card:
    look, word, since = standing(endpoint)
    return Card(
        endpoint,
        figures,
        title(endpoint),
        look,
        word,
        since,
        _why(endpoint, figures, now),
        _about(endpoint),
    )


def lines_of(user: User, vin: str) -> list[Line]:
    """Return the webhooks of a user that are told of one car; one query."""
    rows = Endpoint.objects.filter(user=user).order_by("created_at", "pk")
    return [
        Line(one, title(one), *standing(one), _kinds(one))
        for one in rows
        if not one.vins or vin in one.vins
    ]


def news_of(user: User, now: datetime) -> list[News]:
    """Return the webhooks of a user that need them; costs one query."""
    return [
        News(
            endpoint,
            title(endpoint),
            endpoint.disabled_at is not None,
            endpoint.disabled_at or endpoint.first_failure_at,
            _news(endpoint),
        )
        for endpoint in _troubled(Endpoint.objects.filter(user=user), now)
    ]


def title(endpoint: Endpoint) -> str:
    """Return what a webhook is called: its name, else its host."""
    return endpoint.name or urlsplit(endpoint.url).netloc


def _troubled(rows: Iterable[Endpoint], now: datetime) -> list[Endpoint]:
    return [
        one
        for one in rows
        if one.disabled_at is not None
        or (one.paused_at is None and one.failing_for(now) >= NEWS_AFTER)
    ]


def _news(endpoint: Endpoint) -> str:
    if endpoint.disabled_at is not None:
        return _DISABLED.get(_reason(endpoint), "")
    return _error(endpoint)


def _error(endpoint: Endpoint) -> str:
    """Return what went wrong last, and which of its secrets to renew where it was that."""
    advice = ""
    if endpoint.last_error_kind == ErrorKind.SECRETS:
        advice = words.unreadable(sealing.unreadable(endpoint))
    return advice or words.failure(endpoint.last_error_kind, endpoint.last_status)


def _reason(endpoint: Endpoint) -> Endpoint.Disabled:
    return Endpoint.Disabled(endpoint.disabled_reason)


def standing(endpoint: Endpoint) -> tuple[str, str, datetime | None]:
    """Return the class of a state's shape, its word, and the time beside it."""
    if endpoint.disabled_at is not None:
        return "offline", "Disabled", endpoint.disabled_at
    if endpoint.paused_at is not None:
        return "asleep", "Paused", endpoint.paused_at
    if endpoint.first_failure_at is not None:
        return "offline", "Failing since", endpoint.first_failure_at
    if endpoint.last_success_at is not None:
        return "online", "Delivering", None
    return "", "Nothing sent yet", None


def _why(endpoint: Endpoint, figures: Health, now: datetime) -> str:
    """Return what is wrong and what comes of it, "" for nothing."""
    if figures.state == "disabled":
        return _DISABLED.get(_reason(endpoint), "")
    if figures.state != "failing":
        return ""
    error = _error(endpoint)
    if endpoint.last_error_kind == ErrorKind.SECRETS:
        return error
    if figures.disabled_from_at is None or figures.disabled_from_at <= now:
        return error
    left_s = (figures.disabled_from_at - now).total_seconds()
    left = f"{left_s / 3600:.0f} h" if left_s >= 3600 else f"{left_s / 60 + 1:.0f} min"
    return f"{error} If nothing is accepted for {left} more, it is disabled."


def _kinds(endpoint: Endpoint) -> str:
    kinds = [words.kind(kind).lower() for kind in endpoint.kinds]
    return "everything" if len(kinds) == len(words.KINDS) else ", ".join(kinds)


def _about(endpoint: Endpoint) -> str:
    count = len(endpoint.vins)
    cars = f"{count} car{'s' if count > 1 else ''}" if count else "all cars"
    return f"{cars}: {_kinds(endpoint)}"
