"""The official clients, unmodified. Each language's own test program runs against a server with tidemill.toml.

SDK_LANGUAGES picks from js, python and go.
"""
import os
import pathlib
import sys

from foreign import foreign_cases
from server import Server

HERE = pathlib.Path(__file__).parent
LANGUAGES = os.environ.get("SDK_LANGUAGES", "js python go").split()


def run_beside_server(binary, command, passed, failed, folder):
    with Server(binary, "--config", str(HERE / "tidemill.toml")) as server:
        environment = {**os.environ, **server.environment(), "SDK_BINARY": binary,
                       "SDK_CONFIG": str(HERE / "tidemill.toml")}
        yield from foreign_cases(command, passed, failed, folder=HERE / folder, environment=environment)


if "js" in LANGUAGES:
    def cases_js(binary):
        files = sorted(path.name for path in (HERE / "js").glob("*.test.mjs"))
        return run_beside_server(binary, ["node", "--test", "--test-reporter=tap", *files],
                                 r"^ *ok \d+ - (.*)", r"^ *not ok \d+ - (.*)", "js")

if "python" in LANGUAGES:
    def cases_python(binary):
        return run_beside_server(binary, [sys.executable, "-m", "unittest", "-v", "-b"],
                                 r"^(\S+ .*) \.\.\. ok$", r"^(\S+ .*) \.\.\. (?:FAIL|ERROR)$", "python")

if "go" in LANGUAGES:
    def cases_go(binary):
        return run_beside_server(binary, ["go", "test", "-count=1", "-v", "./..."],
                                 r"^    --- PASS: (\S+)", r"^    --- FAIL: (\S+)", "go")
