"""The service behind the proxies: what it is asked, and what it answers."""
import collections
import json
import socket
import socketserver
import threading

from assertions import eventually

Question = collections.namedtuple("Question", "path headers body")


class Service:
    """An HTTP server. `answers` has for each path what is answered: an object, which is sent as JSON; bytes, which are
    all that is sent before the connection is closed; or a function of the question that gives either of them, or None
    for a connection that is closed without a word. `asked` has the questions. `tls`: an SSL context to serve https with."""

    def __init__(self, tls=None):
        self.answers, self.asked, self.connections = {}, [], 0
        self._lock = threading.Lock()
        self._open = set()
        service = self

        class Handler(socketserver.StreamRequestHandler):
            def setup(self):
                if tls:
                    self.request = tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self):
                with service._lock:
                    service.connections += 1
                    service._open.add(self.request)
                try:
                    while service._serve(self.rfile, self.request):
                        pass
                except OSError:
                    pass

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, request, client_address):
                """A client that the handshake refuses is what a test is about."""

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self._origin = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{self._listener.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown()
        self._listener.server_close()
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def url(self, path):
        return self._origin + path

    def questions(self, path):
        with self._lock:
            return [question for question in self.asked if question.path == path]

    def last(self, path):
        return eventually(lambda: self.questions(path), f"{path} is asked")[-1]

    def _serve(self, reader, connection):
        """Whether another request may follow."""
        first = reader.readline().decode()
        if not first:
            return False
        headers = {}
        while (line := reader.readline().decode().strip()):
            name, value = line.split(":", 1)
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        body = json.loads(reader.read(int(headers["content-length"][0])))
        question = Question(first.split(" ")[1], headers, body)
        with self._lock:
            self.asked.append(question)
        answer = self.answers.get(question.path, {"result": {}})
        if callable(answer):
            answer = answer(question)
        if answer is None:
            connection.close()
            return False
        if isinstance(answer, bytes):
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            return False
        text = json.dumps(answer).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
        return True


def status(code, body=b"", headers=b""):
    """An answer with another status."""
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (code, headers, len(body), body)
