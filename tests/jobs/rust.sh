#!/usr/bin/env bash
# The tests that the crate `faktory` ships, for Faktory and for Faktory Enterprise, run unmodified against our server:
#   tests/jobs/rust.sh build/dev/src/tidemill [WORD…]
# Needs cargo, and crates.io once. The first run compiles them, which takes minutes; afterwards tests/jobs/run.sh runs
# them too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
CRATE=faktory
VERSION=0.13.1

make_rust_tests() {
  local folder=$1 source
  [ "$(cat "$folder/installed" 2>/dev/null)" = "$VERSION" ] && return
  mkdir -p "$folder/asks/src"
  : >"$folder/asks/src/lib.rs"
  printf '[package]\nname = "asks"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s = "=%s"\n' "$CRATE" "$VERSION" \
    >"$folder/asks/Cargo.toml"
  cargo fetch --quiet --manifest-path "$folder/asks/Cargo.toml"
  source=$(cargo metadata --format-version 1 --manifest-path "$folder/asks/Cargo.toml" |
    python3 -c 'import json, sys
print(next(each["manifest_path"] for each in json.load(sys.stdin)["packages"] if each["name"] == sys.argv[1]))' "$CRATE")
  rm -rf "$folder/crate"
  cp -r "$(dirname "$source")" "$folder/crate"
  (
    cd "$folder/crate"
    cargo test --quiet --locked --features ent --test real --no-run --message-format json |
      python3 -c 'import json, sys
for line in sys.stdin:
    said = json.loads(line)
    if said.get("executable") and said["target"]["name"] == "real":
        print(said["executable"])' >"$folder/executable"
  )
  printf '%s\n' "$VERSION" >"$folder/installed"
}

command -v cargo >/dev/null || {
  echo "tests/jobs/rust.sh: NOT RUN: the tests of the crate $CRATE need cargo, which is not installed" >&2
  exit 1
}
one_at_a_time make_rust_tests "$TOOLS/rust"
RUST_TESTS=$(cat "$TOOLS/rust/executable")
export RUST_TESTS PYTHONPATH=$here${PYTHONPATH:+:$PYTHONPATH}
exec python3 "$here/../lib/runner.py" "$here/rust" "$@"
