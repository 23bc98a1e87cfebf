#!/usr/bin/env bash
# The pages in Chromium, but for the chat's, against the given server binary: tests/browser/run.sh build/dev/src/tidemill
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here"
exec python3 "$here/../lib/runner.py" "$here" "$1"
