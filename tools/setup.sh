#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make .venv with the packages of requirements.lock and this project. Called by `make venv`.
# Says one line; the output of pip goes to a log, which is shown only when something fails.
set -eu
cd "$(dirname "$0")/.."

width=44
log=.setup.log

fail() {
    printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
    exit 6
}

# The Python that made .venv, if it is still there: who chose one once is not given another.
of_venv() {
    .venv/bin/python -c 'import sys; print(sys._base_executable)' 2>/dev/null || true
}

find_python() {
    for candidate in "${PYTHON:-}" "$(of_venv)" python3.11 python3.12 python3.13 python3.14 python3 python; do
        [ -n "$candidate" ] || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
        printf '%s' "$candidate"
        return
    done
}

# Packages of one Python do not start with another, so .venv of another one is made anew.
is_of() {
    which='import sys; print(sys.base_prefix, sys.version)'
    [ -e .venv/.complete ] && [ "$(.venv/bin/python -c "$which" 2>/dev/null)" = "$("$1" -c "$which")" ]
}

install() {
    if is_of "$python"; then "$python" -m venv .venv; else "$python" -m venv --clear .venv; fi
    rm -f .venv/.complete
    # The lock holds pip itself, the build backend and every package, each with its hashes.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --no-build-isolation -e .
}

python=$(find_python)
[ -n "$python" ] || fail "no Python 3.11 or newer found" \
    "install it (Debian, Ubuntu: apt install python3 python3-venv), or name it: make venv PYTHON=/path/to/python3"
"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || fail "$python cannot make environments" \
    "install the package python3-venv (Debian, Ubuntu: apt install python3-venv), then repeat"

started=$(date +%s)
printf 'setting up Python packages '
install >"$log" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null; echo; exit 130' INT TERM
dots=0
while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    [ "$dots" -ge "$width" ] || { printf '.'; dots=$((dots + 1)); }
done
if ! wait "$pid"; then
    echo ' failed'
    tail -n 20 "$log" >&2
    fail "the packages could not be installed" "look at the lines above; this step needs a package registry or a local copy of one"
fi
while [ "$dots" -lt "$width" ]; do printf '.'; dots=$((dots + 1)); done
printf ' done, %s s (only the first time)\n' "$(($(date +%s) - started))"
rm -f "$log"
touch .venv/.complete
