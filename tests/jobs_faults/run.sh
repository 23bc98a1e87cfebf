#!/usr/bin/env bash
# Background jobs on several nodes and under faults, with a checker of what clients were told; most of it is waiting:
#   tests/jobs_faults/run.sh build/dev/src/tidemill [WORD…]
# FAULTS_LONG=1: with a million jobs, before a release.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here/../jobs"
need_venv jobs -r "$here/../jobs/requirements.txt"
export PYTHONPATH="$here/../jobs"
exec "$VENV/bin/python" "$here/../lib/runner.py" "$here" "$1" --jobs 3 "${@:2}"
