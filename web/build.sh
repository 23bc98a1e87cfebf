#!/usr/bin/env bash
# Builds the demo page and the page of the documentation: web/build.sh [DEMO DOCS], web/demo/dist and web/docs/dist
# unless given. The results are committed, because building the server needs no Node.
set -euo pipefail
web=$(cd "$(dirname "$0")" && pwd)
target=$(realpath -m "${1:-$web/demo/dist}")
docs=$(realpath -m "${2:-$web/docs/dist}")
source "$web/../tests/lib/toolchain.sh"
need_node
cd "$web"
need_packages .

npx tsc
mkdir -p "$target"
banner='/* Includes centrifuge-js, (c) Centrifugal Labs LTD, MIT license. */'
npx esbuild demo/src/main.ts --bundle --minify --format=iife --target=es2022 --charset=utf8 \
  --legal-comments=none --banner:js="$banner" --outfile="$target/demo.js" --log-level=warning
npx esbuild demo/src/demo.css --minify --target=chrome120,firefox120,safari17 --outfile="$target/demo.css" \
  --log-level=warning
cp demo/src/index.html "$target/index.html"
node docs/build.mjs "$docs"

bytes=$(gzip -9nc "$target/demo.js" | wc -c) # as it travels
[ "$bytes" -le 32768 ] || { echo "demo.js has $bytes bytes compressed; 32 KiB must do" >&2; exit 1; }
