#!/usr/bin/env bash
# Live queries: every subscriber, with the official JavaScript client, has what a SELECT gives, whoever writes.
#   tests/live/run.sh build/dev/src/tidemill [WORD…]
# LIVE_LONG=1: with a hundred thousand commits, before a release.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here"
exec python3 "$here/../lib/runner.py" "$here" "$1" "${@:2}"
