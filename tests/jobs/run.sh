#!/usr/bin/env bash
# Background jobs through Faktory's protocol: its official clients, unmodified, and our own reading of it:
#   tests/jobs/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
# Under a sanitizer: what a server does with what it is sent.
[ -z "${SANITIZED:-}" ] || exec python3 "$here/../lib/runner.py" "$here" "$1" transcript: hostile: crashes: stopping: "${@:2}"
need_node
need_packages "$here"
need_venv jobs -r "$here/requirements.txt"
"$VENV/bin/python" "$here/../lib/runner.py" "$here" "$1" "${@:2}"
[ $# -eq 1 ] || exit 0
# Minutes to compile: only where that was done before.
if [ -f "$TOOLS/rust/installed" ]; then
  exec "$here/rust.sh" "$1"
fi
echo "tests/jobs: NOT RUN: the tests of the crate faktory; tests/jobs/rust.sh compiles and runs them"
