#!/usr/bin/env bash
# Our clients of databases beside asyncpg, psycopg, psql and sqlite3, on real servers:
#   tests/stores/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_postgres_18
export POSTGRES_18
need_venv stores -r "$here/requirements.txt"
exec "$VENV/bin/python" "$here/../lib/runner.py" "$here" "$1" "${@:2}"
