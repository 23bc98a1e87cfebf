"""What the tests of this suite stand on: both versions of PostgreSQL, a probe on each, and psql."""
import contextlib
import subprocess

from postgres_server import DEBIAN, PostgresServer
from store_probe import Probe

VERSIONS = (15, 18)
OPTIONS = {"timezone": "'Europe/Rome'"}  # which our sessions do not take over


@contextlib.contextmanager
def databases(binary, sql):
    """[(name, server, probe)]; `sql` has been run on each."""
    with contextlib.ExitStack() as stack:
        found = []
        for version in VERSIONS:
            server = stack.enter_context(PostgresServer(OPTIONS, version=version, sql=sql))
            found.append((f"PostgreSQL {version}", server, stack.enter_context(Probe(binary, "postgres", server.url()))))
        yield found


def psql(server, script, database):
    """Runs a script as an administrator does."""
    return subprocess.run([f"{DEBIAN}/psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
                           f"--host={server.folder}", f"--port={server.port}", "--username=postgres",
                           f"--dbname={database}"], input=script, capture_output=True, text=True, check=False)
