"""List the addresses of the pairing page and the locks screen."""

from aiohttp import web

PAIRING_ROUTES: tuple[web.RouteDef, ...] = ()
