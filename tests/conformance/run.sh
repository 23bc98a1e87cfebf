#!/usr/bin/env bash
# RFC 6455 and 7692 case by case, against the echo endpoints of the given server binary:
#   tests/conformance/run.sh build/dev/src/tidemill [--quick]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "$1")
shift
exec python3 "$here/../lib/server.py" "$binary" --websocket.echo_for_test=true \
  --websocket.message_size_limit=65536 --websocket.fragments_max=64 -- \
  bash -c "python3 '$here/websocket_conformance.py' \"ws://\$TIDEMILL_ADDRESS/echo\" \
    --limited-url \"ws://\$TIDEMILL_ADDRESS/limited\" $*"
