"""A receiver of webhooks on this machine."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCRIPT = "<script>document.title = 'owned'</script>"


class Receiver:
    """A receiver of webhooks: it keeps what came, and answers with one status."""

    def __init__(self) -> None:
        self.status = 200
        self.came: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Answers for the receiver."""

            def do_POST(self) -> None:
                """Keep a request and answer it."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.came.append((headers, body))
                answer = SCRIPT.encode()
                self.send_response(receiver.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
