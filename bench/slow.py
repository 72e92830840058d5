"""A TLS upstream that thinks before it answers: `python -m bench.slow FOLDER PORT MS`.

It stands for Tesla where many calls are in flight at once.
"""

import asyncio
import ssl
import sys
from pathlib import Path

from aiohttp import web


def main(folder: Path, port: int, delay_ms: int) -> None:
    """Serve the folder's one reading at every address, each after the delay."""
    body = (folder / "vehicle_data.json").read_bytes()

    async def respond(_request: web.Request) -> web.Response:
        await asyncio.sleep(delay_ms / 1000)
        return web.Response(body=body, content_type="application/json")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    application = web.Application()
    application.router.add_get("/{path:.*}", respond)
    web.run_app(
        application,
        host="127.0.0.1",
        port=port,
        ssl_context=context,
        access_log=None,
        print=None,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
