#!/usr/bin/env bash
# The HTTP API of the given server binary: tests/api/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_venv api -r "$here/requirements.txt"
exec "$VENV/bin/python" "$here/../lib/runner.py" "$here" "$@"
