#!/usr/bin/env python3
"""What the people who run a server do with it, and what others do to it.

tests/operations/run.sh BINARY [WORD]: all tests, or those with the word in their names.
"""
import pathlib
import sys
import tempfile
import traceback

import command_line
import configuration
import limits
import listening
import observing
import reloading
import stopping
from server import Tally

MODULES = [configuration, command_line, listening, reloading, limits, stopping, observing]


def run(test, binary):
    """What went wrong, or None."""
    with tempfile.TemporaryDirectory(prefix="tidemill-") as folder:
        try:
            test(binary, pathlib.Path(folder))
        except Exception as error:  # of any kind: the other tests are to run
            place = traceback.extract_tb(error.__traceback__)[1]
            return f"{pathlib.Path(place.filename).name}:{place.lineno}: {error!r}"
    return None


def main():
    binary, wanted = sys.argv[1], "".join(sys.argv[2:3])
    tally = Tally()
    for module in MODULES:
        for test in module.TESTS:
            name = f"{module.__name__}: {test.__doc__}"
            if wanted in name:
                tally.record(name, run(test, binary))
    return tally.close()


if __name__ == "__main__":
    sys.exit(main())
