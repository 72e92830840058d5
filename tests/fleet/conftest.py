"""Fixtures of the Fleet API client's tests: a simulated Tesla of their own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from fleet.client import Client
from fleet.hosts import Hosts
from fleet.oauth import Application
from simulator.testing import APPLICATION, ASKED, RunningSimulator

PUBLIC_KEY_HEX = "04" + "ab" * 64


@pytest.fixture(scope="session")
def _tesla() -> Iterator[RunningSimulator]:
    with RunningSimulator(at=datetime.now(UTC)) as running:
        yield running


@pytest.fixture
def tesla(_tesla: RunningSimulator) -> Iterator[RunningSimulator]:
    """Return a simulated Tesla whose clock stands still, in its seeded state."""
    _tesla.reset()
    _tesla.register(PUBLIC_KEY_HEX)
    yield _tesla
    _tesla.release()


@pytest.fixture
def hosts(tesla: RunningSimulator) -> Hosts:
    """Return the addresses of the simulated Tesla."""
    there = tesla.addresses
    return Hosts(
        authorize_url=there.authorize_url,
        token_url=there.token_url,
        jwks_url=there.jwks_url,
        issuers=there.issuers,
        consent_url=there.consent_url,
        pairing_url=there.pairing_url,
        base_urls=there.base_urls,
    )


@pytest.fixture
def app() -> Application:
    """Return the application that the simulated Tesla knows."""
    return Application(
        APPLICATION.client_id, APPLICATION.client_secret, APPLICATION.redirect_uris[0]
    )


@pytest.fixture
def client_as(tesla: RunningSimulator, hosts: Hosts) -> Callable[..., Client]:
    """Return a function that makes a client with a person's grant."""

    def make(
        person: str = "alice@example.com",
        scopes: tuple[str, ...] = ASKED,
        region: str = "na",
        **more: object,
    ) -> Client:
        token = tesla.link(person, scopes)["access_token"]
        return Client(hosts.base_urls[region], token, hosts=hosts, **more)  # type: ignore[arg-type]  # whatever a test names

    return make
