#!/usr/bin/env bash
# Compares the release build with the peers; builds the peers, but not the server (./dev bench compare does). See --help.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../tests/lib/toolchain.sh"
built=$here/../build/peers
mkdir -p "$built"
export PYTHONPATH=$here/../tests/lib
measures "$@" || exec python3 "$here/compare.py" "$@"

need_go
for peer in go centrifuge; do
  (cd "$here/peers/$peer" && CGO_ENABLED=0 go build -trimpath -o "$built/$peer" .)
done
"$here/peers/centrifugo/build.sh" "$built"
need_node
for peer in node socketio; do need_packages "$here/peers/$peer"; done
need_venv peers -r "$here/peers/python/requirements.txt"
ln -sfn "$VENV" "$built/python"
exec python3 "$here/compare.py" "$@"
