"""The API of subscriptions: show, change, pause, resume, cancel."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from simulator.paddle.desk import Desk, desk_of
from simulator.paddle.entities import Item, Subscription, Transaction, price_of
from simulator.paddle.ids import new_id
from simulator.paddle.refusals import Refused, one_of, only
from simulator.paddle.selling import body_of, found, items_of, listed, written

_MODES = (
    *("prorated_immediately", "prorated_next_billing_period", "full_immediately"),
    *("full_next_billing_period", "do_not_bill"),
)
_SOON = timedelta(minutes=30)
_WHEN = ("next_billing_period", "immediately")


def known_subscription(request: web.Request) -> Subscription:
    """Return the subscription in the address. Raises `Refused`."""
    known = desk_of(request).machine.subscriptions.get(request.match_info["id"])
    if known is None:
        raise Refused(404, "not_found")
    return known


def _shown(desk: Desk, subscription: Subscription) -> web.Response:
    portal = f"{desk.public_url}/portal/{subscription.id}"
    urls = {"update_payment_method": portal, "cancel": portal}
    return found({**subscription.entity(), "management_urls": urls})


async def subscriptions(request: web.Request) -> web.Response:
    """List subscriptions."""
    everything = desk_of(request).machine.subscriptions.values()
    return listed(request, (one.entity() for one in everything))


async def subscription(request: web.Request) -> web.Response:
    """Show a subscription."""
    return _shown(desk_of(request), known_subscription(request))


async def change(request: web.Request) -> web.Response:
    """Change the items, or take back what is scheduled."""
    desk, body = desk_of(request), await body_of(request)
    known = known_subscription(request)
    _check_change(known, body)
    if "scheduled_change" in body:
        if body["scheduled_change"] is not None:
            raise Refused(400, "invalid_field", "scheduled_change can only be null")
        known.scheduled = None
    if "items" in body:
        _change_items(desk, known, items_of(desk, body))
    if "next_billed_at" in body:
        _bill_at(desk, known, body)
    desk.machine.changed(known)
    return _shown(desk, known)


def _check_change(known: Subscription, body: Mapping[str, Any]) -> None:
    only(
        body,
        *("items", "proration_billing_mode", "on_payment_failure", "scheduled_change"),
        "next_billed_at",
    )
    if known.status in {"canceled", "paused"}:
        raise Refused(400, f"subscription_is_{known.status}_action_invalid")
    if "items" not in body:
        return
    if known.status == "past_due":
        raise Refused(400, "subscription_update_when_past_due")
    if known.scheduled is not None:
        raise Refused(400, "subscription_locked_pending_changes")
    one_of(body, "proration_billing_mode", *_MODES)


def _bill_at(desk: Desk, known: Subscription, body: Mapping[str, Any]) -> None:
    """Move the next payment, and with it the end of the period or of the trial."""
    at, soon = datetime.fromisoformat(body["next_billed_at"]), desk.clock.now() + _SOON
    one_of(body, "proration_billing_mode", "do_not_bill")
    if known.status == "past_due" or known.scheduled is not None:
        raise Refused(400, "subscription_locked_pending_changes")
    if known.next_billed_at is None or min(known.next_billed_at, at) < soon:
        raise Refused(400, "subscription_next_billed_at_too_soon")
    known.next_billed_at = known.period_end = at


def _change_items(desk: Desk, known: Subscription, items: list[Item]) -> None:
    due = desk.machine.cost_of_change(known, items)
    before, known.items = known.items, items
    if due and not desk.machine.charge(known, due, "subscription_update"):
        known.items = before
        raise Refused(400, "subscription_payment_declined")


async def preview(request: web.Request) -> web.Response:
    """Say what a change would cost, and change nothing."""
    desk, body = desk_of(request), await body_of(request)
    known = known_subscription(request)
    _check_change(known, body)
    items = items_of(desk, body)
    now = desk.machine.cost_of_change(known, items)
    after = price_of(items, known.currency)
    immediate = {"details": {"totals": _totals(now, known.currency)}} if now else None
    return found(
        {
            **known.entity(),
            "immediate_transaction": immediate,
            "recurring_transaction_details": {"totals": _totals(after, known.currency)},
        }
    )


def _totals(total: int, currency: str) -> dict[str, str]:
    return {
        "subtotal": str(total),
        "tax": "0",
        "total": str(total),
        "grand_total": str(total),
        "currency_code": currency,
    }


async def pause(request: web.Request) -> web.Response:
    """Pause now, or when the paid period is over."""
    desk, known = desk_of(request), known_subscription(request)
    when = await _when(request, "resume_at", "on_resume")
    if known.status not in {"active", "trialing"} or known.scheduled:
        raise Refused(400, "subscription_cannot_be_paused")
    if when == "immediately":
        desk.machine.pause(known)
    else:
        desk.machine.schedule(known, "pause")
    return _shown(desk, known)


async def resume(request: web.Request) -> web.Response:
    """Resume a pause, in the old period or with a new one."""
    desk, known, body = (
        desk_of(request),
        known_subscription(request),
        await body_of(request),
    )
    only(body, "effective_from", "on_resume")
    one_of(body, "effective_from", "immediately")
    mode = one_of(
        {"on_resume": "start_new_billing_period", **body},
        "on_resume",
        *("start_new_billing_period", "continue_existing_billing_period"),
    )
    if known.status != "paused":
        raise Refused(400, "subscription_not_paused")
    desk.machine.resume(known, keeps_period=mode.startswith("continue"))
    return _shown(desk, known)


async def cancel(request: web.Request) -> web.Response:
    """End now, or when the paid period is over; a pause ends now."""
    desk, known = desk_of(request), known_subscription(request)
    when = await _when(request)
    if known.status == "canceled":
        raise Refused(400, "subscription_is_canceled_action_invalid")
    if when == "immediately" or known.status == "paused":
        desk.machine.cancel(known)
    elif known.scheduled:
        raise Refused(400, "subscription_locked_pending_changes")
    else:
        desk.machine.schedule(known, "cancel")
    return _shown(desk, known)


async def _when(request: web.Request, *further: str) -> str:
    body = await body_of(request)
    only(body, "effective_from", *further)
    return one_of({"effective_from": _WHEN[0], **body}, "effective_from", *_WHEN)


async def payment_method(request: web.Request) -> web.Response:
    """Give the transaction with which the card is renewed: what is overdue, or nothing."""
    desk, known = desk_of(request), known_subscription(request)
    if known.status == "canceled":
        raise Refused(400, "subscription_is_canceled_action_invalid")
    for one in desk.machine.transactions.values():
        if one.subscription_id == known.id and one.status == "past_due":
            one.origin = "subscription_payment_method_change"
            return found(written(desk, one))
    made = Transaction(
        id=new_id("txn"),
        items=list(known.items),
        currency=known.currency,
        created_at=desk.clock.now(),
        origin="subscription_payment_method_change",
        status="ready",
        customer_id=known.customer_id,
        subscription_id=known.id,
        custom_data=known.custom_data,
        charged=0,
    )
    desk.machine.transactions[made.id] = made
    return found(written(desk, made))
