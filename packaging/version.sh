#!/usr/bin/env bash
# version.sh BINARY: the version of a package with this binary.
#
# "0.1.0" for the commit of the tag v0.1.0. Any other is on the way to it, "0.1.0~git1234.1a2b3c4d5e6f": the number of
# commits orders them, and they all come before 0.1.0.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
fact() { "$1" version --json | sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p"; }

version=$(fact "$1" version)
commit=$(fact "$1" commit)
if [ "$(git describe --exact-match --tags 2>/dev/null)" = "v$version" ] && [[ $commit != *-dirty ]]; then
  echo "$version"
else
  echo "$version~git$(git rev-list --count HEAD 2>/dev/null || echo 0).${commit/-dirty/.dirty}"
fi
