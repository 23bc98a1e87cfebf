#!/usr/bin/env python3
"""The shape of the code in figures: files, lines, functions, slowest file to compile.

    tests/lint/report.py [CHECKOUT]

The time to compile comes from a dev build, where one is there (build/dev/compile_times.csv).
"""
import csv
import pathlib
import re
import statistics
import sys


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def functions(lines):
    """(lines, first line) of what runs from a '{' that ends an unindented line to the next unindented '}'."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"^[A-Za-z~].*\)[^;]*\{$", line) and not line.startswith("namespace"):
            start = number
        elif start is not None and line.startswith("}"):
            yield number - start + 1, start
            start = None


def is_production(path):
    return not path.name.endswith("_test.cc") and "testing" not in path.parts


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    files = [p for p in (root / "src").rglob("*") if p.suffix in (".h", ".cc") and is_production(p)]
    texts = {path: path.read_text().splitlines() for path in files}
    lengths = [len(lines) for lines in texts.values()]
    longest_file = max(texts, key=lambda p: len(texts[p]))
    found = [(length, path, line) for path, lines in texts.items() for length, line in functions(lines)]
    longest = max(found, key=lambda f: f[0])
    sizes = [f[0] for f in found]
    print(f"files      {len(files)}: median {statistics.median(lengths):.0f} lines, p90 {percentile(lengths, 0.9)},"
          f" longest {max(lengths)} ({longest_file.relative_to(root)})")
    print(f"functions  {len(found)}: median {statistics.median(sizes):.0f} lines, p90 {percentile(sizes, 0.9)},"
          f" longest {longest[0]} ({longest[1].relative_to(root)}:{longest[2]})")
    times = root / "build/dev/compile_times.csv"
    if times.exists():
        newest = {row[1]: int(row[3]) / 1e6 for row in csv.reader(times.open()) if len(row) > 3}
        slowest = sorted(newest.items(), key=lambda item: -item[1])[:3]
        print("slowest    " + ", ".join(f"{pathlib.Path(n).name} {t:.1f} s" for n, t in slowest))


if __name__ == "__main__":
    main()
