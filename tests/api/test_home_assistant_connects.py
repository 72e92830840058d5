"""Home Assistant's sign-in, step by step as its integration does it, then its calls.

The browser and the two unchanged libraries find this console under Teslemetry's names,
over TLS, as they do in a home that leads the names there.
"""

import asyncio
import re
import time
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api import Teslemetry
from tesla_fleet_api.exceptions import InvalidToken
from teslemetry_stream import TeslemetryStream
from teslemetry_stream.exception import TeslemetryStreamAuthenticationError

from accounts.models import User
from accounts.services.members import prove_address
from tests.api.houses import House, kinds_of, set_up, until
from tests.factories import PASSWORD
from tests.telemetry.stream.listening import beside, lock_out
from tests.tokens.connecting import MY, Installation, told
from tokens import tasks
from tokens.models import AccessToken, HourlyToken, Usage

AUTHORIZE_URL = "https://teslemetry.com/connect"
TOKEN_URL = "https://api.teslemetry.com/oauth/token"
ENDS_WITHIN_S = 2.0


class Connection:
    """What Home Assistant keeps of a sign-in, and how it renews it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.kept: dict[str, Any] = {}
        self.expires_at_s = 0.0
        self.fetched = 0

    async def fetch(self, **fields: str) -> int:
        """Ask for tokens; keep what comes beside what is known. Return the status."""
        form = {**fields, "client_id": "homeassistant"}
        async with self.session.post(TOKEN_URL, data=form) as answer:
            if answer.status == 200:
                self.kept |= await answer.json()
                self.expires_at_s = time.time() + int(self.kept["expires_in"])
                self.fetched += 1
            return answer.status

    async def token(self) -> str:
        """Return a token that has 20 seconds at least, as each call wants one."""
        if self.expires_at_s < time.time() + 20:
            status = await self.fetch(
                grant_type="refresh_token", refresh_token=self.kept["refresh_token"]
            )
            assert status == 200
        return str(self.kept["access_token"])


async def allowed(console: str, user: User, asked: str) -> str:
    """Be the person at the browser; return where it was sent in the end."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:

        async def send(address: str, **fields: str) -> aiohttp.ClientResponse:
            page = await (await browser.get(address)).text()
            found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
            assert found is not None
            form = {"csrfmiddlewaretoken": found.group(1), **fields}
            return await browser.post(address, data=form, allow_redirects=False)

        first = await browser.get(asked, allow_redirects=False)
        assert first.status == 302
        sign_in = console + first.headers["Location"]
        there = told(sign_in)["next"]
        answer = await send(sign_in, login=str(user), password=PASSWORD, next=there)
        assert (answer.status, answer.headers["Location"]) == (302, there)
        answer = await send(console + there)
        assert answer.status == 302
        return answer.headers["Location"]


async def sign_in(house: House, session: aiohttp.ClientSession) -> Connection:
    """Set the integration up as its config flow does; return the connection."""
    one = Installation(MY)
    asked = one.address(AUTHORIZE_URL)
    async with session.get(asked, allow_redirects=False) as answer:
        assert answer.status == 302
        ours = answer.headers["Location"]
    console = house.console.url
    assert ours.startswith(f"{console}/console/connect?")
    assert told(ours) == one.query
    alice = await beside(User.objects.get)
    back = await allowed(console, alice, ours)
    assert back.startswith(f"{MY}?")
    got = told(back)
    assert got["state"] == one.state
    connection = Connection(session)
    status = await connection.fetch(
        grant_type="authorization_code",
        code=got["code"],
        redirect_uri=MY,
        code_verifier=one.verifier,
        name="Home",
    )
    assert status == 200
    return connection


async def lives_with_it(house: House) -> None:
    """Sign in, set up, live beyond an hour, and be removed."""
    async with house.session() as session, house.web():
        connection = await sign_in(house, session)
        teslemetry = Teslemetry(session, connection.token)
        metadata, products = await set_up(teslemetry)
        assert metadata["uid"] == str((await beside(User.objects.get)).pk)
        assert len(products) == 4
        stream = TeslemetryStream(
            session, connection.token, server="na.teslemetry.com", manual=True
        )
        heard: list[Any] = []
        stream.async_add_listener(heard.append)
        listening = asyncio.create_task(stream.listen())
        await until(lambda: stream.connected)

        first = connection.kept["access_token"]
        await beside(an_hour_passes)
        stale = Teslemetry(session, first, server="https://na.teslemetry.com")
        await refused(stale)
        connection.expires_at_s = 0
        assert len((await teslemetry.products())["response"]) == 4
        assert connection.fetched == 2
        assert connection.kept["access_token"] != first
        heard.clear()
        await teslemetry.vehicles.create(house.red.vin).vehicle_data()
        await until(lambda: "vehicle_data" in kinds_of(heard))
        assert not listening.done()

        await beside(lock_out)
        removed_at_s = time.monotonic()
        with pytest.raises(TeslemetryStreamAuthenticationError):
            await listening
        # The client comes back by itself, and is refused then.
        assert time.monotonic() - removed_at_s < ENDS_WITHIN_S + 3
        await refused(teslemetry)
        for refresh_token in (connection.kept["refresh_token"], "kfr_x"):
            status = await connection.fetch(
                grant_type="refresh_token", refresh_token=refresh_token
            )
            assert status == 400


async def refused(teslemetry: Teslemetry) -> None:
    """See a client be told within two seconds that its token is invalid."""
    async with asyncio.timeout(2):
        while True:
            try:
                await teslemetry.metadata()
            except InvalidToken:
                return
            await asyncio.sleep(0.1)


def an_hour_passes() -> None:
    """Let the tokens given so far be over, and be swept."""
    HourlyToken.objects.update(expires_at="2026-01-01T00:00Z")
    tasks.forget_expired_tokens()
    assert HourlyToken.objects.count() == 0


@pytest.fixture
def alices_house(house: House, alice: User) -> House:
    """Return the house of Alice, who has a password and no token but the test's."""
    prove_address(alice)
    AccessToken.objects.all().delete()
    return house


def test_home_assistant_signs_in_and_stays(alices_house: House) -> None:
    asyncio.run(lives_with_it(alices_house))
    programs = set(Usage.objects.values_list("program", flat=True))
    assert programs >= {"Home Assistant · Home"}


def test_pasted_token_moves_over_by_itself(house: House) -> None:
    asyncio.run(moves_over(house))


async def moves_over(house: House) -> None:
    """Do what the integration does with an entry of its first version."""
    async with house.session() as session, house.web():
        body = {
            "grant_type": "migrate",
            "client_id": "homeassistant",
            "access_token": house.access_token,
            "name": "Home",
        }
        bearer = {"Authorization": f"Bearer {house.access_token}"}
        async with session.post(TOKEN_URL, json=body, headers=bearer) as answer:
            assert answer.status == 200
            tokens = await answer.json()
        for text in (tokens["access_token"], house.access_token):
            teslemetry = Teslemetry(session, text)
            assert (await teslemetry.metadata())["region"] == "NA"
