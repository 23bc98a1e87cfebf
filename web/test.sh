#!/usr/bin/env bash
# Tests the modules of the pages that need no browser: web/test.sh, in Node.
set -euo pipefail
web=$(cd "$(dirname "$0")" && pwd)
source "$web/../tests/lib/toolchain.sh"
need_node
cd "$web"
need_packages .
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
npx esbuild {chat,dash}/test/*_test.mjs --bundle --platform=node --format=esm --outbase=. --out-extension:.js=.mjs --outdir="$built" --log-level=warning
node --test --test-reporter=dot "$built"/*/test/*.mjs
