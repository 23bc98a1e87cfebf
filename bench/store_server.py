"""A PostgreSQL of its own for the benchmark of stores, on the server's core, with the tables it asks for."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

BINARIES = next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))), pathlib.Path("/usr/bin"))
HERTZ = os.sysconf("SC_CLK_TCK")
ITEMS, BIG = 100_000, 1_000_000
CONNECTIONS_MAX = 400
TABLE = """create table {name} (id bigint primary key, name text not null, status text not null, quantity integer not null,
  score double precision not null, active boolean not null, note text, created timestamptz not null);
insert into {name} select n, case when n % 10 = 0 then 'the "best" of ' else 'customer ' end || n,
  (array['open', 'paid', 'shipped'])[n % 3 + 1], n % 1000, (n % 977) * 1.25, n % 2 = 0,
  case when n % 4 = 0 then null else 'a note of some length about order ' || n end,
  timestamptz '2026-01-01 00:00:00+00' + n * interval '1 minute' from generate_series(1, {rows}) n;
"""
COLUMNS = "id, name, status, quantity, score, active, note, created"
LOOKUP = f"select {COLUMNS} from items where id = $1"
STREAM = f"select {COLUMNS} from big"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PostgresServer:
    """Its folder is the Unix socket's, too. Everybody is let in. It runs as another user when this one is root.
    `core`: one or several, as taskset takes them; `tables`: which are filled; `settings`: more of them, NAME=VALUE."""

    def __init__(self, core, tables=(("items", ITEMS), ("big", BIG)), settings=()):
        self.core, self.port, self.user = core, free_port(), "postgres"
        self.tables, self.settings = tables, settings
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tidemill-bench-"))
        self.account = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        if self.account:
            os.chown(self.folder, self.account.pw_uid, self.account.pw_gid)
        self.process = None

    def options(self):
        """For processes that must not be root's."""
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        data = self.folder / "data"
        subprocess.run([str(BINARIES / "initdb"), "-D", str(data), "-U", self.user, "--auth=trust", "--encoding=UTF8",
                        "--locale=C.UTF-8", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd=self.folder,
                       **self.options())
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", self.core, str(BINARIES / "postgres"), "-D", str(data), "-p", str(self.port),
                 "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                 "-c", f"max_connections={CONNECTIONS_MAX}", "-c", "shared_buffers=512MB", "-c", "timezone=UTC",
                 "-c", "autovacuum=off", *(word for setting in self.settings for word in ("-c", setting))],
                stdout=log, stderr=log, cwd=self.folder, **self.options())
        deadline = time.monotonic() + 30
        while self.psql("select 1", check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: PostgreSQL did not start (see {self.folder}/log)")
            time.sleep(0.05)
        for name, rows in self.tables:
            self.psql(TABLE.format(name=name, rows=rows) + f"vacuum analyze {name};")

    def psql_command(self):
        return ["psql", "-X", "-q", "-A", "-t", "-h", str(self.folder), "-p", str(self.port), "-U", self.user, "-v",
                "ON_ERROR_STOP=1", "-d", "postgres"]

    def psql(self, text, check=True):
        return subprocess.run(self.psql_command(), input=text, text=True, capture_output=True, check=check)

    def value(self, query):
        """The first column of its only row, as a text."""
        return self.psql(query).stdout.strip()

    def host(self, transport):
        return str(self.folder) if transport == "unix" else "127.0.0.1"

    def cpu_seconds(self):
        """Of it and of its processes, those that have ended included."""
        total = 0.0
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(path.parent.name) == self.process.pid:
                total += sum(int(field) for field in fields[11:15]) / HERTZ
            elif int(fields[1]) == self.process.pid:
                total += sum(int(field) for field in fields[11:13]) / HERTZ
        return total

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(3)  # SIGQUIT: nothing of it is kept
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
