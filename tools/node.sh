#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make tests/interop/node_modules: the two npm packages of the partner in another language. Called by `make test`.
# Does nothing when it is there. Without Node.js it says what to install; the tests of that partner then fail.
set -eu
cd "$(dirname "$0")/../tests/interop"

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 6
}

command -v node >/dev/null || fail "the tests of the partner in another language need Node.js 18 or newer" \
    "install it (Debian, Ubuntu: apt install nodejs npm), then repeat: make interop"
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || fail "Node.js $major is too old for the partner in another language: it needs 18" \
    "install a newer one (Debian 12 or later, Ubuntu 24.04 or later: apt install nodejs npm), then repeat: make interop"
installed=node_modules/.package-lock.json
[ -e "$installed" ] && [ ! package-lock.json -nt "$installed" ] && exit 0
command -v npm >/dev/null || fail "the tests of the partner in another language need npm" \
    "install it (Debian, Ubuntu: apt install npm), then repeat: make interop"
npm ci --silent --no-fund --no-audit --ignore-scripts || fail "npm could not install the packages jose and ajv" \
    "look at the lines above; this step needs an npm registry or a local copy of one, then repeat: make interop"
touch "$installed"
