"""List the addresses of the admin pages and the admin API."""

from aiohttp import web

from simulator.admin import api
from simulator.admin.api import lever
from simulator.admin.pages import admin, admin_step, front

_API = "/admin/api"
_PERSON = f"{_API}/persons/{{email}}"

ADMIN_ROUTES = (
    web.get("/", front),
    web.get("/admin", admin),
    web.post("/admin/{verb}", admin_step),
    web.get(f"{_API}/overview", lever(api.show)),
    web.get(f"{_API}/calls", lever(api.calls)),
    web.delete(f"{_API}/calls", lever(api.clear_calls)),
    web.get(f"{_API}/billed", lever(api.billed)),
    web.get(f"{_API}/faults", lever(api.faults)),
    web.post(f"{_API}/faults", lever(api.add_fault)),
    web.delete(f"{_API}/faults", lever(api.clear_faults)),
    web.delete(f"{_API}/faults/{{number:[0-9]+}}", lever(api.remove_fault)),
    web.post(f"{_API}/clock", lever(api.clock)),
    web.post(f"{_API}/cars/{{vin}}", lever(api.car)),
    web.get(f"{_API}/cars/{{vin}}/commands", lever(api.commands)),
    web.get(f"{_API}/cars/{{vin}}/telemetry", lever(api.telemetry)),
    web.post(f"{_API}/cars/{{vin}}/telemetry", lever(api.telemetry)),
    web.post(f"{_PERSON}/scopes", lever(api.scopes)),
    web.post(f"{_PERSON}/revoke", lever(api.revoke)),
    web.post(f"{_PERSON}/password_reset", lever(api.password_reset)),
    web.get(f"{_API}/switches", lever(api.switches)),
    web.post(f"{_API}/switches", lever(api.switches)),
    web.post(f"{_API}/tempo", lever(api.tempo)),
    web.post(f"{_API}/reset", lever(api.reset)),
)
