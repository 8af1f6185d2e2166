"""A web server on this machine that can misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What is served at one address, and how."""

    body: bytes
    ranges: bool = True
    """Whether ``Range`` is understood."""
    cut: int | None = None
    """Bytes of each answer after which the connection breaks."""
    chunked: bool = False
    """Whether the length is kept secret."""
    shift: int = 0
    """By how much the part sent differs from the part asked for."""
    raw: bytes = b""
    """Sent in place of an HTTP answer."""
    hold: threading.Event | None = None
    """Awaited before the second half of the body is sent."""


@dataclass
class Site:
    """Pages by path (with its leading slash), and what was asked for: (path, ``Range`` header)."""

    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def put(self, path: str, page: Page) -> str:
        """Serve ``page`` at ``path``; return its URL."""
        self.pages[f"/{path}"] = page
        return f"{self.url}{path}"


@contextmanager
def serving() -> Iterator[Site]:
    """Serve on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            site.requests.append((self.path, wanted))
            self.close_connection = True
            if (page := site.pages.get(self.path)) is None:
                self.send_error(404, "\x1b[31mgone")
                return
            if page.raw:
                self.wfile.write(page.raw)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and page.ranges else 0
            if start and start >= len(page.body):
                self.send_error(416)
                return
            start += page.shift
            body = page.body[start:]
            self.send_response(206 if wanted and page.ranges else 200)
            if wanted and page.ranges:
                self.send_header("Content-Range", f"bytes {start}-{len(page.body) - 1}/{len(page.body)}")
            if page.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            sent = body[: page.cut]
            for piece in (sent[: len(sent) // 2], sent[len(sent) // 2 :]):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if page.chunked else piece)
                self.wfile.flush()
                if page.hold:
                    page.hold.wait(20)
            if page.chunked and page.cut is None:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, address: object) -> None:
            """A client that hangs up is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
