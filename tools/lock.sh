#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Write requirements.lock (everything), requirements-core.lock (what a server
# runs) and requirements-desk.lock (the same with the officers' pages) from pyproject.toml.
# No file names a registry: the hashes decide what may be installed, not the place it comes from.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null 2>&1 || {
    printf 'error: uv is not installed\nhint: pip install uv, then repeat\n' >&2
    exit 6
}

compile() {
    target=$1
    title=$2
    shift 2
    made=$(mktemp)
    uv pip compile pyproject.toml "$@" --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet --output-file "$made"
    { printf '# %s\n# Exact versions and hashes; written by `make lock`, never by hand.\n' "$title"; cat "$made"; } >"$target"
    rm -f "$made"
}

compile requirements.lock "What the program and its tests need." --extra dev --extra desk --extra postgres --extra tsa
compile requirements-core.lock "What the program needs, the same versions as in requirements.lock." \
    --constraint requirements.lock
compile requirements-desk.lock "What the program with its pages needs, the same versions as in requirements.lock." \
    --extra desk --constraint requirements.lock
