#!/usr/bin/env bash
# The official clients, unmodified, against the given server binary:
#   tests/sdk/run.sh build/dev/src/tidemill [js] [python] [go]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
export SDK_LANGUAGES="${*:2}"
SDK_LANGUAGES=${SDK_LANGUAGES:-js python go}
python=python3
if [[ $SDK_LANGUAGES = *js* ]]; then
  need_node
  need_packages "$here/js"
fi
if [[ $SDK_LANGUAGES = *python* ]]; then
  need_venv sdk-python -r "$here/python/requirements.txt"
  python=$VENV/bin/python
fi
if [[ $SDK_LANGUAGES = *go* ]]; then
  need_go
fi
exec "$python" "$here/../lib/runner.py" "$here" "$1" --jobs 3
