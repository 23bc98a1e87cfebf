#!/usr/bin/env bash
# Recorded dialogues, malformed input with its exact answer, and much more of it at random, against the given server
# binary: tests/bad_input/run.sh BINARY [--seed N] [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$@"
