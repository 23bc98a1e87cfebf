#!/usr/bin/env bash
# Workers without an SDK: webhooks, checked by the official libraries of Standard Webhooks, and commands:
#   tests/jobs_workers/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here"
need_venv jobs_workers -r "$here/requirements.txt"
exec "$VENV/bin/python" "$here/../lib/runner.py" "$here" "$1" "${@:2}"
