#!/usr/bin/env bash
# The page of the chat in Chromium against the given server binary: tests/browser_chat/run.sh build/dev/src/tidemill
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here/../browser"
exec python3 "$here/../lib/runner.py" "$here" "$1"
