#!/usr/bin/env bash
# A witness beside busy neighbours, of the release build and of Centrifugo, which it builds; not the server
# (./dev bench neighbours does). See --help.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../tests/lib/toolchain.sh"
export PYTHONPATH=$here/../tests/lib
case " $* " in
  *" --help "* | *" -h "* | *" --from "*) build=no ;;
  *centrifugo*) build=yes ;;
  *" --contenders "*) build=no ;;
  *) build=yes ;;
esac
if [ $build = yes ]; then
  need_go
  "$here/peers/centrifugo/build.sh" "$here/../build/peers"
fi
exec python3 "$here/witness.py" "$@"
