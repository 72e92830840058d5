"""Hold what the auth server, the partner door and the telemetry door remember."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

CODE_LIFE = timedelta(minutes=5)
REFRESH_LIFE = timedelta(days=90)
GRACE = timedelta(hours=24)
_KEPT_ERRORS = 200


@dataclass(slots=True)
class Grant:
    """Hold one person's consent to one application.

    `refresh_token` is the newest one; `previous_token` was rotated out last and may
    be used once more until `previous_until`. Empty texts mean none.
    """

    grant_id: str
    client_id: str
    email: str
    scopes: tuple[str, ...]
    granted_at: datetime
    refresh_token: str = field(default="", repr=False)
    refresh_until: datetime | None = None
    previous_token: str = field(default="", repr=False)
    previous_until: datetime | None = None

    def rotate(self, prefix: str, now: datetime) -> str:
        """Give out a new refresh token, leaving one step of grace to the last."""
        self.previous_token = self.refresh_token
        self.previous_until = now + GRACE
        return self._renew(prefix, now)

    def repeat(self, prefix: str, now: datetime) -> str:
        """Give out a new refresh token for the previous one, whose grace ends."""
        self.previous_token = ""
        return self._renew(prefix, now)

    def begin(self, prefix: str, now: datetime) -> str:
        """Give out the first refresh token of a sign-in; all older ones end."""
        self.previous_token = ""
        return self._renew(prefix, now)

    def forget_refresh(self) -> None:
        """End all refresh tokens, as a password reset does."""
        self.refresh_token = self.previous_token = ""

    def _renew(self, prefix: str, now: datetime) -> str:
        self.refresh_token = f"{prefix}_{token_hex(32)}"
        self.refresh_until = now + REFRESH_LIFE
        return self.refresh_token


@dataclass(slots=True)
class Code:
    """Hold what an authorization code stands for until it is exchanged."""

    client_id: str
    redirect_uri: str
    email: str
    nonce: str
    until: datetime
    used: bool = False


@dataclass(slots=True)
class Registration:
    """Hold one application's registration in one region."""

    region: str
    client_id: str
    domain: str
    public_key_hex: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class TelemetryConfig:
    """Hold what one application told one car to stream, and where to.

    `token` is the signed form, empty when a test put the config there by hand; no car
    streams by such a one. The car fetched it at `synced_at` and `takes` it when the
    signature held. `hides_location`: whoever asked may not see where the car is.
    """

    client_id: str
    vin: str
    config: dict[str, Any]
    created_at: datetime
    token: str = field(default="", repr=False)
    hides_location: bool = False
    synced_at: datetime | None = None
    takes: bool = False


@dataclass(frozen=True, slots=True)
class StreamError:
    """Record why a car could not stream for an application."""

    client_id: str
    vin: str
    error_name: str
    error: str
    txid: str
    created_at: datetime

    def as_json(self) -> dict[str, str]:
        """Return the error as Tesla lists it."""
        return {
            "created_at": self.created_at.isoformat().replace("+00:00", "Z"),
            "error": self.error,
            "error_name": self.error_name,
            "name": self.client_id,
            "txID": self.txid,
            "vin": self.vin,
        }


@dataclass(slots=True)
class Store:
    """Hold grants, codes, sign-ins of browsers, registrations, telemetry configs.

    `changed` asks the application to save; whoever changes something sets it.
    """

    grants: dict[tuple[str, str], Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    registrations: dict[tuple[str, str], Registration] = field(default_factory=dict)
    configs: dict[tuple[str, str], TelemetryConfig] = field(default_factory=dict)
    stream_errors: list[StreamError] = field(default_factory=list)
    changed: bool = False

    def grant(self, client_id: str, email: str) -> Grant | None:
        """Return the consent of that person to that application, or None."""
        return self.grants.get((client_id, email))

    def consent(
        self, client_id: str, email: str, scopes: tuple[str, ...], now: datetime
    ) -> Grant:
        """Set the scopes a person grants to an application, making the grant."""
        self.changed = True
        grant = self.grant(client_id, email)
        if grant is None:
            grant = Grant(token_hex(16), client_id, email, scopes, now)
            self.grants[client_id, email] = grant
        grant.scopes = scopes
        return grant

    def revoke(self, client_id: str, email: str) -> bool:
        """End a grant; False when none was."""
        grant = self.grants.pop((client_id, email), None)
        self.changed = True
        return grant is not None

    def configure(
        self, client_id: str, vin: str, config: dict[str, Any], now: datetime
    ) -> TelemetryConfig:
        """Set what a car streams for an application, in place of what it had."""
        self.changed = True
        told = TelemetryConfig(client_id, vin, config, now)
        self.configs[client_id, vin] = told
        return told

    def remove_config(self, client_id: str, vin: str) -> bool:
        """End what a car streams for an application; False when it streamed nothing."""
        self.changed = True
        return self.configs.pop((client_id, vin), None) is not None

    def add_stream_error(self, error: StreamError) -> None:
        """Write down what a car had to complain of; the oldest are forgotten."""
        self.changed = True
        self.stream_errors = [*self.stream_errors, error][-_KEPT_ERRORS:]

    def reset_password(self, email: str) -> None:
        """End all refresh tokens and browser sign-ins of a person."""
        self.changed = True
        for grant in self.grants.values():
            if grant.email == email:
                grant.forget_refresh()
        self.sessions = {k: v for k, v in self.sessions.items() if v != email}

    def refresh_grant(self, client_id: str, refresh_token: str) -> Grant | None:
        """Return the grant one of whose two refresh tokens this is, or None."""
        for grant in self.grants.values():
            tokens = (grant.refresh_token, grant.previous_token)
            if grant.client_id == client_id and refresh_token in tokens:
                return grant
        return None

    def dump(self) -> dict[str, Any]:
        """Return what a restart must keep, ready for JSON but for the times."""
        return {
            "grants": [asdict(grant) for grant in self.grants.values()],
            "registrations": [asdict(one) for one in self.registrations.values()],
            "configs": [asdict(one) for one in self.configs.values()],
            "stream_errors": [asdict(one) for one in self.stream_errors],
            "sessions": dict(self.sessions),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Take up what an earlier `dump` returned, once read back from JSON."""
        for entry in saved["grants"]:
            grant = Grant(
                **_timed(entry, "granted_at", "refresh_until", "previous_until")
            )
            grant.scopes = tuple(grant.scopes)
            self.grants[grant.client_id, grant.email] = grant
        for entry in saved["registrations"]:
            one = Registration(**_timed(entry, "created_at", "updated_at"))
            self.registrations[one.region, one.client_id] = one
        for entry in saved.get("configs", []):
            config = TelemetryConfig(**_timed(entry, "created_at", "synced_at"))
            self.configs[config.client_id, config.vin] = config
        for entry in saved.get("stream_errors", []):
            self.stream_errors.append(StreamError(**_timed(entry, "created_at")))
        self.sessions = dict(saved["sessions"])


def _timed(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    times = {
        name: entry.get(name) and datetime.fromisoformat(entry[name]) for name in names
    }
    return {**entry, **times}
