#!/usr/bin/env bash
# tarball.sh BINARY OUT: makes OUT/tidemill-VERSION-linux-MACHINE.tar.gz of a binary, and prints its path: one file to
# run, with manual page, completions, unit and licence beside it. The same binary gives the same bytes.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
binary=$(readlink -f "$1") out=$2
version=$("$here/version.sh" "$binary")
name=tidemill-$version-linux-$(uname -m)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 0)}
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/stage.sh" "$binary" "$work"
mkdir "$work/$name"
mv "$work/usr/bin/tidemill" "$work/usr/share" "$work/$name/"
cp "$here/systemd/tidemill.service" "$here/systemd/privileged-ports.conf" "$here/../LICENSE" "$work/$name/"
mkdir -p "$out"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
echo "$out/$name.tar.gz"
