"""Answer HTTP on this machine, in a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from threading import Thread


@contextmanager
def answering(server: ThreadingHTTPServer) -> Iterator[str]:
    """Let a server answer while the block runs; give its address."""
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    with server:
        thread.start()
        host, port = server.socket.getsockname()
        yield f"http://{host}:{port}"
        server.shutdown()
        thread.join(5)
