"""Poll an energy site, keep what it answers, and tell what is new of it.

What has not changed is not told again, and of a site that does not answer nothing is
told: to a listener silence means unchanged. Tesla bills none of these questions.
"""

import json
import logging
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

import fleet
from energy import totals
from energy.models import SiteAccess
from energy.services import connectors, pacing, sites
from energy.services.listeners import Watched
from events import shapes
from tokens.models import TeslaGrant
from tokens.readings import Document
from tokens.services import last_answers

_LOG = logging.getLogger(__name__)
_REST_S = 300.0
_DAY = "day"
_TARIFF = "tariff_content_v2"
# Other questions would end the same way.
_FAR_REACHING = (fleet.RateLimited, fleet.Unreachable, fleet.Unauthorized)


def poll(watched: Watched, client: fleet.Client) -> None:
    """Ask what is due of a site, keep it, and tell it. Raises `FleetError`.

    The flows come first: a site that cannot tell them is not asked for more.
    """
    live = _live_status(watched, client)
    if pacing.may_ask(watched.site_id, pacing.INFO):
        _site_info(watched, client)
    zone = totals.zone_of(watched.access.site_info)
    if pacing.may_ask(watched.site_id, pacing.HISTORY):
        _histories(watched, client, zone)
    connectors.follow(watched, client, live, zone)


def note_failure(access: SiteAccess, error: fleet.FleetError) -> None:
    """Leave a site that did not answer alone for a while, or as long as Tesla asks."""
    _LOG.warning("An energy site was not polled: %s", type(error).__name__)
    pacing.rest(access.site.site_id, max(error.retry_after_s or 0.0, _REST_S))
    if isinstance(error, fleet.Unauthorized):
        TeslaGrant.objects.filter(
            pk=access.grant_id, generation=access.grant.generation
        ).update(next_refresh_at=timezone.now())


def _live_status(watched: Watched, client: fleet.Client) -> dict[str, Any]:
    """Return and tell the flows; {} where the site has none, which is not told."""
    live = _read(watched, client, "live_status")
    if live:
        at = _measured_at(live)
        watched.tell(shapes.live_status(watched.site_id, live, _ms(at)))
    return live


def _site_info(watched: Watched, client: fleet.Client) -> None:
    try:
        info = _read(watched, client, "site_info")
    except _FAR_REACHING:
        raise
    except fleet.FleetError as error:
        # Its flows are told all the same.
        _LOG.warning("No info of a site: %s", type(error).__name__)
        return
    watched.access.site_info = info
    if not info:
        return
    at_ms = _ms(timezone.now())
    watched.tell(shapes.site_info(watched.site_id, info, at_ms))
    tariff = info.get(_TARIFF)
    if tariff:
        watched.tell(shapes.tariff(watched.site_id, tariff, at_ms))
    else:
        watched.tell_end(shapes.tariff(watched.site_id, None, at_ms))


def _read(watched: Watched, client: fleet.Client, endpoint: str) -> dict[str, Any]:
    """Return a document of the site, one that a program was just told where it will do.

    {} where Tesla answers with something else. Raises `FleetError`.
    """
    access = watched.access
    subject = last_answers.Subject(access.grant_id, str(watched.site_id), endpoint)
    kept = last_answers.find_fresh(subject, settings.ENERGY_FRESH_S)
    if kept is not None:
        content, at_s = json.loads(kept.body)["response"], kept.at_s
    else:
        at_s = time.time()
        content = watched.ask(client, endpoint)
        last_answers.keep(subject, content, at_s)
    at = datetime.fromtimestamp(at_s, UTC)
    sites.note_reading(access, endpoint, content, at)
    return content if isinstance(content, dict) else {}


def _histories(watched: Watched, client: fleet.Client, zone: ZoneInfo) -> None:
    """Tell the sums of the day, and once more those of the day that has just ended."""
    today = totals.local_day(timezone.now(), zone)
    told = pacing.noted(watched.site_id, _DAY)
    yesterday = today - timedelta(days=1)
    days = [yesterday, today] if told == yesterday.isoformat() else [today]
    for day in days:
        try:
            _history(watched, client, day, zone)
        except _FAR_REACHING:
            raise
        except fleet.FleetError as error:
            # Sites without this history are polled for the rest all the same.
            _LOG.warning("No energy history of a site: %s", type(error).__name__)
            return
    pacing.note(watched.site_id, _DAY, today.isoformat())


def _history(watched: Watched, client: fleet.Client, day: date, zone: ZoneInfo) -> None:
    query = {"kind": "energy", "period": "day", **totals.day_bounds(day, zone)}
    history = watched.ask(client, "calendar_history", query)
    now = timezone.now()
    at = min(totals.newest_end(history) or now, now)
    sums = totals.of_day(history)
    event = shapes.energy_totals(watched.site_id, day.isoformat(), sums, _ms(at))
    watched.tell(event)


def _measured_at(live: dict[str, Any]) -> datetime:
    """Return when the site measured its flows, as far as it says so."""
    now = timezone.now()
    return min(Document(live).moment("timestamp") or now, now)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
