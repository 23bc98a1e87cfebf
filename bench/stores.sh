#!/usr/bin/env bash
# What a lookup in PostgreSQL costs the client, of ours beside libpq, pgx and postgres.js; builds those and the floor, not ours
# (./dev bench stores does). See --help.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../tests/lib/toolchain.sh"
if measures "$@"; then
  need_go
  need_node
  need_postgres_18
  built=$here/../build/stores
  mkdir -p "$built"
  # shellcheck disable=SC2046
  gcc -O2 -Wall -Wextra -o "$built/libpq" "$here/stores/libpq/main.c" $(pkg-config --cflags --libs libpq) -ldl
  gcc -O2 -Wall -Wextra -o "$built/floor" "$here/stores/floor/main.c"
  (cd "$here/stores/pgx" && go build -o "$built/pgx" .)
  need_packages "$here/stores/postgresjs"
  export LIBPQ_18=${POSTGRES_18%/bin}/lib
fi
export PYTHONPATH=$here/../tests/lib
exec python3 "$here/stores.py" "$@"
