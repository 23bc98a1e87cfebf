#!/usr/bin/env bash
# build.sh FOLDER: puts the Centrifugo that go.mod names into the folder, as `centrifugo`. Needs go on PATH.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")"
CGO_ENABLED=0 go build -trimpath -o "$folder/centrifugo" github.com/centrifugal/centrifugo/v6
