#!/usr/bin/env bash
# HTTP/1.1 over raw sockets: requests that a lenient server would read differently from its neighbour, and what strangers
# may make the server keep, against the given server binary:
#   tests/http/run.sh build/dev/src/tidemill [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$@"
