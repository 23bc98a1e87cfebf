"""The servers that are compared: how each is started, what it speaks, what it is made of."""
import dataclasses
import json
import pathlib
import re

from machine import first_line

ROOT = pathlib.Path(__file__).resolve().parents[1]
PEERS = ROOT / "bench" / "peers"
BUILT = ROOT / "build" / "peers"  # bench/compare.sh puts what it builds there
API_KEY = "bench"
QUIET_SECONDS = 3600              # between pings, where they would be counted as deliveries
TIDEMILL = ("--loops=1", "--log.level=error", "--client.insecure=true", f"--http_api.key={API_KEY}")
CENTRIFUGO_VERSION = re.search(r"centrifugo/v6 v(\S+)", (PEERS / "centrifugo/go.mod").read_text())[1]
CENTRIFUGO = {"http_server.address": "127.0.0.1", "log.level": "error", "client.insecure": True,
              "http_api.key": API_KEY, "prometheus.enabled": True}  # like ours
HISTORY = {f"channel.without_namespace.{name}": value for name, value in (
    ("history_size", 100), ("history_ttl", "300s"), ("force_recovery", True))}


def written(value):
    """A setting's value on a command line or in the environment."""
    return value if isinstance(value, str) else json.dumps(value)


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    title: str
    target: str                          # the load generator's word for its protocol
    protocol: str | None                 # conformance.py's; None: it is no service
    command: tuple[str, ...] = ()
    folder: str | None = None            # of its source, for counting lines and reading versions
    environment: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, object], ...] = ()  # Tidemill's and Centrifugo's, which have the same names

    @property
    def has_api(self):
        """Whether its clients may publish, and its HTTP API is Centrifugo's."""
        return self.folder == "centrifugo" or self.target == "tidemill"

    def start(self, build, port, ping_seconds=QUIET_SECONDS, redis_url="", floor="each", presence=False,
              namespaces=None, token_secret="", settings=()):
        """The command and the environment that start it on a port. `namespaces`: options of channels, by namespace;
        `settings`: more of them, which Tidemill and Centrifugo both have."""
        if self.target == "floor":
            return [str(build / "bench/kernel_floor"), str(port), floor], {}
        if self.target == "tidemill":
            command = [str(build / "src/tidemill"), "serve", f"--http_server.listen=127.0.0.1:{port}", *TIDEMILL,
                       f"--client.ping_interval={ping_seconds}s",
                       *(f"--{name}={written(value)}" for name, value in (*self.settings, *settings))]
            command += [f"--broker.redis.address={redis_url}"] if redis_url else []
            command += ["--channel.without_namespace.presence=true"] if presence else []
            command += [f"--channel.namespaces.{name}.{option}={written(value)}"
                        for name, options in (namespaces or {}).items()
                        for option, value in (options or {"presence": False}).items()]
            command += [f"--client.token.hmac_secret_key={token_secret}"] if token_secret else []
            return command, {}
        if self.folder == "centrifugo":
            settings = {
                **CENTRIFUGO, "http_server.port": port, "client.ping_interval": f"{ping_seconds}s",
                "channel.without_namespace.presence": presence, "client.token.hmac_secret_key": token_secret,
                "channel.namespaces": [{"name": name, **options} for name, options in (namespaces or {}).items()],
                **({"engine.type": "redis", "engine.redis.address": redis_url} if redis_url else {}),
                **dict(self.settings), **dict(settings)}
            environment = {"CENTRIFUGO_" + name.upper().replace(".", "_"):
                           written(value) for name, value in settings.items()}
            return [str(BUILT / "centrifugo")], {"GOMAXPROCS": "1", **environment, **dict(self.environment)}
        environment = {"PORT": str(port), "API_KEY": API_KEY, "PING_SECONDS": str(ping_seconds),
                       "REDIS_URL": redis_url, "GOMAXPROCS": "1", "PRESENCE": "1" if presence else "",
                       **dict(self.environment)}
        command = [word.replace("{built}", str(BUILT)).replace("{peers}", str(PEERS)) for word in self.command]
        return command, environment


CONTENDERS = (
    Contender("floor", "kernel floor", "floor", None),
    Contender("tidemill", "Tidemill", "tidemill", "centrifuge"),
    Contender("tidemill_history", "Tidemill, history", "tidemill", "centrifuge", settings=tuple(HISTORY.items())),
    Contender("centrifugo", f"Centrifugo {CENTRIFUGO_VERSION}", "centrifuge", "centrifuge", folder="centrifugo"),
    Contender("centrifugo_history", "Centrifugo, history", "centrifuge", "centrifuge", folder="centrifugo",
              settings=tuple(HISTORY.items())),
    Contender("centrifugo_tuned", "Centrifugo, GOGC 400", "centrifuge", "centrifuge", folder="centrifugo",
              environment=(("GOGC", "400"),)),
    Contender("centrifuge", "centrifuge, its library", "centrifuge", "centrifuge", ("{built}/centrifuge",), "centrifuge"),
    Contender("go", "Go", "plain", "plain", ("{built}/go",), "go"),
    Contender("node", "Node, ws", "plain", "plain", ("node", "{peers}/node/main.js"), "node"),
    Contender("node_tuned", "Node, ws tuned", "plain", "plain", ("node", "{peers}/node/main.js"), "node",
              environment=(("TUNED", "1"),)),
    Contender("socketio", "Node, socket.io", "socketio", "socketio", ("node", "{peers}/socketio/main.js"), "socketio"),
    Contender("python", "Python", "plain", "plain", ("{built}/python/bin/python", "{peers}/python/main.py"), "python"),
)


def lines_of_code(folder):
    """Lines that are neither empty nor only a comment."""
    if folder is None:
        return None
    count = 0
    for path in (PEERS / folder).iterdir():
        if path.suffix in (".go", ".js", ".py"):
            text = re.sub(r'"""(?:.|\n)*?"""', "", path.read_text())
            count += sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith(("//", "#")))
    return count


def versions(contender, build):
    """What it is made of, in words."""
    if contender.target == "tidemill":
        return first_line(str(build / "src/tidemill"), "version")
    if contender.folder is None:
        return "bench/kernel_floor.cc"
    folder = PEERS / contender.folder
    if contender.folder == "centrifugo":
        return f"{first_line('go', 'env', 'GOVERSION')}, the server of github.com/centrifugal/centrifugo"
    if (folder / "go.mod").exists():
        direct = re.findall(r"^\s*(?:require )?(\S+/\S+) (v\S+)$", (folder / "go.mod").read_text(), re.MULTILINE)
        made_of = [f"{name.removeprefix('github.com/')} {version}" for name, version in direct]
        return ", ".join([first_line("go", "env", "GOVERSION"), *made_of])
    if (folder / "package.json").exists():
        wanted = json.loads((folder / "package.json").read_text())["dependencies"]
        locked = json.loads((folder / "package-lock.json").read_text())["packages"]
        made_of = [f"{name} {locked['node_modules/' + name]['version']}" for name in wanted]
        return ", ".join([f"Node {first_line('node', '--version')}", *made_of])
    made_of = re.findall(r"^([a-z0-9_-]+)(?:\[\w+\])?==(\S+)", (folder / "requirements.txt").read_text(), re.MULTILINE)
    return ", ".join([first_line(str(BUILT / "python/bin/python"), "--version"),
                      *(f"{name} {version}" for name, version in made_of)])
