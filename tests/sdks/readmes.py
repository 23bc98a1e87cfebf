"""The README of each SDK: its code runs as printed."""
import pathlib
import sys
import threading

from assertions import check, eventually
from fixtures import SDK

sys.path.append(str(pathlib.Path(__file__).parents[1] / "readme"))
from literate import blocks_of  # noqa: E402
from terminals import Terminals  # noqa: E402


LOCK = threading.Lock()  # they all say port 8000


def blocks(language):
    return blocks_of((SDK / language / "README.md").read_text(encoding="utf-8"))


def files_of(language, kind):
    return [(block.file, block.text) for block in blocks(language) if block.language == kind]


def read(binary, folder, language, follows, says, answers):
    """`follows`: the last line of the program that follows a query; `says` what it prints in the end; `answers`: the
    last line of the bot."""
    folder = pathlib.Path(folder)
    with LOCK, Terminals(binary, folder / "project", make_modules(folder), make_go_module(folder)) as terminals:
        following = None
        for block in blocks(language):
            script = block.text.strip()
            if block.file:
                terminals.write(block.file, block.text)
            elif block.language != "sh":
                continue
            elif script == "tidemill serve --dev":
                terminals.serve(block.text)
            elif script.endswith(follows):
                following = terminals.start(block.text)
                following.wait_for("live", "it follows the query", 120)
            elif script.endswith(answers):
                terminals.start(block.text).wait_for("answered", "the bot answers", 120)
            else:
                eventually(lambda text=block.text: terminals.try_run(text), "what was just saved is served")
                following.wait_for(says, f"it says {says}")
        check(following and says in following.printed(), "it followed the query")


def make_modules(folder):
    modules = folder / "node_modules"
    modules.mkdir()
    for each in (SDK / "typescript/node_modules").iterdir():
        (modules / each.name).symlink_to(each)
    (modules / "tidemill").symlink_to(SDK / "typescript")
    (folder / "project").mkdir()
    return modules


def make_go_module(folder):
    """As `go mod edit` and `go mod tidy` make it."""
    module = folder / "module"
    module.mkdir()
    (module / "go.mod").write_text("module example\n\ngo 1.25.0\n\nrequire tidemill/sdk/go v0.1.0\n\n"
                                   f"replace tidemill/sdk/go => {SDK}/go\n", encoding="utf-8")
    (module / "go.sum").write_bytes((SDK / "go/go.sum").read_bytes())
    return module


def test_typescript(binary, folder):
    """that of TypeScript"""
    read(binary, folder, "typescript", "node follow.mjs", "live 2: 30, 1: 10", "node bot.mjs")


def test_python(binary, folder):
    """that of Python"""
    read(binary, folder, "python", "python follow.py", "live 2: 30, 1: 10", "python bot.py")


def test_go(binary, folder):
    """that of Go"""
    read(binary, folder, "go", "go run ./follow", "live 2: 30 1: 10", "go run ./bot")
