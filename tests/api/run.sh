#!/usr/bin/env bash
# Runs api_test.py against the given server binary: tests/api/run.sh build/dev/src/tidemill
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "$1")
venv="$here/../../.tools/api-venv"

if ! cmp -s "$here/requirements.txt" "$venv/installed"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed"
fi

log=$(mktemp)
"$binary" serve --config "$here/config.toml" 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -f "$log"' EXIT

# The port is any free one; the log names it.
address=""
for _ in $(seq 200); do
  address=$(sed -n 's/.*server\.listening.*address="\{0,1\}\([0-9.:]*\).*/\1/p' "$log" | head -1)
  [ -n "$address" ] && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.05
done
[ -n "$address" ] || { echo "the server did not start:" >&2; cat "$log" >&2; exit 1; }

"$venv/bin/python" "$here/api_test.py" --url "http://$address" --api-key api_key
