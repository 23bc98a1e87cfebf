#!/usr/bin/env bash
# Background jobs over the HTTP API and the command line, and the code of the guide:
#   tests/jobs_api/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
# Under a sanitizer: what a server does with what it is sent.
[ -z "${SANITIZED:-}" ] || exec python3 "$here/../lib/runner.py" "$here" "$1" working: producing: looking: "${@:2}"
need_node
need_packages "$here/../jobs"
need_venv jobs -r "$here/../jobs/requirements.txt"
exec "$VENV/bin/python" "$here/../lib/runner.py" "$here" "$@"
