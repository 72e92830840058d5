"""The steps of a move from Stripe to Paddle, each safe to repeat."""

import logging
from datetime import datetime, timedelta

from billing.errors import BillingError, ProviderRefused
from billing.models import Alert, Checkout, Move, Subscription
from billing.provider.shapes import Snapshot
from billing.provider.stripe.provider import Stripe
from billing.services import catalog as catalogs, providers, subscriptions
from billing.services.alerts import alert, settle_all

_LOG = logging.getLogger(__name__)
_Status = Subscription.Status
_State = Move.State
# Paddle moves no payment that is due within half an hour; then the trial's rest is free.
_DATES_STAND = timedelta(minutes=35)
_ALERT_BEFORE = timedelta(hours=24)
_HOLD_BEFORE = timedelta(hours=1)
_LONGEST_WAIT = timedelta(hours=1)


def step(move: Move, now: datetime) -> bool:
    """Do the next step of a move; False when there is nothing to do just now.

    To be called by whoever holds the lease. Raises `BillingError`.
    """
    match _State(move.state):
        case _State.STARTED | _State.ABANDONED:
            return _find_target(move, now)
        case _State.PAID:
            return _set_date(move, now)
        case _State.DATED:
            return _hand_over(move)
        case _State.SWITCHED:
            return _see_the_end(move)
        case _State.UNDOING:
            return _go_back(move)
        case _:
            return False


def put_off(move: Move, now: datetime) -> None:
    """Try again later; tell the owner, and hold the new one, as the end comes near."""
    move.attempts += 1
    wait = min(_LONGEST_WAIT, timedelta(seconds=15 * 2 ** min(move.attempts, 10)))
    _keep(move, try_at=now + wait, attempts=move.attempts)
    if move.state not in {_State.PAID, _State.DATED}:
        return
    left = move.ends_at - now
    if left < _ALERT_BEFORE:
        alert(Alert.Code.CHARGED_TWICE, move.source.external_id)
    if left < _HOLD_BEFORE and move.held_at is None:
        _hold(move, now)


def rest(move: Move, now: datetime) -> None:
    """Look again after a while: soon at what a person is about to pay for."""
    wait = timedelta(seconds=5 if move.state == _State.STARTED else 600)
    _keep(move, try_at=now + wait)


def _hold(move: Move, now: datetime) -> None:
    """Keep the new subscription from being charged while the old one will not end."""
    try:
        _apply(providers.PADDLE, providers.paddle().pause(move.target_id))
    except BillingError as error:
        _LOG.warning("A subscription could not be held: %r", error)
        return
    _keep(move, held_at=now)


def _find_target(move: Move, now: datetime) -> bool:
    """Take the first subscription that a checkout of the move led to; end any other."""
    paid = move.checkouts.filter(state=Checkout.State.COMPLETED)
    there = Subscription.objects.filter(user=move.user, provider=providers.PADDLE)
    running = there.running().order_by("started_at", "created_at")
    targets = list(running.filter(external_id__in=paid.values("subscription_id")))
    if not targets:
        if move.state == _State.STARTED and not _is_awaited(move, now):
            _keep(move, state=_State.ABANDONED)
        return False
    rivals = running.exclude(pk__in=[one.pk for one in targets]).exists()
    taken = None if rivals or _is_late(move) else targets[0]
    for other in targets:
        if other != taken:
            _end(other)
    if taken is None:
        _keep(move, state=_State.ABANDONED)
        return False
    _keep(move, state=_State.PAID, target_id=taken.external_id, attempts=0)
    return True


def _is_late(move: Move) -> bool:
    """Tell whether a move that was given up comes back while there is another one."""
    over = [_State.DONE, _State.UNDONE, _State.ABANDONED]
    others = Move.objects.filter(user=move.user).exclude(pk=move.pk)
    return move.state == _State.ABANDONED and others.exclude(state__in=over).exists()


def _is_awaited(move: Move, now: datetime) -> bool:
    waiting = move.checkouts.exclude(state=Checkout.State.CLOSED).exists()
    return waiting or move.begun_at > now - timedelta(minutes=5)


def _set_date(move: Move, now: datetime) -> bool:
    """Have the new one charged when the paid time at Stripe is over, not before."""
    target = _target(move)
    if target is None or target.status == _Status.CANCELED:
        _keep(move, state=_State.UNDOING)
        return True
    source = _read_source(move)
    if source.status in {_Status.CANCELED, _Status.PAST_DUE, _Status.PAUSED}:
        # Nothing is paid there beyond today; the trial's rest is a gift.
        if source.status != _Status.CANCELED:
            _apply(providers.STRIPE, _stripe().cancel(source.external_id, at_once=True))
        _keep(move, state=_State.SWITCHED)
        return True
    if move.held_at is not None and source.scheduled_action:
        if target.status == _Status.PAUSED:
            # It would be charged at once when it is resumed.
            _keep(move, state=_State.UNDOING)
            return True
        _apply(providers.PADDLE, providers.paddle().undo(target.external_id))
        _keep(move, held_at=None)
    ends_at = source.paid_until or move.ends_at
    if move.held_at is None and ends_at - now > _DATES_STAND:
        _bill_at(move, target, ends_at)
    _keep(move, state=_State.DATED, ends_at=ends_at, attempts=0)
    return True


def _bill_at(move: Move, target: Subscription, ends_at: datetime) -> None:
    """Move the first payment. A refusal is told: it must not keep Stripe from ending."""
    try:
        answer = providers.paddle().bill_at(target.external_id, ends_at)
    except ProviderRefused:
        if target.next_billed_at is None or target.next_billed_at < ends_at:
            alert(Alert.Code.CHARGED_TWICE, target.external_id)
        return
    _apply(providers.PADDLE, answer)


def _hand_over(move: Move) -> bool:
    """Have the old one end with its paid time; look whether that is still the same."""
    try:
        answer = _stripe().hand_over(move.source.external_id, str(move.pk))
        source = _apply(providers.STRIPE, answer)
    except ProviderRefused:
        source = _read_source(move)
        if source.status != _Status.CANCELED:
            raise
        # It has ended already, by whatever hand.
        _keep(move, state=_State.SWITCHED)
        return True
    ends_at = source.paid_until or move.ends_at
    if move.held_at is not None or ends_at > move.ends_at:
        # It was paid for once more meanwhile: the new one has to wait for that, too.
        _keep(move, state=_State.PAID)
        return True
    _keep(move, state=_State.SWITCHED, attempts=0)
    settle_all(Alert.Code.CHARGED_TWICE, source.external_id)
    return True


def _see_the_end(move: Move) -> bool:
    source = Subscription.objects.get(pk=move.source_id)
    if source.status != _Status.CANCELED:
        return False
    _keep(move, state=_State.DONE)
    return False


def _go_back(move: Move) -> bool:
    """End the new one at once, then let the old one go on."""
    target = _target(move)
    if target is not None and target.status != _Status.CANCELED:
        _end(target)
    source = _read_source(move)
    if source.status != _Status.CANCELED and source.scheduled_action:
        _apply(providers.STRIPE, _stripe().undo(source.external_id))
    _keep(move, state=_State.UNDONE)
    settle_all(Alert.Code.CHARGED_TWICE, source.external_id)
    return False


def _read_source(move: Move) -> Subscription:
    snapshot = _stripe().subscription(move.source.external_id)
    return _apply(providers.STRIPE, snapshot)


def _target(move: Move) -> Subscription | None:
    return Subscription.objects.filter(
        provider=providers.PADDLE, external_id=move.target_id
    ).first()


def _end(subscription: Subscription) -> None:
    paddle = providers.paddle()
    _apply(providers.PADDLE, paddle.cancel(subscription.external_id, at_once=True))


def _apply(name: str, snapshot: Snapshot) -> Subscription:
    applied = subscriptions.apply(name, snapshot, catalogs.read(name))
    return applied.subscription


def _stripe() -> Stripe:
    return providers.stripe()


def _keep(move: Move, **facts: object) -> None:
    """Write down what was done before anything else is."""
    for name, value in facts.items():
        setattr(move, name, value)
    move.save(update_fields=[*facts])
