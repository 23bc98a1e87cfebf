"""An endpoint of webhooks: an HTTP server that answers as a test says."""
import contextlib
import http.server
import json
import threading

from assertions import eventually


class Receiver:
    """`answer(request)` gives (status, headers, body); `requests` are (headers, body) as they came."""

    def __init__(self, answer=lambda request: (204, {}, b"")):
        self.answer = answer
        self.requests = []
        self._lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):  # pylint: disable=no-self-argument,invalid-name
                body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
                with self._lock:
                    self.requests.append((dict(handler.headers), body))
                    number = len(self.requests)
                status, headers, answer = self.answer({"headers": handler.headers, "body": body, "number": number})
                with contextlib.suppress(OSError):
                    handler.send_response(status)
                    for name, value in headers.items():
                        handler.send_header(name, value)
                    handler.send_header("Content-Length", str(len(answer)))
                    handler.end_headers()
                    handler.wfile.write(answer)

            def log_message(handler, *_):  # pylint: disable=no-self-argument,arguments-differ
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/jobs?key=hidden"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count):
        eventually(lambda: len(self.requests) >= count, f"{count} requests come")
        return self.requests

    def jids(self):
        return [json.loads(body)["jid"] for _, body in self.requests]
