"""Let cars fetch their streaming settings, check them, and complain."""

from simulator.answers import new_txid
from simulator.hub import Hub
from simulator.store import StreamError, TelemetryConfig
from simulator.streaming.token import BadToken, read_token
from simulator.world.cars.car import Car

MOST_CONFIGS = 5
CONFIG_ERROR = "config_manager_error"
_WORDS = "error loading config file: InvalidSignature: "


def fetch_settings(hub: Hub, told: TelemetryConfig) -> None:
    """Hand the settings to their car if it is online and has not fetched them yet.

    The car checks the signature; when that does not hold, it writes an error and
    streams nothing, though Tesla calls the settings synced.
    """
    car = hub.world.cars[told.vin]
    if told.synced_at is not None or car.state != "online":
        return
    now = hub.clock.now()
    if (now - told.created_at).total_seconds() < hub.world.tempo.config_lag_s:
        return
    told.synced_at = now
    hub.store.changed = True
    if told.token:
        problem = _problem(hub, car, told)
        told.takes = not problem
        if problem:
            complain(hub, told, CONFIG_ERROR, f"{_WORDS}{problem}")


def complain(hub: Hub, told: TelemetryConfig, error_name: str, error: str) -> None:
    """Write down an error that the car tells Tesla of."""
    hub.store.add_stream_error(
        StreamError(
            told.client_id,
            told.vin,
            error_name,
            error,
            new_txid(),
            hub.clock.now(),
        )
    )


def _problem(hub: Hub, car: Car, told: TelemetryConfig) -> str:
    try:
        token = read_token(told.token)
    except BadToken:
        return "malformed token"
    if not knows_key(hub, car, told.client_id, token.issuer.hex()):
        return "unknown issuer"
    return "" if token.is_signed_by_issuer else "verification error"


def knows_key(hub: Hub, car: Car, client_id: str, key_hex: str) -> bool:
    """Tell whether a car takes settings signed with a key.

    Cars without keychain, whose owner allows streaming on their screen, take what is
    signed with the registered key.
    """
    if car.condition.streaming_toggle:
        registered = hub.store.registrations.values()
        return any(
            one.client_id == client_id and one.public_key_hex == key_hex
            for one in registered
        )
    return car.is_paired(key_hex)


def limit_reached(hub: Hub, car: Car, client_id: str) -> bool:
    """Tell whether a car has no slot left for an application without settings."""
    others = [
        one.client_id
        for one in hub.store.configs.values()
        if one.vin == car.vin and one.client_id != client_id
    ]
    return car.condition.streaming.no_slot or len(others) >= MOST_CONFIGS


def why_skipped(hub: Hub, car: Car, client_id: str, key_hex: str) -> str:
    """Return why a car gets no settings, as Tesla groups it, or nothing."""
    streaming = car.condition.streaming
    if streaming.unsupported == "hardware" or car.spec.telemetry_version is None:
        return "unsupported_hardware"
    if streaming.unsupported == "firmware" or not _is_recent(car):
        return "unsupported_firmware"
    if not knows_key(hub, car, client_id, key_hex):
        return "missing_key"
    has_slot = (client_id, car.vin) in hub.store.configs
    if not has_slot and limit_reached(hub, car, client_id):
        return "max_configs"
    return ""


def _is_recent(car: Car) -> bool:
    parts = car.firmware.split()[0].split(".") if car.firmware.strip() else []
    version = tuple(int(one) for one in parts if one.isdigit())
    has_screen_toggle = car.condition.streaming_toggle is not None
    return version >= ((2025, 20) if has_screen_toggle else (2024, 26))
