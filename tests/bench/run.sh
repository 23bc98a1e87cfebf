#!/usr/bin/env bash
# The benchmarks' own rules, and a second of a witness beside a neighbour, with the given server binary and the load
# generator built with it:
#   tests/bench/run.sh build/dev/src/tidemill [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH=$here/../../bench${PYTHONPATH:+:$PYTHONPATH}
exec python3 "$here/../lib/runner.py" "$here" "$@"
