"""Draw what a person paid at Superchargers: sessions, fees and invoices."""

from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.world.cars.car import Car
from simulator.world.draws import draw, draw_between, draw_hex, draw_int

_PLACES = ("Harbor Street", "Summit Pass", "Old Mill", "Airport North")
_DAYS = 60
_SHARE = 0.12
_PRICE = 0.42


def sessions(cars: list[Car], now_s: float) -> list[dict[str, Any]]:
    """Return the sessions of the last days, newest first.

    One session holds its place, its times, its fees and its one invoice.
    """
    today = int(now_s // 86_400)
    found = [
        _session(car, day)
        for car in cars
        for day in range(today - _DAYS, today)
        if draw(car.vin, "supercharged", day) < _SHARE
    ]
    return sorted(found, key=lambda one: str(one["chargeStartDateTime"]), reverse=True)


def _session(car: Car, day: int) -> dict[str, Any]:
    seed = (car.vin, "supercharged", day)
    starts_at = datetime.fromtimestamp(day * 86_400, UTC) + timedelta(
        minutes=draw_int(480, 1200, *seed, "starts")
    )
    stops_at = starts_at + timedelta(minutes=draw_int(12, 40, *seed, "lasts"))
    kwh = round(draw_between(11.0, 48.0, *seed, "kwh"), 2)
    content_id = draw_hex(32, *seed, "invoice")
    return {
        "sessionId": draw_int(100_000_000, 999_999_999, *seed),
        "vin": car.vin,
        "siteLocationName": _PLACES[draw_int(0, len(_PLACES) - 1, *seed, "place")],
        "chargeStartDateTime": starts_at.isoformat(),
        "chargeStopDateTime": stops_at.isoformat(),
        "unlatchDateTime": (stops_at + timedelta(minutes=2)).isoformat(),
        "countryCode": "US",
        "billingType": "IMMEDIATE",
        "vehicleMakeType": "TSLA",
        "fees": [_fee(seed, kwh)],
        "invoices": [
            {
                "fileName": f"{starts_at:%Y-%m-%d}.pdf",
                "contentId": content_id,
                "invoiceType": "IMMEDIATE",
            }
        ],
    }


def _fee(seed: tuple[object, ...], kwh: float) -> dict[str, Any]:
    due = round(kwh * _PRICE, 2)
    return {
        "sessionFeeId": draw_int(1_000_000, 9_999_999, *seed, "fee"),
        "feeType": "CHARGING",
        "currencyCode": "USD",
        "pricingType": "PAYMENT",
        "rateBase": _PRICE,
        "usageBase": kwh,
        "totalBase": due,
        "totalDue": due,
        "netDue": due,
        "uom": "kwh",
        "isPaid": True,
        "status": "PAID",
    }


def invoice(session: dict[str, Any]) -> bytes:
    """Return an invoice as a PDF of one page."""
    fee = session["fees"][0]
    words = f"{session['siteLocationName']}: {fee['usageBase']} kWh, ${fee['netDue']}"
    text = f"BT /F1 14 Tf 72 720 Td ({words}) Tj ET".encode()
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
            b"/Resources<</Font<</F1 5 0 R>>>>>>"
        ),
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    objects = b"".join(
        b"%d 0 obj%s endobj\n" % (number, part)
        for number, part in enumerate(parts, start=1)
    )
    return b"%PDF-1.4\n" + objects + b"trailer<</Root 1 0 R>>\n%%EOF\n"
