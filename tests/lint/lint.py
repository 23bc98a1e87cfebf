#!/usr/bin/env python3
"""The style guide as a test: layers, sizes, headers, and documents that name real files.

Run from anywhere: python3 tests/lint/lint.py. Prints one line per finding, and a closing line.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
LINE_CHARS_MAX = 110
HEAVY_IN_HEADERS = {"iostream", "regex", "future", "filesystem", "random"}
# Third-party headers, and the folders whose .cc files may include them.
PRIVATE_HEADERS = {
    "uv.h": {"net"},
    "openssl/": {"base", "net", "websocket", "redis", "auth", "cli"},
    "rapidjson/": {"base"},  # tests only
    "toml++/": {"config"},
    "protozero/": {"realtime/protocol"},  # tests only
    "re2/": {"realtime/channels"},
    "zlib.h": {"http", "websocket"},
}

findings = []


def report(path, line, text):
    findings.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def layers():
    names = [l.strip() for l in (SRC / "layers.txt").read_text().splitlines()]
    return [n for n in names if n and not n.startswith("#")]


def module_of(name, order):
    """The folder of layers.txt that a path below src/ lies in; None: in none."""
    return next((m for m in order if name.startswith(m + "/")), None)


def check_includes(path, lines, order):
    module = module_of(str(path.relative_to(SRC)), order)
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include ([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        quoted, name = match.group(1) == '"', match.group(2)
        if quoted:
            target = module_of(name, order)
            if target is None:
                report(path, number, f"{name}: project includes start with a folder of src/layers.txt")
            elif order.index(target) > order.index(module):
                report(path, number, f"{module} may not use {target} (src/layers.txt)")
        elif path.suffix == ".h" and name in HEAVY_IN_HEADERS:
            report(path, number, f"<{name}> is too heavy for a header")
        for private, modules in PRIVATE_HEADERS.items():
            if name.startswith(private) and (path.suffix == ".h" or module not in modules):
                report(path, number, f"{name} belongs into .cc files of {', '.join(sorted(modules))} only")


def check_own_header_first(path, lines):
    own = path.with_suffix(".h")
    if path.suffix != ".cc" or not own.exists():
        return
    first = next((l for l in lines if l.startswith("#include")), "")
    if first != f'#include "{own.relative_to(SRC)}"':
        report(path, 1, f"include {own.relative_to(SRC)} first")


def check_shape(path, lines):
    if len(lines) > FILE_LINES_MAX:
        report(path, len(lines), f"{len(lines)} lines; at most {FILE_LINES_MAX}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_CHARS_MAX:
            report(path, number, f"{len(line)} characters; at most {LINE_CHARS_MAX}")
        if re.match(r"\s*//.*[;{]\s*$", line) and not re.search(r"//.*[.:,]\s|//   ", line):
            report(path, number, "looks like commented-out code")
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            report(path, number, "unfinished: finish it or open an issue")
    if path.suffix == ".h" and not lines[0].startswith("// "):
        report(path, 1, "a header opens with what it is for")


def check_functions(path, lines):
    """A function is what runs from a '{' that ends an unindented line to the next unindented '}'."""
    if path.name.endswith("_test.cc") or "testing" in path.parts:
        return  # tables of cases
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"^[A-Za-z~].*\)[^;]*\{$", line) and not line.startswith("namespace"):
            start = number
        elif start is not None and line.startswith("}"):
            if number - start > FUNCTION_LINES_MAX:
                report(path, start, f"function of {number - start} lines; at most {FUNCTION_LINES_MAX}")
            start = None


def check_documents():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *SRC.glob("**/README.md")]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name in re.findall(r"`((?:src|tests|docs|bench|fuzz|web|cmake)/[\w./-]+)`", line):
                if not (ROOT / name).exists():
                    report(path, number, f"{name} does not exist")


def check_modules(order):
    for path in tracked("*.cc") + tracked("*.h"):
        if SRC in path.parents and module_of(str(path.relative_to(SRC)), order) is None:
            report(path, 1, "lies in no folder of src/layers.txt")
    for folder in order:
        if not (SRC / folder / "README.md").exists():
            report(SRC / folder / "README.md", 1, "missing: what the module is, key types, where to look first")


def tracked(pattern):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", pattern], cwd=ROOT, check=True,
                            capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


def main():
    order = layers()
    files = [p for pattern in ("*.h", "*.cc") for p in tracked(pattern)]
    for path in files:
        lines = path.read_text().splitlines()
        check_shape(path, lines)
        check_functions(path, lines)
        if SRC in path.parents:
            check_includes(path, lines, order)
            check_own_header_first(path, lines)
    check_modules(order)
    check_documents()
    for finding in findings:
        print(finding)
    print(f"{len(files) - len({f.split(':')[0] for f in findings})} passed, {len(findings)} failed")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
