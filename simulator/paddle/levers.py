"""Levers that move the pretend Paddle from outside, for tests and for the demo."""

from aiohttp import web

from simulator.mailing import Weather
from simulator.paddle.desk import Desk, desk_of
from simulator.paddle.entities import Subscription, Transaction, stamp
from simulator.paddle.ids import new_id
from simulator.paddle.refusals import Refused, only
from simulator.paddle.selling import body_of
from simulator.pages import page
from simulator.spoiling import Fault


def refund(
    desk: Desk, transaction: Transaction, action: str = "refund", kind: str = "full"
) -> None:
    """Give money back, or have the buyer's bank take it: refund or chargeback."""
    desk.machine.tell(
        "adjustment.updated",
        {
            "id": new_id("adj"),
            "action": action,
            "type": kind,
            "status": "approved",
            "transaction_id": transaction.id,
            "subscription_id": transaction.subscription_id,
            "customer_id": transaction.customer_id,
            "currency_code": transaction.currency,
            "created_at": stamp(desk.clock.now()),
            "updated_at": stamp(desk.clock.now()),
        },
    )


def expose_key(desk: Desk) -> None:
    """Tell that the API key was found on the internet."""
    desk.machine.tell(
        "api_key_exposure.created",
        {"id": new_id("apkexp"), "api_key_id": new_id("apikey"), "risk_level": "high"},
    )


def break_card(subscription: Subscription, *, works: bool = False) -> None:
    """Have the card on file fail from now on, or work again."""
    subscription.card_works = works


async def clock(request: web.Request) -> web.Response:
    """Move the time ahead by `seconds`, and do what is due by then."""
    body = await body_of(request)
    only(body, "seconds")
    desk_of(request).advance(float(body["seconds"]))
    return web.json_response({"now": stamp(desk_of(request).clock.now())})


async def weather(request: web.Request) -> web.Response:
    """Set what goes wrong with notifications on their way."""
    body = await body_of(request)
    only(body, "delay_s", "copies", "lose", "reverse_s")
    desk_of(request).sender.weather = Weather(**body)
    return web.json_response({})


async def fault(request: web.Request) -> web.Response:
    """Spoil the next calls that fit."""
    body = await body_of(request)
    only(body, "method", "path", "status", "is_lost", "retry_after_s", "times")
    desk_of(request).faults.append(Fault(**body))
    return web.json_response({})


async def front(request: web.Request) -> web.Response:
    """Show the subscriptions, with levers for the demo."""
    desk = desk_of(request)
    rows = [
        (one, desk.machine.customers[one.customer_id].email)
        for one in desk.machine.subscriptions.values()
    ]
    return page("paddle/front.html", desk=desk, rows=rows, now=desk.clock.now())


async def pull(request: web.Request) -> web.Response:
    """Do what was pressed on the page, and show it again."""
    desk, form = desk_of(request), await request.post()
    verb, external_id = str(form.get("verb")), str(form.get("subscription"))
    if verb == "advance":
        desk.advance(86_400 * int(str(form.get("days", "1"))))
        raise web.HTTPSeeOther("/")
    known = desk.machine.subscriptions.get(external_id)
    if known is None:
        raise Refused(404, "not_found")
    match verb:
        case "break":
            break_card(known)
        case "mend":
            break_card(known, works=True)
        case "refund":
            for one in desk.machine.transactions.values():
                if one.subscription_id == known.id:
                    refund(desk, one)
                    break
        case _:
            raise Refused(400, "bad_request")
    raise web.HTTPSeeOther("/")
