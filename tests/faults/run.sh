#!/usr/bin/env bash
# Nodes and Redis under faults, with a checker of what everybody saw: tests/faults/run.sh BINARY [--seed N] [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$@" --jobs 3
