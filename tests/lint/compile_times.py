#!/usr/bin/env python3
"""Which sources take more than SECONDS_MAX of CPU to compile in the dev build: compile_times.py BUILD_FOLDER

The compiler writes what each compile took to compile-times.csv (-fproc-stat-report); what ccache had is not in it, and
was measured when it was compiled. A machine that does other things meanwhile makes compiles slower, so what was too
slow is compiled again, alone, and its best time counts. A slower machine than the one that SECONDS_MAX was chosen on is
given more, as much as it takes longer for compile_reference.cc.
"""
import csv
import json
import pathlib
import resource
import shlex
import subprocess
import sys

SECONDS_MAX = 3.0
TOLERANCE = 1.15  # for what else runs
ATTEMPTS = 3
REFERENCE = pathlib.Path(__file__).with_name("compile_reference.cc")
REFERENCE_SECONDS = 1.1  # where SECONDS_MAX was chosen
OBJECT = ".o"


def reported(build):
    """CPU seconds by object, the newest of each."""
    path = build / "compile-times.csv"
    if not path.exists():
        return {}
    with open(path, newline="", encoding="utf-8") as file:
        return {row[1]: int(row[3]) / 1e6 for row in csv.reader(file) if len(row) == 5 and row[1].endswith(OBJECT)}


def output_of(words):
    return words[words.index("-o") + 1]


def cpu_seconds(words, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def compiler_words(command):
    """The command without ccache, its reports and its object."""
    words = shlex.split(command)
    words = words[next(i for i, word in enumerate(words) if "clang" in pathlib.Path(word).name):]
    words[words.index("-o") + 1] = "/dev/null"
    return [word for word in words if not word.startswith("-fproc-stat-report") and word not in ("-MD",)]


def slowness(compiler):
    """How many times as long as where SECONDS_MAX was chosen a compile takes here; 1 on a faster machine."""
    words = [compiler, "-std=c++2b", "-g", "-fPIE", "-c", str(REFERENCE), "-o", "/dev/null"]
    return max(1.0, min(cpu_seconds(words, REFERENCE.parent) for _ in range(ATTEMPTS)) / REFERENCE_SECONDS)


def slow_files(build, times):
    """(seconds, source, limit) of what is too slow however often it is tried."""
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    commands = {output_of(shlex.split(entry["command"])): entry for entry in entries}
    seconds_max = None
    for output, seconds in sorted(times.items(), key=lambda each: -each[1]):
        entry = commands.get(output)
        if seconds <= SECONDS_MAX or entry is None:
            continue
        words = compiler_words(entry["command"])
        seconds_max = seconds_max or SECONDS_MAX * TOLERANCE * slowness(words[0])
        for _ in range(ATTEMPTS):
            seconds = min(seconds, cpu_seconds(words, entry["directory"]))
            if seconds <= seconds_max:
                break
        else:
            yield seconds, entry["file"], seconds_max


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    found = list(slow_files(build, reported(build)))
    for seconds, source, seconds_max in found:
        print(f"{source}: {seconds:.1f} s to compile; at most {seconds_max:.1f} on this machine")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
