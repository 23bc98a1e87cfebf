"""What the benchmarks of stores, of SQL and of jobs have in common: their options, and what becomes of the results."""
import argparse
import json
import pathlib

from run import ROOT


def parser_of(name, about, quick, rounds=5, timed=True):
    """Of ./dev bench NAME. `quick`: what its --quick does; `timed`: each measure has a length."""
    parser = argparse.ArgumentParser(prog=f"./dev bench {name}", description=about.split("\n", maxsplit=1)[0])
    if timed:
        parser.add_argument("--seconds", type=float, default=3, help="length of each measure (3)")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"in which all take turns ({rounds})")
    parser.add_argument("--quick", action="store_true", help=f"one round of {quick}: a first impression")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="build folder")
    parser.add_argument("--docs", action="store_true", help=f"write docs/benchmarks-{name}.md")
    parser.add_argument("--from", dest="source", type=pathlib.Path, metavar="FILE",
                        help="measure nothing: print the tables of a file of bench/results/")
    return parser


def run_bench(parse_arguments, measured, report):
    """Measures, or reads what was measured; prints the report, and writes it into the docs. `measured` gives None if the
    arguments asked for something else."""
    arguments = parse_arguments()
    results = json.loads(arguments.source.read_text()) if arguments.source else measured(arguments)
    if results is None:
        return
    print(report.text(results))
    if arguments.docs:
        report.write(results)
