#!/usr/bin/env bash
# How the given server binary is configured, watched, reloaded, overloaded and stopped:
#   tests/operations/run.sh BINARY [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$@"
