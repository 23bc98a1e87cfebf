#!/usr/bin/env bash
# The demo page in Chromium against the given server binary: tests/browser/run.sh build/dev/src/tidemill
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "$1")
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here"
mkdir -p "$here/../../build/browser"
exec node "$here/demo_page.js" "$binary" "$here/../../build/browser"
