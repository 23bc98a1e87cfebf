"""publish CHANNEL -: each line of standard input."""
import json
import subprocess

from assertions import WAIT_SECONDS, check, equal, eventually
from node import OPEN, Node, run_command

KEEPS = OPEN + """
history_size = 20000
history_ttl = "1m"
allow_history_for_client = true
"""


def publish(binary, node, text, *arguments, channel="news"):
    return run_command(binary, "publish", channel, "-", "--url", node.http, "--key", "secret", *arguments, stdin=text,
                       seconds=60)


def kept(node):
    return [each["data"] for each in node.api("history", {"channel": "news", "limit": -1})["publications"]]


def test_many(binary, folder):
    """10,000 lines come whole and in their order, and are counted"""
    with Node(binary, folder, KEEPS) as node:
        code, out, error = publish(binary, node, "".join(f"{n}\n" for n in range(10000)))
        equal((code, out, error), (0, "published 10000 lines\n", ""))
        equal(kept(node), list(range(10000)))
        equal(publish(binary, node, "")[:2], (0, "published 0 lines\n"))


def test_bad_lines(binary, folder):
    """a bad line is named with its number, the others are published, the exit code is 1"""
    deep, too_deep = ("[" * levels + "]" * levels for levels in (62, 64))  # 62 are too deep for a batch only
    with Node(binary, folder, KEEPS) as node:
        code, out, error = publish(binary, node, f'1\n\n{{"n":\n3\r\nhello\n{too_deep}\n{deep}\n"last"')
        equal((code, out), (1, "published 4 lines, 3 not\n"))
        for line, text in zip(error.splitlines(), ("line 3: not JSON: ", "line 5: not JSON: ", "line 6: ")):
            check(line.startswith(f"tidemill: {text}"), error)
        equal(kept(node), [1, 3, json.loads(deep), "last"])
        code, out, error = publish(binary, node, "1\n2\n", channel="nons:x")
        equal((code, out), (1, "published 0 lines, 2 not\n"))
        check("line 1: refused with error 102" in error and "line 2: " in error, error)
        code, out, error = publish(binary, node, "x\n" * 100)
        equal((code, len(error.splitlines())), (1, 21))
        check("and 80 more lines" in error, error)


def test_small_limit(binary, folder):
    """where the server takes short requests only, lines go in more of them; the line that is too long is named"""
    with Node(binary, folder, KEEPS + "[http_server]\nmax_request_body_bytes = 1024\n") as node:
        lines = [*range(200), "x" * 2000, *range(200)]
        code, out, error = publish(binary, node, "\n".join(map(json.dumps, lines)))
        equal((code, out), (1, "published 400 lines, 1 not\n"))
        check("line 201: " in error and "max_request_body_bytes" in error, error)
        equal(kept(node), [*range(200), *range(200)])


def test_json(binary, folder):
    """--json says of each line what became of it"""
    with Node(binary, folder, KEEPS) as node:
        code, out, error = publish(binary, node, "1\nx\n3\n", "--json", "--sequential")
        first, second, third = map(json.loads, out.splitlines())
        equal((code, error), (1, "tidemill: published 2 lines, 1 not\n"))
        equal((first["line"], first["result"]["offset"], third["line"], third["result"]["offset"]), (1, 1, 3, 2))
        equal((second["line"], second["error"][:9]), (2, "not JSON:"))


def test_as_they_come(binary, folder):
    """a line is published before the next one is there; a server that goes away ends it, with the lines in doubt"""
    with Node(binary, folder, KEEPS) as node:
        command = [binary, "publish", "news", "-", "--url", node.http, "--key", "secret"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            for n in range(3):
                process.stdin.write(f"{n}\n".encode())
                process.stdin.flush()
                eventually(lambda count=n + 1: len(kept(node)) == count, "the line is published")
            node.stop()
            out, error = process.communicate(b"3\n4\n", timeout=WAIT_SECONDS)
            equal((process.returncode, out), (1, b"published 3 lines, 0 not, and stopped before the end\n"))
            check(b"lines 4 to 5 are published or not: " in error, error)


def test_wrong_key(binary, folder):
    """a key that the server refuses ends it at once"""
    with Node(binary, folder, KEEPS) as node:
        code, out, error = publish(binary, node, "1\n2\n", "--key=wrong")
        equal((code, out), (2, ""))
        check("given twice" in error, error)
        code, out, error = run_command(binary, "publish", "news", "-", "--url", node.http, "--key=wrong", stdin="1\n2\n")
        equal((code, out), (1, "published 0 lines, 0 not, and stopped before the end\n"))
        check("refused the API key" in error, error)
