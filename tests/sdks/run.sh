#!/usr/bin/env bash
# Our own SDKs (sdk/), which stand on the official clients: the same fixtures in each language, their READMEs, and hooks.
#   tests/sdks/run.sh build/dev/src/tidemill [WORD…]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
sdk=$(cd "$here/../../sdk" && pwd)
need_node
need_packages "$sdk/typescript"
(cd "$sdk/typescript" && npx tsc)
need_venv sdk-python -r "$here/../sdk/python/requirements.txt"
VENV_PYTHON=$VENV
export PYTHONPATH="$sdk/python/src"
need_go
(cd "$sdk/go" && go mod download && go vet ./...)
# Port 8000 is written in the READMEs: a network of its own, where the system allows it, has it free.
alone=()
if unshare --map-root-user --net true 2>/dev/null; then alone=(unshare --map-root-user --net); fi
exec "${alone[@]}" "$VENV_PYTHON/bin/python" "$here/../lib/runner.py" "$here" "$1" --jobs 3 "${@:2}"
