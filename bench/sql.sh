#!/usr/bin/env bash
# What an API costs that asks SQL, of ours beside Go, Node and Python; builds those, but not the server (./dev bench sql
# does). See --help.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../tests/lib/toolchain.sh"
if measures "$@"; then
  need_go
  need_node
  built=$here/../build/sql
  mkdir -p "$built"
  (cd "$here/sql/go" && CGO_ENABLED=0 go build -trimpath -o "$built/go" .)
  need_packages "$here/sql/node"
  need_venv sql -r "$here/sql/python/requirements.txt"
  ln -sfn "$VENV" "$built/python"
fi
export PYTHONPATH=$here/../tests/lib
exec python3 "$here/sql.py" "$@"
