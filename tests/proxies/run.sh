#!/usr/bin/env bash
# Proxies: a service that the server asks about its clients, over HTTP; one that does its work, and one that is slow, huge
# or lying. Against the given server binary:
#   tests/proxies/run.sh build/dev/src/tidemill [WORD…]
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$@"
