"""A folder of .sql files served on each of the databases."""
import http.client
import json
import pathlib

from assertions import eventually
from project import Project
from server import Server


class Served:
    """A project whose migrations are applied, and a server of it."""

    def __init__(self, binary, folder, files, options, *more):
        self.project = Project(binary, folder, *options)
        for name, text in files.items():
            self.project.write(name, text)
        self.project.run("migrate", "up")
        self._server = Server(binary, f"--queries.folder={self.project.queries}", *options, *more)

    def __enter__(self):
        self.server = self._server.__enter__()
        try:
            eventually(lambda: self.ask("GET", "/rest/no/such/endpoint")[0] == 404, "the endpoints are there")
            self.server.until_ready()
        except AssertionError as error:
            self._server.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, *error):
        self._server.__exit__(*error)

    def ask(self, method, path, body=None, headers=None):
        """Status, headers in lower case (a repeated one joined), and the body as text."""
        host, port = self.server.addresses[-1].rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            payload = body.encode() if isinstance(body, str) else body
            if payload is not None:
                connection.putheader("Content-Length", str(len(payload)))
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders(payload)
            response = connection.getresponse()
            named = {}
            for name, value in response.getheaders():
                named[name.lower()] = f"{named[name.lower()]}, {value}" if name.lower() in named else value
            return response.status, named, response.read()
        finally:
            connection.close()

    def json(self, method, path, body=None, headers=None):
        """Status and what the body says."""
        text = json.dumps(body) if body is not None and not isinstance(body, str) else body
        status, _, answer = self.ask(method, path, text, {"Content-Type": "application/json", **(headers or {})})
        return status, json.loads(answer) if answer else None


def sqlite_options(folder):
    return ["--storage.sqlite.path", str(pathlib.Path(folder) / "served.db")]


def postgres_options(postgres, name):
    postgres.run(f"create database {name}")
    return ["--storage.postgres.url", postgres.url(database=name)]


def on_both(binary, folder, postgres, name, files, *more):
    """(name, Served) for SQLite and for Postgres, one after the other."""
    folder = pathlib.Path(folder)
    for database, options in (("sqlite", sqlite_options(folder)), ("postgres", postgres_options(postgres, name))):
        with Served(binary, folder / database, files, options, *more) as served:
            yield database, served
