#!/usr/bin/env python3
"""Recorded dialogues, malformed input with its exact answer, and much more of it at random.

tests/bad_input/run.sh BINARY. SEED=N repeats a random run.
"""
import pathlib
import sys

import enumeration
import golden
import random_run
import table
from server import Server, Tally

HERE = pathlib.Path(__file__).parent


def main():
    binary = sys.argv[1]
    tally = Tally()
    with Server(binary, "--config", str(HERE / "golden.toml")) as server:
        golden.run(server, tally)
        table.run(server, tally)
        enumeration.run(server, tally)
    with Server(binary, "--config", str(HERE / "random.toml")) as server:
        random_run.run(server, tally)
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
