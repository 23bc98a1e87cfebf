"""Real PostgreSQL servers for a test: on free ports, in a temporary folder, stopped when the block ends."""
import atexit
import functools
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from assertions import check, eventually

START_SECONDS = 30
FOLDERS = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
DEBIAN = "/usr/lib/postgresql/15/bin"
HERE = pathlib.Path(__file__).resolve().parent


class PostgresError(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@functools.cache
def programs(version):
    """The folder of initdb and postgres; version 18 is fetched where it is not there yet."""
    if version != 15:
        return subprocess.run([HERE / "postgres18.sh"], check=True, capture_output=True, text=True,
                              timeout=600).stdout.strip()
    if not os.path.exists(f"{DEBIAN}/postgres"):
        raise RuntimeError("PostgreSQL 15 is missing. On Debian 12: apt-get install postgresql")
    return DEBIAN


def server_user():
    """PostgreSQL does not run as root: then another user takes its place."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError('there is neither a user "postgres" nor "nobody"')


def command_of(*words):
    """The command as the server's user; it dies with this process."""
    user = server_user()
    other = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if user else []
    return ["setpriv", *other, "--pdeathsig=KILL", *words]


def new_folder():
    folder = tempfile.mkdtemp(prefix="tidemill-postgres-", dir=FOLDERS)
    if user := server_user():
        os.chown(folder, user.pw_uid, user.pw_gid)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def template(version):
    """What initdb leaves, made once and copied for each server."""
    folder = new_folder()
    done = subprocess.run(command_of(f"{programs(version)}/initdb", f"--pgdata={folder}/data", "--username=postgres",
                                     "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
                                     "--wal-segsize=1"), capture_output=True, text=True, timeout=120, cwd="/")
    check(done.returncode == 0, done.stdout + done.stderr)
    return f"{folder}/data"


def _runs(process):
    """Whether it has not ended; one that nobody has asked for its exit code yet has."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class PostgresServer:
    """One server. `options`: lines of postgresql.conf; `hba`: of pg_hba.conf, everybody is let in unless given; `inside`:
    the words of a command that runs it, such as nsenter."""

    def __init__(self, options=None, *, hba=("host all all all trust",), version=15, sql="", inside=()):
        self.port = free_port()
        self.folder = new_folder()
        self._version = version
        self._inside = inside
        self._process = None
        subprocess.run(["cp", "--archive", template(version), f"{self.folder}/data"], check=True)
        lines = {"listen_addresses": "'127.0.0.1'", "port": self.port, "unix_socket_directories": f"'{self.folder}'",
                 "fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB", "max_wal_size": "64MB",
                 "min_wal_size": "2MB", "dynamic_shared_memory_type": "mmap", "wal_level": "logical",
                 **(options or {})}
        self._write("postgresql.conf", [f"{name} = {value}" for name, value in lines.items()])
        self._write("pg_hba.conf", ["local all postgres trust", "local replication postgres trust", *hba])
        atexit.register(self.close)  # whatever happens to the test
        self.start()
        if sql:
            self.run(sql)

    def _write(self, name, lines):
        with open(f"{self.folder}/data/{name}", "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def url(self, user="postgres", password="", database="postgres", more=""):
        secret = f":{password}" if password else ""
        return f"postgres://{user}{secret}@127.0.0.1:{self.port}/{database}{more}"

    @property
    def running(self):
        return self._process is not None

    def start(self):
        with open(f"{self.folder}/log", "ab") as log:
            self._process = subprocess.Popen(
                [*self._inside, *command_of(f"{programs(self._version)}/postgres", "-D", f"{self.folder}/data")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True)
        try:
            eventually(self._answers, "it answers", START_SECONDS)
        except AssertionError as error:
            raise RuntimeError(f"PostgreSQL did not start: {error}: {self.log()[-2000:]}") from error

    def _answers(self):
        check(self._process.poll() is None, "it has ended")
        try:
            return self.run("select 1") == "1"
        except PostgresError:
            return False

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def run(self, sql, database="postgres"):
        """As the superuser; gives fields with "|" between them, a line for each row, or raises PostgresError."""
        done = subprocess.run([f"{DEBIAN}/psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet",
                               "--set=ON_ERROR_STOP=1", f"--host={self.folder}", f"--port={self.port}",
                               "--username=postgres", f"--dbname={database}", f"--command={sql}"],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise PostgresError(done.stderr)
        return done.stdout.rstrip("\n")

    def _processes(self):
        """The first process and its children."""
        children = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        try:
            with open(children, encoding="ascii") as file:
                return [self._process.pid, *map(int, file.read().split())]
        except OSError:
            return [self._process.pid]

    def _signal(self, number):
        for process in self._processes():
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """At once, as a crash would."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)  # it has no more children than those that are killed
            processes = self._processes()
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            # Until then they hold the memory that they share, and another start is refused.
            eventually(lambda: not any(map(_runs, processes)), "all of its processes have ended")

    def shutdown(self):
        """In order, with connections cut."""
        if self._process:
            self._signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def stop(self):
        """Lets it stand still, connections and all."""
        self._signal(signal.SIGSTOP)

    def cont(self):
        self._signal(signal.SIGCONT)

    def restart(self):
        self.kill()
        begun = time.monotonic()
        while True:
            try:
                return self.start()
            except RuntimeError as error:
                # What was killed may have its memory for a moment more.
                if "shared memory block" not in str(error) or time.monotonic() - begun > START_SECONDS:
                    raise
                self._process = None

    def standby(self):
        """A server that streams from this one; what is committed here waits for it from now on."""
        other = PostgresServer.__new__(PostgresServer)
        other.port, other.folder, other._version = free_port(), new_folder(), self._version
        other._inside, other._process = (), None
        done = subprocess.run(command_of(f"{programs(self._version)}/pg_basebackup", "--write-recovery-conf", "--no-sync",
                                         "--checkpoint=fast", f"--pgdata={other.folder}/data",
                                         f"--dbname=host={self.folder} port={self.port} user=postgres "
                                         "application_name=standby"),
                              capture_output=True, text=True, timeout=120, cwd="/")
        check(done.returncode == 0, done.stderr)
        with open(f"{other.folder}/data/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"port = {other.port}\nunix_socket_directories = '{other.folder}'\n")
        atexit.register(other.close)
        other.start()
        self.run("alter system set synchronous_standby_names = 'standby'")
        self.run("select pg_reload_conf()")
        eventually(lambda: self.run("select sync_state from pg_stat_replication") == "sync", "the standby follows")
        return other

    def promote(self):
        """It is the primary from now on, and waits for nobody."""
        check(self.run("select pg_promote()") == "t", "it is promoted")

    def close(self):
        # Not killed: a server that is leaves its shared memory on the machine.
        try:
            self.shutdown()
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)
