#!/usr/bin/env bash
# Nodes and Redis under faults, with a checker of what everybody saw: tests/faults/run.sh BINARY [--seed N] [NAME…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH="$here/../lib" exec python3 "$here/faults.py" "$(realpath "$1")" "${@:2}"
