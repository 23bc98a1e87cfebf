#!/usr/bin/env python3
"""The style guide as a test: layers, sizes, headers, and documents that name real files.

Run from anywhere: python3 tests/lint/lint.py. Prints one line per finding, and a closing line.
"""
import collections
import pathlib
import re
import subprocess
import sys

import metrics_reference

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
LINE_CHARS_MAX = 110
HEAVY_IN_HEADERS = {"iostream", "regex", "future", "filesystem", "random"}
# Third-party headers, and the folders whose .cc files may include them.
PRIVATE_HEADERS = {
    "uv.h": {"net"},
    "openssl/": {"base", "net", "websocket", "redis", "postgres", "auth", "cli", "accounts", "jobs/job", "jobs/faktory", "jobs/webhooks", "queries/cache", "queries/files", "queries/idempotency", "realtime/polls"},
    "rapidjson/": {"base"},  # tests only
    "toml++/": {"config"},
    "protozero/": {"realtime/protocol"},  # tests only
    "re2/": {"realtime/channels"},
    "absl/time/": {"jobs/cron"},
    "sqlite3.h": {"sqlite"},
    "utf8proc.h": {"postgres"},
    "zlib.h": {"http", "websocket", "queries/answer"},
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


def check_named_like_header(path):
    """A source has its header's name, so that either is found by the other's."""
    named_otherwise = path.name == "main.cc" or path.name.endswith("_test.cc")
    if path.suffix == ".cc" and not named_otherwise and not path.with_suffix(".h").exists():
        report(path, 1, f"no {path.with_suffix('.h').name} beside it: a source has its header's name")


def check_task_scope_last(path, lines):
    """A TaskScope ends its tasks in its destructor, while all they use is still there: it is the last member."""
    for number, line in enumerate(lines, 1):
        member = re.match(r"^(\s+)(?:net::|tm::net::)?TaskScope (\w+_)(?:\{.*\}|\(.*\))?;", line)
        if not member:
            continue
        for later in lines[number:]:
            if re.match(rf"^.{{0,{len(member[1]) - 1}}}\}}", later):
                break  # the class ends
            if "TaskScope" in later:
                continue  # several may be last
            if re.match(rf"^{member[1]}[A-Za-z_:][^()]*\s[\w]+_?(?:\{{.*\}}| = .*)?;", later) and not re.match(
                    r"\s+(?:friend|using|static|return)\b", later):
                report(path, number, f"{member[2]} is not the last member of its class: {later.strip()}")
                break


def words_of(lines):
    """The code without comments and text."""
    return re.sub(r'//.*|"(?:[^"\\\n]|\\.)*"', "", "\n".join(l for l in lines if not l.startswith("#include")))


# What the precompiled header has, by what it is used for. A build with it does not notice that an include is missing.
PRECOMPILED = {
    "algorithm": r"std::(?:ranges::)?(?:sort|stable_sort|find_if|find_if_not|any_of|all_of|none_of|count_if|copy_n|"
                 r"max_element|min_element|lower_bound|upper_bound|nth_element|remove_if|transform|shuffle|reverse|"
                 r"min|max|clamp|equal|fill|copy|generate|rotate|unique)\s*\(",
    "cstdint": r"\bstd::u?int(?:8|16|32|64|ptr)_t\b",
    "functional": r"\bstd::(?:function|move_only_function|invoke\()",
    "map": r"\bstd::(?:map|multimap)<",
    "memory": r"\bstd::(?:unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared|enable_shared_from_this)\b",
    "optional": r"\bstd::(?:optional\b|nullopt\b|make_optional)",
    "string": r"\bstd::(?:string\b|to_string\()",
    "string_view": r"\bstd::string_view\b",
    "unordered_map": r"\bstd::unordered_map<",
    "utility": r"\bstd::(?:exchange|swap|pair|move|forward|in_place)\b",
    "variant": r"\bstd::(?:variant<|visit\(|get_if<|holds_alternative<|monostate\b)",
    "vector": r"\bstd::vector<",
}
# Standard headers that surely have what another is named for.
ALSO_IN = {
    "utility": {"algorithm", "map", "memory", "optional", "string", "unordered_map", "variant", "vector", "functional",
                "expected", "tuple", "array", "deque", "list", "set", "span", "string_view", "thread", "atomic"},
    "string_view": {"string", "filesystem", "charconv", "iostream", "sstream", "format"},
    "algorithm": {"functional"},
    "cstdint": {"chrono", "random", "atomic", "thread", "memory", "algorithm", "string", "functional"},
    "string": {"sstream", "iostream", "fstream", "filesystem", "system_error", "stdexcept"},
}


class Includes:
    """What a file includes, and what that includes, as far as it is the project's."""

    def __init__(self):
        self._known = {}

    def of(self, path):
        if path not in self._known:
            self._known[path] = set()  # a circle ends here
            names = re.findall(r'^#include ([<"][^>"]+)', path.read_text(), re.MULTILINE) if path.exists() else []
            found = {name[1:] for name in names if name[0] == "<"}
            for name in names:
                if name[0] == '"':
                    found |= self.of(SRC / name[1:])
            self._known[path] = found
        return self._known[path]


includes = Includes()


def check_names_what_it_uses(path, lines):
    """Whatever the precompiled header has must come from an include: the release build has no precompiled header."""
    code, included = words_of(lines), includes.of(path)
    for header, use in PRECOMPILED.items():
        if header not in included and not ALSO_IN.get(header, set()) & included and re.search(use, code):
            report(path, 1, f"uses {re.search(use, code)[0]}, but nothing it includes has <{header}>")


def check_tests_are_found(files):
    """A function of tests/ that nobody calls, and that is not named like a test, is a test that never runs."""
    texts = {path: path.read_text() for path in files}
    words = collections.Counter(re.findall(r"\w+", "\n".join(texts.values())))
    for path, text in texts.items():
        for match in re.finditer(r"^(@\w+.*\n)?(?:async )?def (\w+)", text, re.MULTILINE):
            decorated, name = match.groups()
            if words[name] == 1 and not decorated and not name.startswith(("test_", "cases_")):
                report(path, text[:match.start()].count("\n") + 1, f"{name} is neither a test nor used")


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


def check_metrics_reference():
    if not metrics_reference.is_current():
        report(metrics_reference.PAGE, 1, "not current: python3 tests/lint/metrics_reference.py --write")


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
            check_named_like_header(path)
            check_task_scope_last(path, lines)
            check_names_what_it_uses(path, lines)
    check_modules(order)
    check_documents()
    check_metrics_reference()
    check_tests_are_found([p for p in tracked("*.py") if ROOT / "tests" in p.parents and "lint" not in p.parts])
    for finding in findings:
        print(finding)
    print(f"{len(files) - len({f.split(':')[0] for f in findings})} passed, {len(findings)} failed")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
