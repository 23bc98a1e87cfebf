#!/usr/bin/env bash
# Requests that a lenient server would read differently from its neighbour, against the given server binary:
#   tests/http/run.sh build/dev/src/tidemill [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$@"
