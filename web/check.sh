#!/usr/bin/env bash
# Fails unless what is committed is what web/build.sh makes of web/*/src and of docs/, and the tests of its modules pass.
set -euo pipefail
web=$(cd "$(dirname "$0")" && pwd)
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$web/build.sh" "$fresh/demo" "$fresh/docs" "$fresh/sql" "$fresh/console" "$fresh/chat" "$fresh/dash"
"$web/test.sh"
for page in demo docs sql console chat dash; do
  diff -rq "$web/$page/dist" "$fresh/$page" || { echo "web/$page/dist is not current: run web/build.sh" >&2; exit 1; }
done
