#!/usr/bin/env bash
# Requests that a lenient server would read differently from its neighbour, against the given server binary:
#   tests/http/run.sh build/dev/src/tidemill
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/server.py" "$(realpath "$1")" --http_api.key=secret --http_server.headers_timeout=1s -- \
  python3 "$here/smuggling.py"
