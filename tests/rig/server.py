"""A server on this machine that does what servers and networks do: cut, ignore, refuse, lie."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(range(256)) * 20_000  # 5 MB


@dataclass
class Server:
    """Serves `content`, as `behaviour` (asked for each request) says; notes the first byte each request asked for."""

    content: bytes = CONTENT
    cuts: list[int] = field(default_factory=list)
    behave: Callable[[BaseHTTPRequestHandler, int], bool] = lambda handler, start: False
    ranges: bool = True
    tells_length: bool = True
    asked: list[int] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.asked.append(start)
        if self.behave(handler, start):
            return
        if asked and self.ranges:
            if start >= len(self.content):
                handler.send_error(416)
                return
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
            body = self.content[start:]
        else:
            handler.send_response(200)
            body = self.content
        if self.tells_length:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        # A network that stops: only so many bytes of the body, then the connection is closed.
        handler.wfile.write(body[: self.cuts.pop(0)] if self.cuts else body)


@contextmanager
def serving() -> Iterator[Server]:
    """A server at `url`, on a port of its own."""
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    class Http(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is no error here."""

    http = Http(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{http.server_port}/some/weights.pth"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
