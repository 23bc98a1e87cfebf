"""The servers of the SQL benchmark: how each is started, what it is made of."""
import dataclasses
import json
import pathlib
import re

import machine

ROOT = pathlib.Path(__file__).resolve().parents[1]
FOLDER = ROOT / "bench" / "sql"
BUILT = ROOT / "build" / "sql"  # bench/sql.sh puts what it builds there
SECRET = "the secret of the SQL benchmark"
POOL = 8  # connections of each server
OPEN_MAX = 20_000
TIDEMILL = ("--loops=1", "--log.level=error", f"--client.token.hmac_secret_key={SECRET}")
# Half of the pool carries many statements at once, half is for transactions of several steps. Peers queue without a
# limit and wait without end: ours are raised so that the scenario of many open requests is the same for all.
TIDEMILL_POSTGRES = (
    f"--storage.postgres.pool.shared_connections={POOL // 2}", f"--storage.postgres.pool.exclusive_connections={POOL // 2}",
    f"--storage.postgres.pool.waiting_max={OPEN_MAX}", "--storage.postgres.pool.wait_max=10m",
    "--queries.pool_wait=10m", f"--queries.concurrency_per_endpoint={OPEN_MAX}", "--storage.postgres.lock_timeout=0s",
    "--storage.postgres.statement_timeout=0s")


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    title: str
    command: tuple[str, ...] = ()  # empty: it is ours

    def start(self, build, port, database_url, sqlite_path):
        """The command and the environment that start it on a port."""
        if self.command:
            return list(self.command), {"PORT": str(port), "DATABASE_URL": database_url, "POOL": str(POOL), "TZ": "UTC",
                                        "JWT_SECRET": SECRET, "GOMAXPROCS": "1", "NODE_ENV": "production", "PYTHONPATH": ""}
        if self.name == "tidemill":
            own = (f"--queries.folder={FOLDER / 'queries'}", f"--storage.postgres.url={database_url}", *TIDEMILL_POSTGRES)
        else:
            own = (f"--queries.folder={FOLDER / 'sqlite'}", f"--storage.sqlite.path={sqlite_path}")
        return [str(build / "src/tidemill"), "serve", f"--http_server.listen=127.0.0.1:{port}", *TIDEMILL, *own], {}

    def version(self, build):
        """What it is made of, in words."""
        if self.name == "go":
            found = re.findall(r"^\t(\S+/\S+) (v\S+)$", (FOLDER / "go/go.mod").read_text(), re.MULTILINE)
            parts = [machine.first_line("go", "env", "GOVERSION"), *(f"{name.removeprefix('github.com/')} {version}"
                                                                     for name, version in found)]
        elif self.name == "node":
            packages = json.loads((FOLDER / "node/package.json").read_text())["dependencies"]
            parts = [f"Node {machine.first_line('node', '--version')}", *(f"{name} {version}" for name, version in packages.items())]
        elif self.name == "python":
            direct = (FOLDER / "python/requirements.txt").read_text().partition("\n\n")[0].splitlines()
            parts = [machine.first_line(self.command[0], "--version"), *(line.replace("==", " ") for line in direct)]
        else:
            return machine.first_line(str(build / "src/tidemill"), "version")
        return ", ".join(parts)


CONTENDERS = (
    Contender("tidemill", "Tidemill"),
    Contender("go", "Go, net/http and pgx", (str(BUILT / "go"),)),
    Contender("node", "Node, Fastify and postgres.js", ("node", str(FOLDER / "node/main.js"))),
    Contender("python", "Python, FastAPI and asyncpg", (str(BUILT / "python/bin/python"), str(FOLDER / "python/main.py"))),
)
SQLITE = Contender("tidemill_sqlite", "Tidemill on SQLite")
