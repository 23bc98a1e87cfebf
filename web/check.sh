#!/usr/bin/env bash
# Fails unless web/demo/dist is what web/build.sh makes of web/demo/src.
set -euo pipefail
web=$(cd "$(dirname "$0")" && pwd)
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$web/build.sh" "$fresh"
diff -rq "$web/demo/dist" "$fresh" || { echo "web/demo/dist is not current: run web/build.sh" >&2; exit 1; }
