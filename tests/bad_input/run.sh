#!/usr/bin/env bash
# Recorded dialogues and malformed input against the given server binary: tests/bad_input/run.sh BINARY
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH="$here/../lib" exec python3 "$here/bad_input.py" "$(realpath "$1")"
