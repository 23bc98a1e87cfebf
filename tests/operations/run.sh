#!/usr/bin/env bash
# How the given server binary is configured, watched, reloaded, overloaded and stopped: tests/operations/run.sh BINARY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH="$here/../lib" exec python3 "$here/operations.py" "$(realpath "$1")" "${@:2}"
