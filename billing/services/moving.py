"""Move a subscription from Stripe to Paddle, so that no time is paid twice.

The order of the steps keeps the person's money safe wherever it stops: first the new
subscription is there and free, then its first payment is set to the end of what is paid
at Stripe, and only then is Stripe told to end. Each step may be repeated.
"""

import logging
import math
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from billing.errors import BillingError, NotPossible
from billing.models import Alert, Checkout, Move, Subscription
from billing.plans import Selection
from billing.services import checkouts, moving_steps, providers
from billing.services.alerts import alert
from billing.services.leases import lease

_LOG = logging.getLogger(__name__)
_Status = Subscription.Status
_State = Move.State
_DUE = (
    *(_State.STARTED, _State.PAID, _State.DATED, _State.SWITCHED),
    *(_State.UNDOING, _State.ABANDONED),
)
_OPEN = (_State.STARTED, _State.PAID, _State.DATED, _State.SWITCHED, _State.UNDOING)
_REVERSIBLE = (_State.PAID, _State.DATED, _State.SWITCHED)
_LOOKED_FOR = timedelta(days=30)
_DAY = timedelta(days=1)


def legacy(user: User) -> list[Subscription]:
    """Return the user's subscriptions at Stripe, those that run first."""
    if providers.STRIPE not in providers.names():
        return []
    mine = Subscription.objects.of(user).filter(provider=providers.STRIPE)
    return sorted(mine, key=lambda one: one.status == _Status.CANCELED)


def is_possible() -> bool:
    """Tell whether there is somewhere to move to."""
    names = providers.names()
    return providers.PADDLE in names and providers.STRIPE in names


def current(user: User) -> Move | None:
    """Return the user's move that is not over, None without one."""
    return Move.objects.filter(user=user, state__in=_OPEN).first()


def check(source: Subscription, now: datetime) -> None:
    """Raise `NotPossible` with the words that say why a subscription cannot be moved."""
    if source.status not in {_Status.ACTIVE, _Status.TRIALING}:
        raise NotPossible(_WHY_NOT.get(_Status(source.status), _WHY_NOT_ELSE))
    if source.withdrawn_at is not None:
        raise NotPossible("The last payment of this subscription went back.")
    if source.paid_until is None or source.paid_until <= now:
        raise NotPossible(
            "The next payment at Stripe is being made just now. Try again in an hour."
        )
    others = Subscription.objects.of(source.user).running().exclude(pk=source.pk)
    if others.filter(provider=providers.STRIPE, scheduled_action="").exists():
        raise NotPossible(
            "You have two subscriptions through Stripe. Cancel one of them first;"
            " otherwise it would be charged beside the new one."
        )


_WHY_NOT_ELSE = "Only a subscription that runs can be moved."
_WHY_NOT = {
    _Status.PAST_DUE: (
        "A payment at Stripe is overdue. Update your payment details there first."
    ),
    _Status.PAUSED: (
        "This subscription is paused. Cancel it, then subscribe anew: nothing is paid"
        " twice."
    ),
    _Status.CANCELED: "This subscription has ended. Subscribe anew.",
}


def begin(source: Subscription, selection: Selection) -> Checkout:
    """Open the checkout of a move, the same one however often it is asked for.

    Nothing happens at Stripe before it is completed. Raises `NotPossible`,
    `AlreadySubscribed`, `UnknownPlan`, `BeingDone` and the provider's errors.
    """
    now = timezone.now()
    check(source, now)
    move = _the_open_one(source)
    if move.state != _State.STARTED:
        raise NotPossible("This subscription is being moved already.")
    ends_at = source.paid_until or now
    Move.objects.filter(pk=move.pk, state=_State.STARTED).update(ends_at=ends_at)
    return checkouts.begin_move(move, selection, trial_days(ends_at, now))


def trial_days(ends_at: datetime, now: datetime) -> int:
    """Return for how many days a new subscription is free: all that are paid, whole."""
    return max(1, math.ceil((ends_at - now) / _DAY))


def _the_open_one(source: Subscription) -> Move:
    found = current(source.user)
    if found is None:
        try:
            with transaction.atomic():
                return Move.objects.create(
                    user=source.user,
                    source=source,
                    ends_at=source.paid_until or timezone.now(),
                )
        except IntegrityError:
            # Another click came first; its move is there now.
            found = Move.objects.get(user=source.user, state__in=_OPEN)
    if found.source_id != source.pk:
        raise NotPossible("Another subscription of yours is being moved already.")
    return found


def undo(move: Move) -> None:
    """Go back to Stripe: the new subscription ends at once, the old one goes on.

    Raises `NotPossible`, `BeingDone` and the providers' errors; after those the sweep
    goes on with it.
    """
    with lease(move):
        if move.state == _State.STARTED:
            _give_up(move)
            return
        if move.state not in _REVERSIBLE or move.ends_at <= timezone.now():
            raise NotPossible("The move is over. It cannot be undone any more.")
        Move.objects.filter(pk=move.pk).update(state=_State.UNDOING)
    advance(move)


def _give_up(move: Move) -> None:
    for checkout in move.checkouts.filter(state=Checkout.State.OPEN):
        if not checkouts.close(checkout):
            raise NotPossible("The checkout was completed just now.")
    Move.objects.filter(pk=move.pk).update(state=_State.ABANDONED)


def check_undo(source: Subscription) -> None:
    """Raise `NotPossible` where going on at Stripe would be paid beside a move."""
    if source.moves.filter(state__in=_REVERSIBLE).exists():
        raise NotPossible(
            "It ends because you moved to Paddle. To keep it, undo the move."
        )


def advance(move: Move) -> None:
    """Do all the steps that can be done just now, one at a time by one at a time.

    Raises `BeingDone` and the providers' errors, after which it is due again later.
    """
    with lease(move):
        try:
            while moving_steps.step(move, timezone.now()):
                pass
            moving_steps.rest(move, timezone.now())
        except BillingError:
            moving_steps.put_off(move, timezone.now())
            raise


def look_for_double_charges(now: datetime) -> int:
    """Tell the owner of everybody who would be charged by two providers.

    Those whose move is under way are left to it. Returns how many there are.
    """
    charged = Subscription.objects.running().filter(next_billed_at__gt=now)
    at_stripe = charged.filter(provider=providers.STRIPE)
    elsewhere = charged.exclude(provider=providers.STRIPE)
    found = at_stripe.filter(user__in=elsewhere.values("user")).exclude(
        moves__state__in=[_State.PAID, _State.DATED, _State.UNDOING]
    )
    for one in found:
        alert(Alert.Code.CHARGED_TWICE, one.external_id)
    return len(found)


def advance_due(now: datetime) -> int:
    """Go on with all moves that are due; return how many were looked at."""
    if not is_possible():
        return 0
    looked_for = now - _LOOKED_FOR
    due = Move.objects.filter(state__in=_DUE, try_at__lte=now).exclude(
        state=_State.ABANDONED, begun_at__lt=looked_for
    )
    done = 0
    for move in due.select_related("source", "user").order_by("try_at")[:100]:
        done += 1
        try:
            advance(move)
        except BillingError as error:
            _LOG.warning("A move waits: %r", error)
    return done
