#!/usr/bin/env bash
# Accounts: setup, log-in, invitations, roles, sessions, on both databases; throttling, other sites' pages, hostile input:
#   tests/accounts/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$1" --jobs 3 "${@:2}"
