"""What a deletion consists of: its kinds of work, and their order for each kind.

Each piece of work can be done again after a crash. An app that joins adds its work here
and its `forget` to the floor it stands on: a test walks every table for what was left.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import accounts.services.forgetting
import billing.services.forgetting
import console.services.forgetting
import energy.services.forgetting
import tokens.services.forgetting
import vehicles.services.forgetting
import webhooks.services.forgetting
from accounts.models import User
from accounts.services import ending, letters
from billing.errors import BillingError
from billing.services import cancelling
from console.models import Deletion, DeletionStep
from console.services import receipts, stopping
from energy.models import SiteAccess
from tokens.services import grants
from vehicles.models import VehicleAccess

_Counts = Mapping[str, int]
_State = DeletionStep.State
_LISTED = "Tesla lists it again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say how a step ended: the rows that went by kind, and words where they help."""

    counts: _Counts = field(default_factory=dict)
    state: DeletionStep.State = _State.DONE
    words: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Name what one step is about: a VIN and the car's name, or nothing."""

    subject: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """Describe one kind of step: its code, what it does, and about what."""

    action: str
    do: Callable[[DeletionStep], Outcome]
    plan: Callable[[Deletion], Iterable[Subject]] = lambda _: (Subject(),)


def _of_user(forget: Callable[[User], _Counts]) -> Callable[[DeletionStep], Outcome]:
    """Return work that forgets a user's rows; nothing is left to do without a user."""

    def do(step: DeletionStep) -> Outcome:
        user = step.deletion.user
        return Outcome(forget(user) if user is not None else {})

    return do


def _sign_out(user: User) -> _Counts:
    ending.lock_out(user)
    return {"sessions": ending.end_sessions(user)}


def _access_tokens(user: User) -> _Counts:
    return {"access tokens": tokens.services.forgetting.forget_access_tokens(user)}


def _subscription(step: DeletionStep) -> Outcome:
    user = step.deletion.user
    if user is None:
        return Outcome()
    try:
        return Outcome({"subscriptions": cancelling.cancel_for_deletion(user)})
    except BillingError as error:
        words = f"the payment provider ({type(error).__name__})"
        raise stopping.TryLater(words) from error


def _billing(step: DeletionStep) -> Outcome:
    """Forget what was paid for; what came to be since the first look is ended before."""
    user = step.deletion.user
    if user is None:
        return Outcome()
    _subscription(step)
    return Outcome(billing.services.forgetting.forget(user))


def _cars(deletion: Deletion) -> list[Subject]:
    seen = VehicleAccess.objects.filter(grant__in=stopping.leaving(deletion))
    if deletion.kind == Deletion.Kind.VEHICLE:
        seen = seen.filter(vehicle__vin=deletion.subject)
    names = seen.values_list("vehicle__vin", "vehicle__name").order_by("vehicle__name")
    return [Subject(vin, name or vin) for vin, name in dict(names).items()]


def _telemetry(step: DeletionStep) -> Outcome:
    if stopping.is_kept(step.deletion, step.subject):
        words = "Somebody else here uses this car."
        return Outcome({}, _State.KEPT, words)
    try:
        had_one = stopping.stop(step.deletion, step.subject)
    except stopping.CannotStop as error:
        return Outcome({}, _State.NOT_DONE, f"Tesla refused: {error}.")
    return Outcome({"configurations": int(had_one)})


def _grant(step: DeletionStep) -> Outcome:
    total: dict[str, int] = {}
    for grant in stopping.leaving(step.deletion):
        total |= vehicles.services.forgetting.forget_grant(grant)
        total |= energy.services.forgetting.forget_grant(grant)
        try:
            total |= tokens.services.forgetting.forget_grant(grant)
        except grants.OnlyWayIn:
            words = "It is the only way to sign in."
            return Outcome(total, _State.KEPT, words)
    return Outcome(total)


def _gone_car(step: DeletionStep) -> Outcome:
    user, vin = step.deletion.user, step.deletion.subject
    if user is None:
        return Outcome()
    gone = vehicles.services.forgetting.forget_gone(user, vin)
    if VehicleAccess.objects.filter(grant__user=user, vehicle__vin=vin).exists():
        return Outcome(gone, _State.KEPT, _LISTED)
    asked = tokens.services.forgetting.forget_questions(user, vin)
    return Outcome({**gone, **asked})


def _gone_site(step: DeletionStep) -> Outcome:
    user, site_id = step.deletion.user, step.deletion.subject
    if user is None:
        return Outcome()
    gone = energy.services.forgetting.forget_gone(user, int(site_id))
    if SiteAccess.objects.filter(grant__user=user, site__site_id=site_id).exists():
        return Outcome(gone, _State.KEPT, _LISTED)
    asked = tokens.services.forgetting.forget_questions(user, site_id)
    return Outcome({**gone, **asked})


def _unseen(_step: DeletionStep) -> Outcome:
    return Outcome(
        {
            **vehicles.services.forgetting.forget_unseen(),
            **energy.services.forgetting.forget_unseen(),
        }
    )


def _receipt(step: DeletionStep) -> Outcome:
    receipt = receipts.receipt(step.deletion)
    if receipt is None:
        return Outcome(words="There is no address to write to.")
    letters.send(receipt.to, receipt.subject, receipt.body)
    return Outcome({"letters": 1})


_TELEMETRY = Work("telemetry", _telemetry, _cars)
_UNSEEN = Work("unseen", _unseen)

CHAINS: Mapping[str, tuple[Work, ...]] = {
    Deletion.Kind.ACCOUNT: (
        Work("sign_out", _of_user(_sign_out)),
        Work("access_tokens", _of_user(_access_tokens)),
        Work("subscription", _subscription),
        _TELEMETRY,
        # From here on, each floor forgets its own, from the roof down.
        Work("console", _of_user(console.services.forgetting.forget)),
        Work("vehicles", _of_user(vehicles.services.forgetting.forget)),
        Work("energy", _of_user(energy.services.forgetting.forget)),
        Work("billing", _billing),
        Work("webhooks", _of_user(webhooks.services.forgetting.forget)),
        Work("tokens", _of_user(tokens.services.forgetting.forget)),
        Work("accounts", _of_user(accounts.services.forgetting.forget)),
        _UNSEEN,
        Work("receipt", _receipt),
    ),
    Deletion.Kind.GRANT: (_TELEMETRY, Work("grant", _grant), _UNSEEN),
    Deletion.Kind.VEHICLE: (_TELEMETRY, Work("gone_car", _gone_car), _UNSEEN),
    Deletion.Kind.ENERGY_SITE: (Work("gone_site", _gone_site), _UNSEEN),
}


def work_of(deletion: Deletion, step: DeletionStep) -> Work:
    """Return the work behind a step. Raises KeyError for an action of another version."""
    return {work.action: work for work in CHAINS[deletion.kind]}[step.action]
