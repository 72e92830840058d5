"""Say what a deletion did: on the page that shows it, and in the letter that ends it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import crypto
from console.models import Deletion, DeletionStep
from fleet import oauth
from tokens.services import fleet_app

EMAIL = "email_sealed"
TITLES = {
    "sign_out": "Account switched off, signed out everywhere",
    "access_tokens": "Access tokens ended",
    "subscription": "Subscription canceled at the payment provider",
    "telemetry": "Fleet Telemetry stopped at Tesla",
    "console": "Exports and notes deleted",
    "vehicles": "Cars and their readings deleted",
    "energy": "Energy sites and their readings deleted",
    "billing": "Subscription data deleted; invoices stay without a name",
    "webhooks": "Webhooks and their deliveries deleted",
    "tokens": "Tesla accounts unlinked, their tokens deleted",
    "accounts": "The account itself deleted",
    "unseen": "Cars and sites that nobody else here sees deleted",
    "receipt": "Receipt written",
    "grant": "Tesla account unlinked, its tokens and readings deleted",
    "gone_car": "Car and its readings deleted",
    "gone_site": "Energy site and its readings deleted",
}
_WORST_FIRST = (
    DeletionStep.State.WAITING,
    DeletionStep.State.NOT_DONE,
    DeletionStep.State.DONE,
    DeletionStep.State.KEPT,
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Hold the letter that tells what was done."""

    to: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Line:
    """Say how one step stands; `detail` is empty where the title says it all."""

    title: str
    state: str
    detail: str


def lines(steps: Iterable[DeletionStep]) -> list[Line]:
    """Return one line a step, in their order, cars by name."""
    return [Line(_title(step), step.state, _detail(step)) for step in steps]


def nameless(steps: Iterable[DeletionStep]) -> list[Line]:
    """Return one line a kind of step, for a page that anybody with its address sees."""
    return [
        _together(action, list(alike))
        for action, alike in groupby(steps, lambda step: step.action)
    ]


def consent_url(back_url: str) -> str:
    """Return Tesla's page on which a person withdraws their consent."""
    return oauth.consent_url(fleet_app.hosts(), fleet_app.application(), back_url)


def receipt(deletion: Deletion) -> Receipt | None:
    """Return the letter about an account's deletion, None without an address."""
    if not deletion.email_sealed:
        return None
    to = crypto.unseal(
        deletion.email_sealed, context=crypto.context_of(deletion, EMAIL)
    )
    steps = deletion.steps.exclude(action="receipt").order_by("position")
    context = {
        "deletion": deletion,
        "lines": lines(steps),
        "now": timezone.now(),
        "consent_url": consent_url(settings.PUBLIC_URL),
        "domain": settings.TESLA_DOMAIN,
        "public_url": settings.PUBLIC_URL,
    }
    body = render_to_string("console/email/receipt.txt", context)
    return Receipt(to, "Your account is deleted", body)


def _title(step: DeletionStep) -> str:
    title = TITLES.get(step.action, step.action)
    return f"{title}: {step.label}" if step.label else title


def _together(action: str, steps: list[DeletionStep]) -> Line:
    title = TITLES.get(action, action)
    states = [step.state for step in steps]
    if len(steps) == 1:
        return Line(title, states[0], _detail(steps[0]))
    state = next(one for one in _WORST_FIRST if one in states)
    kept = states.count(DeletionStep.State.KEPT)
    detail = f"cars: {len(steps) - kept}"
    return Line(title, state, f"{detail}, kept for others: {kept}" if kept else detail)


def _detail(step: DeletionStep) -> str:
    if step.action == "telemetry" and step.state == DeletionStep.State.DONE:
        return "" if step.counts.get("configurations") else "There was none."
    counted = ", ".join(
        f"{kind}: {count}" for kind, count in step.counts.items() if count
    )
    return step.words or counted
