#!/usr/bin/env bash
# Schedules beside npm cron-parser, through cron_driver beside the given server binary:
#   tests/cron/run.sh build/dev/src/tidemill [WORD…] [--seed N]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here"
exec python3 "$here/../lib/runner.py" "$here" "$@"
