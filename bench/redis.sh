#!/usr/bin/env bash
# Measures the release build with Redis, on one and two nodes; builds nothing (./dev bench redis does). See --help.
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH="$here/../tests/lib" exec python3 "$here/redis.py" "$@"
