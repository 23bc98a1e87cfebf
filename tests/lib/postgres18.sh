#!/usr/bin/env bash
# Prints the folder of PostgreSQL 18's programs; fetches it first where it is not there yet.
set -euo pipefail
. "$(dirname "$0")/toolchain.sh"
need_postgres_18 >&2
echo "$POSTGRES_18"
