"""List the addresses of the pairing page and the locks screen."""

from aiohttp import web

from simulator.pairing.pages import locks, locks_step, pairing, pairing_step

PAIRING_ROUTES = (
    web.get("/_ak/{domain}", pairing),
    web.post("/_ak/{domain}", pairing_step),
    web.get("/locks/{vin}", locks),
    web.post("/locks/{vin}", locks_step),
)
