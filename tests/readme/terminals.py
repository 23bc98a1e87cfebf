"""Terminals in one folder, with `tidemill` on PATH: programs that end, and those that go on beside them."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request

from assertions import WAIT_SECONDS, check, eventually
from network import bring_loopback_up

GO_MODULE = pathlib.Path(__file__).parents[1] / "sdk/go"
NODE_MODULES = pathlib.Path(__file__).parents[1] / "sdk/js/node_modules"
# Node has a WebSocket of its own from 22 on.
WEBSOCKET = "import { WebSocket } from 'ws';\nglobalThis.WebSocket ??= WebSocket;\n"


class Running:
    """A program that goes on; what it prints is in files."""

    def __init__(self, command, folder, environment, name):
        self._files = [folder / f"{name}.out", folder / f"{name}.err"]
        with open(self._files[0], "wb") as out, open(self._files[1], "wb") as error:
            self._process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                             stderr=error, start_new_session=True)

    def printed(self):
        return self._files[0].read_text(encoding="utf-8")

    def said(self):
        return "".join(path.read_text(encoding="utf-8") for path in self._files)

    def check_runs(self):
        check(self._process.poll() is None, f"it has ended: {self.said()}")

    def wait_for(self, text, what, seconds=WAIT_SECONDS):
        def is_there():
            if text in self.said():
                return True
            self.check_runs()
            return False
        try:
            eventually(is_there, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said: {self.said()}") from error

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(20)


class Terminals:
    def __init__(self, binary, folder, node_modules=NODE_MODULES, go_module=GO_MODULE):
        bring_loopback_up()
        self._folder = folder
        self._running = []
        places = {name: folder / name for name in ("bin", "run")}
        for place in places.values():
            place.mkdir(mode=0o700)
        (places["bin"] / "tidemill").symlink_to(pathlib.Path(binary).resolve())
        (folder / "node_modules").symlink_to(node_modules)
        (folder / "websocket.mjs").write_text(WEBSOCKET, encoding="utf-8")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEMILL_")}
        path = f"{places['bin']}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
        self._environment |= {"PATH": path, "XDG_RUNTIME_DIR": str(places["run"]), "GOFLAGS": "-mod=mod",
                              "NODE_OPTIONS": f"--import={folder / 'websocket.mjs'}"}
        for name in ("go.mod", "go.sum"):
            shutil.copy(go_module / name, folder / name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.end_all()

    def end_all(self):
        while self._running:
            self._running.pop().end()

    def _start(self, command):
        name = f"terminal-{len(list(self._folder.glob('*.out')))}"
        self._running.append(Running(command, self._folder, self._environment, name))
        return self._running[-1]

    def _run(self, script):
        return subprocess.run(["bash", "-ec", script], cwd=self._folder, env=self._environment, capture_output=True,
                              stdin=subprocess.DEVNULL, text=True, timeout=30)

    def try_run(self, script):
        """Whether it ends with 0."""
        return self._run(script).returncode == 0

    def run(self, script):
        """A shell script that ends with 0; gives its output."""
        done = self._run(script)
        check(done.returncode == 0, f"{script} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def serve(self, script):
        """A shell script whose last line is a server on its usual port, or on that of its --port."""
        _, _, given = script.partition("--port ")
        port = given.split()[0] if given else "8000"
        server = self._start(["bash", "-ec", script])

        def answers():
            server.check_runs()
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5).status == 200
            return False

        eventually(answers, f"the server on port {port} is ready")
        return server

    def write(self, name, text):
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def start(self, script):
        """A shell script whose last line goes on."""
        return self._start(["bash", "-ec", script])

    def tail(self, script, channel):
        """A shell script whose last line follows the channel."""
        tail = self._start(["bash", "-ec", script])
        tail.wait_for(channel, "tail follows the channel")
        return tail

    def javascript(self, program):
        path = self._folder / f"program-{len(list(self._folder.glob('*.mjs')))}.mjs"
        path.write_text(program, encoding="utf-8")
        return self._start(["node", path.name])

    def python(self, program):
        done = subprocess.run([sys.executable, "-c", program], cwd=self._folder, env=self._environment,
                              capture_output=True, text=True, timeout=30)
        check(done.returncode == 0, done.stderr)
