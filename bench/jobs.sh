#!/usr/bin/env bash
# Job servers side by side; builds the peers' clients, but not the server (./dev bench jobs does). See --help.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../tests/lib/toolchain.sh"
if measures "$@"; then
  need_go
  need_node
  built=$here/../build/jobs
  mkdir -p "$built"
  (cd "$here/jobs/river" && CGO_ENABLED=0 go build -trimpath -o "$built/river" .)
  need_packages "$here/jobs/node"
  need_packages "$here/jobs/bun"
  need_venv jobs -r "$here/jobs/python/requirements.txt"
  ln -sfn "$VENV" "$built/python"
fi
export PYTHONPATH=$here/../tests/lib
exec python3 "$here/jobs.py" "$@"
