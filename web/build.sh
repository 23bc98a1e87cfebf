#!/usr/bin/env bash
# Builds the demo page, the page of the documentation, that of SQL endpoints, the console, the chat and the dashboards:
# web/build.sh [DEMO DOCS SQL CONSOLE CHAT DASH], web/*/dist unless given. The results are committed, because building the server needs no Node.
set -euo pipefail
web=$(cd "$(dirname "$0")" && pwd)
target=$(realpath -m "${1:-$web/demo/dist}")
docs=$(realpath -m "${2:-$web/docs/dist}")
sql=$(realpath -m "${3:-$web/sql/dist}")
console=$(realpath -m "${4:-$web/console/dist}")
chat=$(realpath -m "${5:-$web/chat/dist}")
dash=$(realpath -m "${6:-$web/dash/dist}")
source "$web/../tests/lib/toolchain.sh"
need_node
cd "$web"
need_packages .

npx tsc
mkdir -p "$target" "$sql" "$console" "$chat" "$dash"
banner='/* Includes centrifuge-js, (c) Centrifugal Labs LTD, MIT license. */'
npx esbuild demo/src/main.ts --bundle --minify --format=iife --target=es2022 --charset=utf8 \
  --legal-comments=none --banner:js="$banner" --outfile="$target/demo.js" --log-level=warning
npx esbuild demo/src/demo.css --minify --target=chrome120,firefox120,safari17 --outfile="$target/demo.css" \
  --log-level=warning
cp demo/src/index.html "$target/index.html"
node docs/build.mjs "$docs"
npx esbuild sql/src/main.ts --bundle --minify --format=iife --target=es2022 --charset=utf8 --outfile="$sql/docs.js" \
  --log-level=warning
npx esbuild sql/src/docs.css --minify --target=chrome120,firefox120,safari17 --outfile="$sql/docs.css" --log-level=warning
cp sql/src/index.html "$sql/index.html"
banner='/* Includes Preact and its signals, (c) Jason Miller and the Preact team; uPlot, (c) Leon Sorokin: MIT license. */'
npx esbuild console/src/main.tsx --bundle --minify --format=iife --target=es2022 --charset=utf8 \
  --jsx=automatic --jsx-import-source=preact --legal-comments=none --banner:js="$banner" \
  --outfile="$console/console.js" --log-level=warning
npx esbuild console/src/console.css --bundle --minify --target=chrome120,firefox120,safari17 \
  --outfile="$console/console.css" --log-level=warning
cp console/src/index.html "$console/index.html"
banner='/* Includes Preact and its signals, (c) Jason Miller and the Preact team; centrifuge-js, (c) Centrifugal Labs LTD;
marked, (c) Christopher Jeffrey and contributors: MIT license. DOMPurify, (c) Cure53 and contributors: Apache license 2.0. */'
npx esbuild chat/src/main.tsx --bundle --minify --format=iife --target=es2022 --charset=utf8 \
  --jsx=automatic --jsx-import-source=preact --legal-comments=none --banner:js="$banner" \
  --outfile="$chat/chat.js" --log-level=warning
npx esbuild chat/src/chat.css --bundle --minify --target=chrome120,firefox120,safari17 \
  --outfile="$chat/chat.css" --log-level=warning
cp chat/src/index.html "$chat/index.html"
node chat/emoji.mjs "$chat/emoji.json"
banner='/* Includes Preact and its signals, (c) Jason Miller and the Preact team; uPlot, (c) Leon Sorokin; centrifuge-js,
(c) Centrifugal Labs LTD: MIT license. */'
npx esbuild dash/src/main.tsx --bundle --minify --format=iife --target=es2022 --charset=utf8 \
  --jsx=automatic --jsx-import-source=preact --legal-comments=none --banner:js="$banner" \
  --outfile="$dash/dash.js" --log-level=warning
npx esbuild dash/src/dash.css --bundle --minify --target=chrome120,firefox120,safari17 \
  --outfile="$dash/dash.css" --log-level=warning
cp dash/src/index.html "$dash/index.html"

# fits NAME BYTES FILE...: as they travel.
fits() {
  local bytes
  bytes=$(cat "${@:3}" | gzip -9nc | wc -c)
  [ "$bytes" -le "$2" ] || { echo "$1 has $bytes bytes compressed; $2 must do" >&2; exit 1; }
}
fits demo.js 32768 "$target/demo.js"
fits "the page of SQL endpoints" 16384 "$sql"/*
fits "the console" 112640 "$console"/*
fits "the first load of the chat" 133120 "$chat"/index.html "$chat"/chat.js "$chat"/chat.css
fits "the dashboards" 92160 "$dash"/*
