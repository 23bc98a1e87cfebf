"""The guide: each page's code runs as printed, and each link leads somewhere."""
import pathlib
import re
import tempfile

from assertions import check, eventually
from literate import blocks_of
from readme import heard
from terminals import Terminals

ROOT = pathlib.Path(__file__).parents[2]
GUIDE = ROOT / "docs/guide"
# How the page says that a program is at work, and what it prints of what is published.
RUNNING = {"tidemill jobs work --queue reports -- python3 report.py": "takes jobs of reports",
           "node backend.mjs": "http://localhost:3000", "node service.mjs": "http://localhost:3000",
           "python3 service.py": "http://localhost:3001", "node follow.mjs": "following news:front",
           "python follow.py": "following orders:new", "go run ./follow": "following prices:tea"}
LINK = re.compile(r"\]\(([^)#\s]+)?(#[^)\s]*)?\)")


class Reader:
    """Somebody who does what a page says, from top to bottom."""

    def __init__(self, terminals):
        self._terminals = terminals
        self.listeners, self.ran = [], 0
        self.said = ""  # the last script that has ended

    def do(self, block):
        if block.file and block.language != "sh":
            self._terminals.write(block.file, block.text)
        elif block.language == "sh":
            self.ran += 1
            self._run(block.text)

    def _run(self, script):
        last = script.splitlines()[-1]
        if last.startswith("tidemill serve"):
            self._terminals.serve(script)
        elif last.startswith("tidemill tail"):
            self.listeners.append(self._terminals.tail(script, last.split()[2]))
        elif "/rest" in script:
            eventually(lambda: self._terminals.try_run(script), "files that were just saved are served")
        elif last in RUNNING:
            program = self._terminals.start(script)
            program.wait_for(RUNNING[last], f"{last} is at work", 120)
            self.listeners.append(program)
        else:
            self._terminals.run(script)
            self.said = script


def cases_pages(binary):
    """Each page, its code word by word."""
    said = {"quick-start": "Hello from curl", "javascript": "Hello from the backend", "python": "order 1001",
            "go": "price", "sql-apis": "", "webhooks-workers": "", "proxies": ""}
    for name, text in said.items():
        def case(name=name, text=text):
            with tempfile.TemporaryDirectory() as folder:
                read(binary, pathlib.Path(folder), name, text)
        yield f"docs/guide/{name}.md runs as printed", case


def read(binary, folder, name, text):
    blocks = blocks_of((GUIDE / f"{name}.md").read_text(encoding="utf-8"))
    with Terminals(binary, folder) as terminals:
        reader = Reader(terminals)
        for block in blocks:
            reader.do(block)
        check(reader.ran >= 4, f"{reader.ran} blocks only")
        if text:
            heard(reader.listeners[-1], lambda: terminals.run(reader.said), text)


def anchors_of(path):
    heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for path, anchor in LINK.findall(text):
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield path
        elif anchor and anchor[1:] not in anchors_of(target):
            yield path + anchor


def test_links():
    """each link between the project's pages leads somewhere"""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [f"{page.relative_to(ROOT)}: {link}" for page in pages for link in broken_links(page)]
    check(len(pages) > 20 and not broken, "\n".join(broken))
