"""Receivers of webhooks for `bench.webhooks`: one that is slow, one that takes the time.

python -m bench.sink PORT DELAY_S FILE    writes milliseconds from birth to arrival
"""

import asyncio
import sys
import time
from datetime import datetime
from pathlib import Path

import orjson

_HOSTS = 64
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def serve(port: int, delay_s: float, file: Path) -> None:
    """Answer for ever, at each of the hosts."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with file.open("a") as notes:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                event = orjson.loads(await reader.readexactly(size))
                born = datetime.fromisoformat(event["createdAt"]).timestamp()
                notes.write(f"{(time.time() - born) * 1000:.1f}\n")
                notes.flush()
                await asyncio.sleep(delay_s)
                writer.write(_OK)

    hosts = [f"127.0.0.{number}" for number in range(1, _HOSTS + 1)]
    server = await asyncio.start_server(one, hosts, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
