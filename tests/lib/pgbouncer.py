"""PgBouncer in front of a test's PostgreSQL: transactions of all callers take turns on few connections."""
import contextlib
import pathlib
import socket
import subprocess

from assertions import eventually
from postgres_server import command_of, free_port, new_folder

PROGRAM = "/usr/sbin/pgbouncer"


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


@contextlib.contextmanager
def pgbouncer(postgres, *lines):
    """Its URL. `lines`: more of its settings."""
    folder, port = new_folder(), free_port()
    path = pathlib.Path(folder) / "pgbouncer.ini"
    path.write_text("\n".join([
        "[databases]", f"* = host={postgres.folder} port={postgres.port} user=postgres", "[pgbouncer]",
        "listen_addr = 127.0.0.1", f"listen_port = {port}", "unix_socket_dir =", "auth_type = any",
        "pool_mode = transaction", *lines]) + "\n", encoding="utf-8")
    with open(f"{folder}/log", "wb") as log:
        process = subprocess.Popen(command_of(PROGRAM, str(path)), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   cwd="/", start_new_session=True)
    try:
        eventually(lambda: listens(port), "PgBouncer listens")
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        process.kill()
        process.wait()
