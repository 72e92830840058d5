"""Call the simulator's doors as clients do, and serve a public key to it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.testing import RunningSimulator, plain_browser
from simulator.world.cars.car import Car

NOON = datetime(2026, 6, 15, 19, tzinfo=UTC)
PRIVATE_KEY = ec.generate_private_key(ec.SECP256R1())
PEM = PRIVATE_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
KEY_HEX = (
    PRIVATE_KEY.public_key()
    .public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    .hex()
)


@dataclass
class Doors:
    """Call the simulator as a client does, and know its cars by name."""

    sim: RunningSimulator
    http: httpx.Client = field(default_factory=plain_browser)

    def call(
        self,
        method: str,
        path: str,
        token: str = "",
        region: str = "na",
        **more: Any,
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        address = f"{self.sim.url}/{region}/api/1/{path}"
        return self.http.request(method, address, headers=headers, **more)

    def get(self, path: str, token: str = "", region: str = "na") -> httpx.Response:
        return self.call("GET", path, token, region)

    def post(
        self, path: str, token: str = "", body: Any = None, region: str = "na"
    ) -> httpx.Response:
        return self.call("POST", path, token, region, json=body or {})

    def ask_token(self, **form: str) -> httpx.Response:
        return self.http.post(self.sim.addresses.token_url, data=form)

    def admin(self, method: str, path: str, body: Any = None) -> httpx.Response:
        address = f"{self.sim.url}/admin/api/{path}"
        return self.http.request(method, address, json=body)

    def token(self, email: str = "alice@example.com", *scopes: str) -> str:
        linked = self.sim.link(email, scopes) if scopes else self.sim.link(email)
        return str(linked["access_token"])

    def car(self, name: str) -> Car:
        return next(one for one in self.sim.world.cars.values() if one.name == name)

    def put(self, name: str, state: str) -> Car:
        car = self.car(name)
        answer = self.admin("POST", f"cars/{car.vin}", {"state": state})
        assert answer.json() == {"vin": car.vin, "state": state}
        return car


@dataclass
class KeyServer:
    """Say what stands at the well-known address of the test's domain."""

    url: str
    body: bytes = PEM
    status: int = 200
