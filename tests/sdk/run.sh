#!/usr/bin/env bash
# The official clients, unmodified, against the given server binary:
#   tests/sdk/run.sh build/dev/src/tidemill [js] [python] [go]
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "$1")
shift
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(js python go)
export SDK_BINARY=$binary SDK_CONFIG=$here/tidemill.toml
source "$here/../lib/toolchain.sh"
passed=0
failed=0

# Runs a suite against a server of its own and adds up what its output counts.
run() {
  local name=$1 pass_pattern=$2 fail_pattern=$3 output status
  shift 3
  output=$(python3 "$here/../lib/server.py" "$binary" --config "$here/tidemill.toml" -- "$@" 2>&1)
  status=$?
  local good bad
  good=$(grep -cE "$pass_pattern" <<<"$output" || true)
  bad=$(grep -cE "$fail_pattern" <<<"$output" || true)
  if [ $status -ne 0 ] || [ "$good" -eq 0 ]; then
    printf '%s\n' "$output"
    [ "$bad" -gt 0 ] || bad=1
  fi
  printf '%-8s %s passed, %s failed\n' "$name" "$good" "$bad"
  passed=$((passed + good))
  failed=$((failed + bad))
}

for suite in "${suites[@]}"; do
  case $suite in
    js)
      need_node && need_packages "$here/js"
      run js '^ok ' '^not ok ' bash -o pipefail -c "cd '$here/js' && node --test --test-reporter=tap *.test.mjs | sed -E 's/^ +//'"
      ;;
    python)
      need_venv sdk-python -r "$here/python/requirements.txt"
      run python ' \.\.\. ok$' ' \.\.\. (FAIL|ERROR)$' \
        bash -c "cd '$here/python' && '$VENV/bin/python' -m unittest -v"
      ;;
    go)
      need_go
      run go '^    --- PASS' '^    --- FAIL' bash -c "cd '$here/go' && go test -count=1 -v ./..."
      ;;
    *) echo "unknown suite $suite" >&2; exit 2 ;;
  esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
