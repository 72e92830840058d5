"""Ask the Fleet API one thing at a time: the client of pages and workers."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from fleet.breaker import BREAKER
from fleet.endpoints import BY_NAME, Content, Endpoint, is_path_value
from fleet.errors import OutOfRegion, Unreadable, refusal
from fleet.errors.refusals import unenveloped
from fleet.hosts import Hosts
from fleet.regions import Region, region_of
from fleet.wire import Answer, Outgoing, Timeouts, send, shared_http

__all__ = ["Client", "Timeouts", "render_path", "shared_http"]

_NOTHING: Final[Mapping[str, Any]] = {}


class Client:
    """Speak to one region's Fleet API with one of Tesla's access tokens.

    `http` is the shared kept-alive client unless another is given. Where
    Tesla answers 421 and names a base URL of `hosts`, the call is repeated
    there once, `base_url` stays changed, and `on_region` hears the region. A
    host that keeps failing is left alone for a while; see `fleet.breaker`. Nothing wakes a car but `wake_up`.
    """

    def __init__(  # noqa: PLR0913 - each names one part of the request
        self,
        base_url: str,
        tesla_access_token: str,
        *,
        hosts: Hosts | None = None,
        on_region: Callable[[Region], None] | None = None,
        timeouts: Timeouts | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._tesla_access_token = tesla_access_token
        self._hosts = hosts
        self._on_region = on_region
        self._timeouts = timeouts or Timeouts()
        self._http = http

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"

    def call(
        self,
        endpoint: Endpoint,
        path_params: Mapping[str, str | int] = _NOTHING,
        query: Mapping[str, Any] = _NOTHING,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call an endpoint and return the value of `response`.

        An answer without that envelope is returned whole; bytes come from an
        endpoint that answers with a PDF, text from one that answers with text.
        None in the query leaves the parameter out. Raises `FleetError`;
        ValueError for path parameters that cannot be part of a path.
        """
        target = render_path(endpoint, path_params) + _query(query)
        try:
            return self._once(endpoint, target, body)
        except OutOfRegion as error:
            if not self._moved(error.base_url):
                raise
        return self._once(endpoint, target, body)

    def products(self) -> list[dict[str, Any]]:
        """Return cars and energy sites in one list, as Tesla gives them."""
        return _list(self.call(BY_NAME["products"]))

    def vehicle(self, tag: str) -> dict[str, Any]:
        """Return one car's record with its `state`; never wakes it."""
        return _dict(self.call(BY_NAME["vehicle"], {"vehicle_tag": tag}))

    def vehicle_data(self, tag: str, endpoints: Iterable[str] = ()) -> dict[str, Any]:
        """Return the car's live data, in the groups named; billed.

        Units are Tesla's: miles, mph, degrees Celsius, bar. Raises
        `VehicleUnavailable` where the car is not online.
        """
        query = {"endpoints": ";".join(endpoints) or None}
        data = self.call(BY_NAME["vehicle_data"], {"vehicle_tag": tag}, query)
        return _dict(data)

    def wake_up(self, tag: str) -> dict[str, Any]:
        """Wake a car and return its record, which usually still says asleep; billed."""
        return _dict(self.call(BY_NAME["wake_up"], {"vehicle_tag": tag}))

    def fleet_status(self, vins: Iterable[str]) -> dict[str, Any]:
        """Return which cars hold our key, and their firmware; see `fleet.shapes`."""
        return _dict(self.call(BY_NAME["fleet_status"], body={"vins": list(vins)}))

    def site_info(self, site_id: int | str) -> dict[str, Any]:
        """Return what an energy site consists of and how it is set."""
        return _dict(self.call(BY_NAME["site_info"], {"site_id": site_id}))

    def live_status(self, site_id: int | str) -> dict[str, Any]:
        """Return an energy site's present flows, in watts and watt-hours."""
        return _dict(self.call(BY_NAME["live_status"], {"site_id": site_id}))

    def users_me(self) -> dict[str, Any]:
        """Return the person's e-mail address, name, picture and vault UUID."""
        return _dict(self.call(BY_NAME["users_me"]))

    def users_region(self) -> dict[str, Any]:
        """Return the person's region and its base URL; every region answers."""
        return _dict(self.call(BY_NAME["users_region"]))

    def register_partner(self, domain: str) -> dict[str, Any]:
        """Register the application's domain in this region; wants a partner token."""
        return _dict(self.call(BY_NAME["register_partner"], body={"domain": domain}))

    def partner_public_key(self, domain: str) -> str:
        """Return the public key that Tesla holds for a domain, hex, lower case.

        Wants a partner token. Raises `NotFound` before the registration.
        """
        answer = _dict(self.call(BY_NAME["partner_public_key"], {}, {"domain": domain}))
        return str(answer.get("public_key", "")).lower()

    def _moved(self, claimed: str | None) -> bool:
        """Move to the region that Tesla named, if it is one we know."""
        region = region_of(claimed, self._hosts) if claimed and self._hosts else None
        if region is None or not self._hosts:
            return False
        base_url = self._hosts.base_urls[region].rstrip("/")
        if base_url == self.base_url:
            return False
        self.base_url = base_url
        if self._on_region:
            self._on_region(region)
        return True

    def _once(
        self, endpoint: Endpoint, target: str, body: Mapping[str, Any] | None
    ) -> Any:
        wanted = "*/*" if endpoint.content is Content.PDF else "application/json"
        headers = {"Accept": wanted, "User-Agent": "Keyfob"}
        content = None
        if endpoint.method != "GET":
            headers["Content-Type"] = "application/json"
            content = json.dumps(body or {}).encode()
        bearer = {"Authorization": f"Bearer {self._tesla_access_token}"}
        url = self.base_url + target
        outgoing = Outgoing(endpoint.method, url, headers | bearer, content)
        with BREAKER.passing(self.base_url, target) as passing:
            answer = passing.answered(
                send(outgoing, http=self._http, timeouts=self._timeouts)
            )
        return _value(endpoint, answer, self._tesla_access_token)


def render_path(endpoint: Endpoint, path_params: Mapping[str, str | int]) -> str:
    """Return an endpoint's path with its parameters filled in.

    Raises ValueError for a missing one, or one that would change the path.
    """
    values = {name: str(value) for name, value in path_params.items()}
    for name, value in values.items():
        if not is_path_value(value):
            raise ValueError(f"{name} cannot be part of a path")
    try:
        return endpoint.path.format_map(values)
    except KeyError as error:
        raise ValueError(f"{endpoint.name} needs {error.args[0]}") from error


def _query(query: Mapping[str, Any]) -> str:
    shown = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }
    return f"?{urlencode(shown)}" if shown else ""


def _value(endpoint: Endpoint, answer: Answer, secret: str) -> Any:
    """Return what an answer holds, or raise what it says."""
    headers = dict(answer.headers)
    if answer.status >= 400:
        raise refusal(answer.status, answer.body, headers, secrets=(secret,))
    if not 200 <= answer.status < 300:
        raise Unreadable("Tesla answered with a redirect", status=answer.status)
    if endpoint.content is Content.PDF:
        return answer.body
    if endpoint.content is Content.TEXT:
        return answer.body.decode("utf-8", "replace").strip()
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        # Not chained: the error would carry the whole body.
        raise Unreadable("Tesla's answer is not JSON", status=answer.status) from None
    if not isinstance(document, dict) or "response" not in document:
        return document
    refused = unenveloped(document)
    if refused is not None:
        raise refused
    return document["response"]


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable("Tesla's answer has another shape than expected")
    return value


def _list(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise Unreadable("Tesla's answer has another shape than expected")
    return [item for item in value if isinstance(item, dict)]
