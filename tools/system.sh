#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages that the tests need and that are missing: the browser, Node.js, the letters' library.
# Without root, or on another system, it only says what is missing; then `make test` says which tests need it.
set -eu

missing=""
need() {
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
has_library() {
    for place in /usr/lib /usr/lib64 /lib; do
        find "$place" -maxdepth 2 -name "$1*" 2>/dev/null | grep -q . && return 0
    done
    return 1
}

command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || need chromium chromium
need node nodejs
need npm npm
has_library libpango-1.0.so || missing="$missing libpango-1.0-0"
has_library libpangoft2-1.0.so || missing="$missing libpangoft2-1.0-0"
has_library libharfbuzz-subset.so || missing="$missing libharfbuzz-subset0"

[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    printf 'missing for some tests:%s\nhint: apt install%s\n' "$missing" "$missing" >&2
    exit 0
fi
log=$(mktemp)
printf 'installing system packages:%s ... ' "$missing"
# Names of packages are words.
# shellcheck disable=SC2086
if apt-get update >"$log" 2>&1 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing >>"$log" 2>&1; then
    printf 'done\n'
else
    printf 'failed; the tests that need them will say so\n'
    tail -n 20 "$log" >&2
fi
rm -f "$log"
