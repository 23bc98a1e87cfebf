"""docs/formats/rest.md tells the truth: its examples, sent in their order to a server of its files."""
import pathlib
import re

from assertions import check, equal
from serving import Served, sqlite_options

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/formats/rest.md"
BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(kind):
    return [(name, text) for found, name, text in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8")) if found == kind]


def message(lines):
    """The first line, the headers, and what is left behind the empty line."""
    first, headers = lines.pop(0), {}
    while lines and lines[0]:
        name, value = lines.pop(0).split(": ", 1)
        headers[name.lower()] = value
    return first, headers, lines[1:]


def exchange(text):
    request, headers, rest = message(text.rstrip("\n").split("\n"))
    at = next(i for i, line in enumerate(rest) if line.startswith("HTTP/1.1 "))
    status, wanted, body = message(rest[at:])
    return request, headers, "\n".join(rest[:at]).strip() or None, int(status.split()[1]), wanted, "\n".join(body)


def test_examples(binary, folder):
    """Every request of the document is answered as it says"""
    files = dict(blocks("sql"))
    check(len(files) >= 4 and len(blocks("http")) >= 8, "the document has its examples")
    with Served(binary, folder, files, sqlite_options(folder)) as served:
        for _, text in blocks("http"):
            request, headers, sent, status, wanted, body = exchange(text)
            method, path = request.split()
            got_status, got_headers, got = served.ask(method, path, sent, headers)
            where = f"{request}: {got_status} {got_headers} {got}"
            check(got_status == status, where)
            equal(got.decode().replace("\r\n", "\n").rstrip("\n"), body)
            for name, value in wanted.items():
                check(got_headers.get(name) == value, f"{name} of {where}")
