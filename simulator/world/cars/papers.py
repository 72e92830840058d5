"""Build what is written about a car: alerts, notes, service, options, warranty."""

from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.world.cars.spec import CarSpec
from simulator.world.draws import draw_int

_ALERTS = (
    ("APP_w304_autopilotCameraBlinded", "Front camera blocked or blinded"),
    ("VCFRONT_a182_lowWasherFluid", "Washer fluid low"),
    ("DI_a245_cruiseSetSpeedChange", ""),
)
_NOTES = (
    ("Calmer Trunk", "Trunk", "The trunk closes at half the speed when it rains."),
    ("Charging Diary", "Charging", "See what each charge of the last month cost."),
    ("Minor Fixes", "", "This update holds small improvements."),
)
_WARRANTIES = (
    ("BASIC_VEHICLE", "Basic Vehicle Limited Warranty", 4, 50_000),
    ("BATTERY", "Battery Limited Warranty", 8, 120_000),
    ("DRIVE_UNIT", "Drive Unit Limited Warranty", 8, 120_000),
)


def recent_alerts(vin: str, at_s: float) -> dict[str, Any]:
    """Return the alerts, newest first; some are for the service center alone."""
    alerts: list[dict[str, Any]] = []
    hours = 2
    for name, words in _ALERTS:
        hours += draw_int(1, 40, vin, name)
        seen_at = datetime.fromtimestamp(at_s // 3600 * 3600, UTC) - timedelta(
            hours=hours
        )
        audience = ["service-fix", "customer"] if words else ["service-fix"]
        alerts.append(
            {
                "name": name,
                "time": seen_at.isoformat(),
                "audience": audience,
                "user_text": words,
            }
        )
    return {"recent_alerts": alerts}


def release_notes(firmware: str) -> dict[str, Any]:
    """Return the notes, in a second `response` as Tesla nests them."""
    notes = [
        {
            "title": title,
            "subtitle": subtitle,
            "description": description,
            "customer_version": firmware,
            "icon": "release_notes_icon",
            "image_url": "https://vehicle-files.example/release.jpg",
            "light_image_url": "https://vehicle-files.example/release_light.jpg",
        }
        for title, subtitle, description in _NOTES
    ]
    return {"response": {"release_notes": notes}}


def service_data(*, in_service: bool, at_s: float) -> dict[str, Any]:
    """Return the visit while the car is in service, else an empty object."""
    if not in_service:
        return {}
    ready_at = datetime.fromtimestamp(at_s // 3600 * 3600, UTC) + timedelta(hours=26)
    return {
        "service_status": "in_service",
        "service_etc": ready_at.isoformat(),
        "service_visit_number": "SV12345678",
        "status_id": 8,
    }


def options(spec: CarSpec) -> dict[str, Any]:
    """Return option codes; the first is the paint and has a color code."""
    codes = [
        {
            "code": f"${code}",
            "displayName": words,
            "isActive": True,
            "colorCode": code if number == 0 else None,
        }
        for number, (code, words) in enumerate(spec.model.option_codes)
    ]
    return {"codes": codes}


def warranty(
    spec: CarSpec, vin: str, odometer_mi: float, at_s: float
) -> dict[str, Any]:
    """Return the warranties; age or distance ends one. Distances are miles."""
    built_year = _year(spec)
    found: dict[str, Any] = {"activeWarranty": [], "upcomingWarranty": []}
    found["expiredWarranty"] = []
    for kind, words, years, most_miles in _WARRANTIES:
        ends_at = datetime(built_year + years, 1 + draw_int(0, 11, vin), 1, tzinfo=UTC)
        is_over = ends_at.timestamp() <= at_s or odometer_mi >= most_miles
        found["expiredWarranty" if is_over else "activeWarranty"].append(
            {
                "warrantyType": kind,
                "warrantyDisplayName": words,
                "expirationDate": ends_at.isoformat(),
                "expirationOdometer": most_miles,
                "odometerUnit": "MI",
                "warrantyExpiredOn": ends_at.isoformat() if is_over else None,
                "coverageAgeInYears": years,
            }
        )
    return found


def _year(spec: CarSpec) -> int:
    """Read the model year from position 10 of the VIN."""
    return 2010 + "ABCDEFGHJKLMNPRSTVWXY".index(spec.vin_tail[0])
