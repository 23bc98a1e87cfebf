#!/usr/bin/env bash
# How soon subscribers of live queries see a commit, of ours beside Node; builds the clients, but not the server (./dev
# bench live does). See --help.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../tests/lib/toolchain.sh"
if measures "$@"; then
  need_go
  need_node
  built=$here/../build/live
  mkdir -p "$built"
  (cd "$here/live/client" && CGO_ENABLED=0 go build -trimpath -o "$built/client" .)
  need_packages "$here/live/node"
fi
export PYTHONPATH=$here/../tests/lib
exec python3 "$here/live.py" "$@"
