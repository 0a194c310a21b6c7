"""Somebody elsewhere: another port of the machine, with a page of its own, that remembers what is asked of it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Mapping


class Ear:
    """Listens until `close`; `pages` are what it serves, by path: headers and a body."""

    def __init__(self, pages: Mapping[str, tuple[Mapping[str, str], str]] | None = None) -> None:
        heard: set[str] = set()
        served = pages or {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers, body = served.get(self.path, ({"Access-Control-Allow-Origin": "*"}, ""))
                if self.path not in served:
                    heard.add(self.path)
                self.send_response(200)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                return

        self.heard = heard
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
