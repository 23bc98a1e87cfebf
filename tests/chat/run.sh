#!/usr/bin/env bash
# Chat over REST, rpc and channels, with the official JavaScript client, on SQLite and PostgreSQL.
#   tests/chat/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here"
exec python3 "$here/../lib/runner.py" "$here" "$1" "${@:2}"
