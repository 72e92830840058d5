"""Put the faces of the simulator together into one application."""

from pathlib import Path

from aiohttp import web

from simulator.admin.routes import ADMIN_ROUTES
from simulator.auth.routes import AUTH_ROUTES
from simulator.config import Config
from simulator.fleet_api.table import fleet_routes, prices
from simulator.hub import HUB, Hub
from simulator.keys import SigningKey
from simulator.pairing.routes import PAIRING_ROUTES
from simulator.streaming.lines import LINES, Lines, authority_of, streaming
from simulator.weather import PRICES, bad_weather, keep_ledger
from simulator.world import World

_STATIC = Path(__file__).parent / "static"


def make_app(
    config: Config, world: World | None = None, key: SigningKey | None = None
) -> web.Application:
    """Return the simulator as one application; saved state is taken up at once.

    Raises ValueError when the saved file cannot be read.
    """
    app = web.Application(middlewares=[keep_ledger, bad_weather])
    hub = Hub(config, world, key)
    app[HUB] = hub
    app[LINES] = Lines(hub, authority_of(config))
    app[PRICES] = prices()
    app.add_routes([web.static("/static", _STATIC)])
    app.add_routes(AUTH_ROUTES)
    app.add_routes(PAIRING_ROUTES)
    app.add_routes(ADMIN_ROUTES)
    app.add_routes(fleet_routes())
    app.on_shutdown.append(_stop)
    app.cleanup_ctx.append(streaming)
    hub.save()
    return app


async def _stop(app: web.Application) -> None:
    app[HUB].faults.release()
    app[HUB].save()
