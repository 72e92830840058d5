"""List the addresses of the admin pages and the admin API."""

from aiohttp import web

ADMIN_ROUTES: tuple[web.RouteDef, ...] = ()
