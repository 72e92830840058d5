"""Draw the one tree of errors that talking to Tesla can end in.

    FleetError
    ├─ Unreachable                 no answer: refused, cut off
    │  ├─ NotSent                  no connection was made
    │  │  └─ TeslaAway             the host keeps failing and is left alone
    │  └─ TimedOut                 no answer in time
    ├─ Unreadable                  HTML, truncated JSON, too large, a redirect
    ├─ InvalidIDToken              an identity token that proves nothing
    └─ Refused                     an answer with a status of error
       ├─ InvalidRequest           400
       ├─ Unauthorized             401  Tesla's token is expired or invalid
       ├─ LoginRequired            401  the grant is gone: link again
       ├─ PaymentRequired          402
       ├─ Forbidden                403
       │  └─ MissingScopes         403  `.scopes` says which
       ├─ NotFound                 404
       ├─ NotAcceptable            406
       ├─ VehicleUnavailable       408  asleep or offline
       ├─ NotRegistered            412  application unknown in this region
       ├─ OutOfRegion              421  `.base_url` says where to ask
       ├─ NotSupported             422
       ├─ Locked                   423
       ├─ KeyDownloadFailed        424
       ├─ RateLimited              429  `.retry_after_s` says how long to wait
       └─ ServerFault              5xx, and Tesla's 400 "server_error"
          └─ DeviceFault           540  the car or site answered nonsense

`api_status` and `api_code` are what our own gateway answers a program with. A
401 of Tesla's never becomes our 401: programs take that as "your access token
is bad" and would ask their person for a new one in a loop; it becomes a 503.
"""

from typing import TypedDict, Unpack


class Facts(TypedDict, total=False):
    """Name what is known about an error; see `FleetError`."""

    status: int | None
    code: str
    description: str
    retry_after_s: float | None
    txid: str


class FleetError(Exception):
    """Say that a call to Tesla failed, and keep the facts.

    `status` is Tesla's HTTP status, `code` its `error`, `description` its
    `error_description`, `txid` the name of the call in Tesla's logs,
    `retry_after_s` the seconds that Tesla asks to wait. No fact holds a token.
    """

    api_status: int = 502
    api_code: str = "upstream_error"

    def __init__(self, message: str = "", **facts: Unpack[Facts]) -> None:
        self.status: int | None = facts.get("status")
        self.code: str = facts.get("code", "")
        self.description: str = facts.get("description", "")
        self.retry_after_s: float | None = facts.get("retry_after_s")
        self.txid: str = facts.get("txid", "")
        super().__init__(message or self._sentence())
        self._settle()

    def _sentence(self) -> str:
        said = f": {self.code}" if self.code else ""
        if self.status is None:
            return f"{type(self).__name__}{said}"
        return f"Tesla answered {self.status}{said}"

    def _settle(self) -> None:
        """Let a class derive from the facts what our gateway answers."""


class Unreachable(FleetError):
    """Say that no whole answer came: connection refused, name unknown, cut off."""

    api_status = 503
    api_code = "upstream_unreachable"


class NotSent(Unreachable):
    """Say that no connection was made, so that nothing of the call was sent."""


class TeslaAway(NotSent):
    """Say that a host keeps failing and is not asked for now; see `fleet.breaker`.

    `retry_after_s` says in how many seconds it will be asked again.
    """

    api_code = "tesla_away"


class TimedOut(Unreachable):
    """Say that no answer came in time; the request may have been carried out."""

    api_status = 504
    api_code = "upstream_timeout"


class Unreadable(FleetError):
    """Say that the answer cannot be read: HTML, truncated JSON, too large."""

    api_status = 502
    api_code = "upstream_unreadable"


class InvalidIDToken(FleetError):
    """Say that an identity token does not prove who signed in."""

    api_status = 502
    api_code = "invalid_id_token"


class Refused(FleetError):
    """Say that Tesla answered with a status of error; it is passed on as it is."""

    api_code = "upstream_refused"

    def _settle(self) -> None:
        self.api_code = self.code or type(self).api_code
        if type(self).api_status == FleetError.api_status and self._is_error_status:
            self.api_status = self.status or FleetError.api_status

    @property
    def _is_error_status(self) -> bool:
        return self.status is not None and 400 <= self.status <= 599


class InvalidRequest(Refused):
    """Say that Tesla does not accept the request as it was put."""

    api_status = 400
    api_code = "invalid_request"


class Unauthorized(Refused):
    """Say that Tesla's access token is expired or invalid."""

    api_status = 503
    api_code = "tesla_unauthorized"


class LoginRequired(Refused):
    """Say that the grant is gone and the person must link the account again."""

    api_status = 503
    api_code = "login_required"


class PaymentRequired(Refused):
    """Say that the application's billing limit at Tesla is reached."""

    api_status = 402
    api_code = "payment_required"


class Forbidden(Refused):
    """Say that this is not allowed to this grant, application or car."""

    api_status = 403
    api_code = "forbidden"


class MissingScopes(Forbidden):
    """Say that scopes were not granted; `scopes` names them where Tesla does."""

    api_code = "invalid_scope"
    scopes: tuple[str, ...] = ()


class NotFound(Refused):
    """Say that Tesla does not know this car, site or address for this grant."""

    api_status = 404
    api_code = "not_found"


class NotAcceptable(Refused):
    """Say that the request was not sent as JSON."""

    api_status = 406
    api_code = "not_acceptable"


class VehicleUnavailable(Refused):
    """Say that the car is asleep or offline."""

    api_status = 408
    api_code = "vehicle unavailable: vehicle is offline or asleep"


class NotRegistered(Refused):
    """Say that the application is not registered in this region."""

    api_status = 412
    api_code = "not_registered"


class OutOfRegion(Refused):
    """Say that another region serves this person; `base_url` is Tesla's claim."""

    api_status = 421
    api_code = "out_of_region"
    base_url: str | None = None


class NotSupported(Refused):
    """Say that the car cannot do this, such as taking a signed command."""

    api_status = 422
    api_code = "not_supported"


class Locked(Refused):
    """Say that the Tesla account is locked."""

    api_status = 423
    api_code = "locked"


class KeyDownloadFailed(Refused):
    """Say that Tesla could not fetch the public key of our domain."""

    api_status = 424
    api_code = "key_download_failed"


class RateLimited(Refused):
    """Say that there were too many calls; wait `retry_after_s` seconds."""

    api_status = 429
    api_code = "rate_limited"


class ServerFault(Refused):
    """Say that Tesla's side failed; the same call may work later."""

    api_status = 503
    api_code = "server_error"

    def _settle(self) -> None:
        super()._settle()
        if self.status is not None and 500 <= self.status <= 599:
            self.api_status = self.status


class DeviceFault(ServerFault):
    """Say that the car or the site gave Tesla an answer it did not expect."""

    api_code = "device_unexpected_response"
