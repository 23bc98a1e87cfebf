#!/usr/bin/env bash
# Measures the release build beside the kernel floor; builds nothing (./dev bench does). See --help.
exec python3 "$(dirname "$0")/run.py" "$@"
