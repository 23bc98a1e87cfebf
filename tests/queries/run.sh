#!/usr/bin/env bash
# Folders of .sql files: their migrations, the commands for them, and what a server makes of them.
#   tests/queries/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
# Under a sanitizer: what a server does with requests.
[ -z "${SANITIZED:-}" ] || exec python3 "$here/../lib/runner.py" "$here" "$1" answers: caching: claims_inside: living: random_requests: round_trip: postgrest_semantics: "${@:2}"
need_node
need_packages "$here"
need_venv schemathesis -r "$here/requirements.txt"
export SCHEMATHESIS="$VENV/bin/schemathesis"
exec python3 "$here/../lib/runner.py" "$here" "$1" "${@:2}"
