#!/usr/bin/env bash
# stage.sh BINARY FOLDER: what every package installs, as files below FOLDER/usr: the binary without its symbols, the
# manual page and the completions, both made by the binary itself.
set -euo pipefail
binary=$1 folder=$2
usr=$folder/usr

install -D -m 755 "$binary" "$usr/bin/tidemill"
strip --strip-unneeded --remove-section=.comment "$usr/bin/tidemill"
mkdir -p "$usr/share/"{man/man1,bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
"$binary" man >"$usr/share/man/man1/tidemill.1"
"$binary" completions bash >"$usr/share/bash-completion/completions/tidemill"
"$binary" completions zsh >"$usr/share/zsh/vendor-completions/_tidemill"
"$binary" completions fish >"$usr/share/fish/vendor_completions.d/tidemill.fish"
