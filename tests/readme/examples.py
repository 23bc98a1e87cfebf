"""The examples in the help of each command: they run as printed."""
import re

from assertions import check
from terminals import Terminals

TOKEN = 'export TOKEN="$(tidemill token create --user 42 --config tidemill.toml)"\n'

# What the examples of a command are about.
MADE = "echo '{\"jid\":\"QcFLwPsYLWuCbrJHmAkTxzyv\",\"jobtype\":\"email\",\"args\":[]}' | tidemill jobs push -\n"
JOBS = "echo '{\"jobtype\":\"email\",\"args\":[]}' > jobs.ndjson\n"
NODES = "echo '{\"name\":\"a\",\"job\":{\"jobtype\":\"email\",\"args\":[]}}' > nodes.ndjson\n"
NIGHTLY = "tidemill jobs cron add nightly '30 3 * * *' report\n"
MAKES_FIRST = {"tidemill jobs show": MADE, "tidemill jobs kill": MADE,  # the one before it takes the job back
               "tidemill jobs batch-push": JOBS, "tidemill jobs workflow-push": NODES,
               "tidemill jobs cron show": NIGHTLY, "tidemill jobs cron pause": NIGHTLY}
# What the examples of a command are about, and nobody has made: it says so.
REFUSED = {"tidemill jobs batch": "No such batch", "tidemill jobs skip": "no sequence account-7",
           "tidemill jobs quiet": "there is no such worker", "tidemill jobs enable": "the queue mail has no endpoint",
           "tidemill live": "`tidemill queries list` shows the endpoints",
           **{f"tidemill accounts {name}": "there is no such user" for name in ("role", "console", "disable", "enable", "reset")}}
GO_ON = {"tidemill jobs work": "takes jobs of", "tidemill jobs top": "enqueued ", "tidemill top": "connections "}  # and what they say


def commands(terminals, path="tidemill"):
    """What has examples, as it is called, with its examples, in the order of the help."""
    text = terminals.run(f"{path} --help")
    _, found, parts = text.partition("\nSubcommands:\n")
    if not found:
        examples = text.partition("\nExamples:\n")[2].partition("\n\n")[0].splitlines()
        check(examples, f"{path} has no example")
        yield path, [line.removeprefix("  ") for line in examples]
    for name in re.findall(r"^  ([a-z-]+) ", parts.partition("\n\n")[0], re.MULTILINE):
        yield from commands(terminals, f"{path} {name}")


def try_example(terminals, path, line):
    if path.startswith(("tidemill queries", "tidemill migrate")):
        line = f"cd shop && {line}"  # which the example of `tidemill new sql` has made
    if path in GO_ON and "--once" not in line:
        terminals.start(line).wait_for(GO_ON[path], "it works")
    elif path in REFUSED:
        said = terminals.run(f"! {line} 2>&1")
        check(REFUSED[path] in said, said)
    elif path == "tidemill tail":
        terminals.tail(line, line.split()[2])
    else:
        terminals.run(TOKEN + line if "$TOKEN" in line else line)


def test_examples(binary, folder):
    """each example of each command runs as printed, beside serve --dev and what init wrote"""
    with Terminals(binary, folder) as terminals:
        examples = dict(commands(terminals))
        check(len(examples) > 20, examples)
        # What makes the configuration, and what wants the port for itself.
        for path in ("tidemill init", "tidemill doctor", "tidemill schema apply"):
            for line in examples.pop(path):
                try_example(terminals, path, line)
        for line in examples.pop("tidemill serve"):
            terminals.serve(line)
            terminals.end_all()
        terminals.serve("tidemill serve --dev --config tidemill.toml")
        for path, lines in examples.items():
            if path in MAKES_FIRST:
                terminals.run(MAKES_FIRST[path])
            for line in lines:
                check(line.startswith(path) or "tidemill" in line, line)
                try_example(terminals, path, line)
