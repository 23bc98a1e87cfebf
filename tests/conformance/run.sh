#!/usr/bin/env bash
# RFC 6455 and 7692 case by case, against websocket_echo beside the given server binary:
#   tests/conformance/run.sh build/dev/src/tidemill [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$@"
