#!/usr/bin/env bash
# deb.sh BINARY OUT: makes OUT/tidemill_VERSION_ARCH.deb of a binary, and prints its path. The same binary gives the same
# bytes. Needs dpkg-deb and binutils; no root. DEBFULLNAME and DEBEMAIL in the environment name the maintainer, VERSION
# another version, COMPRESSION what dpkg-deb compresses with.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
binary=$(readlink -f "$1") out=$2
version=${VERSION:-$("$here/version.sh" "$binary")}
architecture=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 0)}
maintainer="${DEBFULLNAME:-Tidemill} <${DEBEMAIL:-tidemill@localhost}>"
umask 022

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
"$here/stage.sh" "$binary" "$root"
gzip -9n "$root/usr/share/man/man1/tidemill.1"
install -D -m 644 "$here/systemd/tidemill.service" "$root/lib/systemd/system/tidemill.service"
install -D -m 644 "$here/debian/lintian-overrides" "$root/usr/share/lintian/overrides/tidemill"
doc=$root/usr/share/doc/tidemill
install -D -m 644 "$here/debian/copyright" "$doc/copyright"
install -D -m 644 "$here/systemd/privileged-ports.conf" "$doc/examples/privileged-ports.conf"
{
  echo "tidemill ($version) unstable; urgency=medium"
  printf '\n  * See https://keepachangelog.com for the form of CHANGELOG.md in the sources.\n\n'
  echo " -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
mkdir -p "$root/etc/tidemill"

# Dynamic are glibc and, in a build that is not for release, the compiler's libraries.
libraries=$(readelf -d "$root/usr/bin/tidemill" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')
glibc=$(readelf -V "$root/usr/bin/tidemill" | grep -o 'GLIBC_2[0-9.]*' | sort -Vu | tail -1)
depends="libc6 (>= ${glibc#GLIBC_}), adduser"
case $libraries in *libstdc++*) depends+=", libstdc++6, libgcc-s1" ;; esac

mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: tidemill
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f1)
Pre-Depends: init-system-helpers (>= 1.54~)
Depends: $depends
Recommends: ca-certificates
Suggests: redis-server
Section: net
Priority: optional
Description: realtime server: publish over HTTP, receive over WebSocket
 Clients follow channels over WebSocket, in the protocol of Centrifuge, with its
 official clients; backends publish to them over HTTP. History, recovery after
 reconnects, presence, several nodes through Redis.
 .
 The first installation writes /etc/tidemill/tidemill.toml with fresh secrets
 and starts a service that listens on 127.0.0.1 port 8000.
CONTROL
for script in postinst prerm postrm; do install -m 755 "$here/debian/$script" "$root/DEBIAN/$script"; done
(cd "$root" && find usr lib -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)

mkdir -p "$out"
deb=$out/tidemill_${version}_$architecture.deb
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group ${COMPRESSION:--Zxz} --build "$root" "$deb" >/dev/null
echo "$deb"
