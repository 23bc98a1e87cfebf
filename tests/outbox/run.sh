#!/usr/bin/env bash
# The outbox: what SQL publishes leaves if and only if its transaction commits, whoever is killed meanwhile:
#   tests/outbox/run.sh build/dev/src/tidemill [WORD…]
# FAULTS_LONG=1: with a hundred thousand entries, before a release.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/../lib/runner.py" "$here" "$1" --jobs 3 "${@:2}"
