#!/usr/bin/env bash
# The code of README.md, of the guide, and of what `serve --dev` prints, word by word, against the given binary:
#   tests/readme/run.sh BINARY [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_node
need_packages "$here/../sdk/js"
need_go
(cd "$here/../sdk/go" && go mod download)
need_venv readme -r "$here/../api/requirements.txt" -r "$here/../sdk/python/requirements.txt"
# Port 8000 is written in the README: a network of its own, where the system allows it, has it free.
alone=()
if unshare --map-root-user --net true 2>/dev/null; then alone=(unshare --map-root-user --net); fi
exec "${alone[@]}" "$VENV/bin/python" "$here/../lib/runner.py" "$here" "$@"
