#!/usr/bin/env bash
# Three nodes and one Redis, seen by the official JavaScript and Python clients: tests/cluster/run.sh BINARY [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here/../sdk/js"
need_venv sdk-python -r "$here/../sdk/python/requirements.txt"
exec "$VENV/bin/python" "$here/../lib/runner.py" "$here" "$@"
