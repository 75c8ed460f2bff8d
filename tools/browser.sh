#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the tests of the pages need beside Python: a Chromium of the system, and the npm package axe-core.
# Called by `make test`. Says exactly what is missing; the tests of the pages then fail with the same sentence.
set -eu
cd "$(dirname "$0")/../tests/web"

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 6
}

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && found=$name && break
done
[ -n "${found:-}" ] || fail "the tests of the pages need the browser Chromium" \
    "install it (Debian: apt install chromium; Ubuntu: apt install chromium-browser), then repeat: make test"
installed=node_modules/.package-lock.json
[ -e "$installed" ] && [ ! package-lock.json -nt "$installed" ] && exit 0
command -v npm >/dev/null || fail "the tests of the pages need npm" \
    "install it (Debian, Ubuntu: apt install nodejs npm), then repeat: make test"
npm ci --silent --no-fund --no-audit --ignore-scripts || fail "npm could not install the package axe-core" \
    "look at the lines above; this step needs an npm registry or a local copy of one, then repeat: make test"
touch "$installed"
