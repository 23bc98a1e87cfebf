"""What a newcomer copies, word by word: the README's code, and what `serve --dev` prints."""
import pathlib
import tempfile

import blocks
from assertions import check, equal, eventually
from terminals import Terminals

README = pathlib.Path(__file__).parents[2] / "README.md"


def heard(listener, say, text):
    """Repeats what is said until it has come: the listener may still be connecting."""
    def came():
        say()
        listener.check_runs()
        return text in listener.printed()
    try:
        eventually(came, f"{text!r} has come")
    except AssertionError as error:
        raise AssertionError(f"{error}; it said: {listener.said()}") from error


def copy(terminals, block, listeners):
    """One block of the README. What goes on, goes on; who listens hears what is published."""
    last = block.splitlines()[-1]
    if block.startswith("import {"):
        listeners.append(terminals.javascript(block))
        for listener in listeners:
            heard(listener, lambda: terminals.run("tidemill publish demo:chat '\"again\"'"), "again")
    elif last.startswith("tidemill serve"):
        terminals.end_all()
        listeners.clear()
        terminals.serve(block)
    elif last.startswith("tidemill tail"):
        listeners.append(terminals.tail(block, last.split()[2]))
    elif last.startswith("tidemill publish"):
        check(listeners, "nobody listens")
        for listener in listeners:
            heard(listener, lambda: terminals.run(block), "Hello")
    elif "/rest" in block:
        eventually(lambda: terminals.try_run(block), "the endpoints are served")
    else:
        terminals.run(block)


def test_readme(binary, folder):
    """each block of README.md does what it says, in order"""
    listeners, copied = [], 0
    with Terminals(binary, folder) as terminals:
        for block in blocks.of_markdown(README.read_text(encoding="utf-8")):
            if "./dev run" in block:
                terminals.serve("tidemill serve --dev")
            if block := blocks.without_dev(block):
                copy(terminals, block, listeners)
                copied += 1
    check(copied >= 6, f"{copied} blocks only")


def cases_banner(binary):
    """What `serve --dev` prints, with these options."""
    for options in ("", " --port 9000", " --config tidemill.toml"):
        def case(options=options):
            with tempfile.TemporaryDirectory() as folder:
                copy_banner(binary, pathlib.Path(folder), options)
        yield f"serve --dev{options}: each snippet runs as printed", case


def copy_banner(binary, folder, options):
    with Terminals(binary, folder) as terminals:
        terminals.run("tidemill init")
        server = terminals.serve("tidemill serve --dev" + options)
        server.wait_for("Ctrl-C stops", "the server has said all")
        code = blocks.of_banner(server.printed())
        equal(list(code), ["JavaScript", "Python", "curl", "Jobs", "A"])
        address, push, work = code["Jobs"].splitlines()
        terminals.run(f"{address}\n{push}")
        terminals.start(f"{address}\n{work}").wait_for("Hello Ada", "the job is done")
        tail, publish = code["A"].splitlines()
        listeners = [terminals.javascript(code["JavaScript"]), terminals.tail(tail, "demo:chat")]
        for listener in listeners:
            heard(listener, lambda: terminals.python(code["Python"]), "Hello from Python")
            heard(listener, lambda: terminals.run(code["curl"]), "Hello from curl")
            heard(listener, lambda: terminals.run(publish), "Hello from a terminal")
