#!/bin/bash
# Makes .venv and installs this project into it, editable, with the extras named in $1.
# Safe to interrupt and to repeat. Where the machine lacks something it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

extras=$1
log=build/setup.log
supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

say()  { printf '%s\n' "$*"; }
stop() { printf '\n' >&2; printf '%s\n' "$@" >&2; exit 1; }

# A name on PATH proves nothing (version managers leave stubs there), so each one is tried.
find_python() {
    local name
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11 /usr/bin/python3; do
        if "$name" -c "$supported" >/dev/null 2>&1; then printf '%s' "$name"; return 0; fi
    done
    return 1
}

make_venv() {
    local python=$1
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || stop \
        "Python's venv module is missing. Install it, then run the same command again:" \
        "    sudo apt install python3-venv"
    "$python" -m venv --clear .venv >>"$log" 2>&1 || stop \
        "Could not make .venv (see $log). On Debian and Ubuntu this usually helps:" \
        "    sudo apt install python3-venv"
}

mkdir -p build
: >"$log"

# A half-made or moved environment is made again; a working one is kept.
if ! .venv/bin/python -c "$supported" >/dev/null 2>&1 || ! .venv/bin/python -m pip --version >>"$log" 2>&1; then
    python=$(find_python) || stop \
        "Python 3.11, 3.12 or 3.13 is needed and was not found. Install it, then run the same command again:" \
        "    sudo apt install python3 python3-venv" \
        "If it is somewhere else, name it:  make run PYTHON=/path/to/python3.11"
    say "[1/2] making .venv with $("$python" --version)"
    make_venv "$python"
else
    say "[1/2] .venv is there: $(.venv/bin/python --version)"
fi

# One dot every two seconds, for people; a log file gets none.
wait_with_dots() {
    local pid=$1
    trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
    while [ -t 1 ] && kill -0 "$pid" 2>/dev/null; do printf '.'; sleep 2; done
    [ ! -t 1 ] || printf '\n'
    wait "$pid"
}

say "[2/2] installing packages (the first time takes a minute or two; details in $log)"
.venv/bin/python -m pip install --quiet --editable ".[$extras]" >>"$log" 2>&1 </dev/null &
if ! wait_with_dots $!; then
    tail -n 15 "$log" >&2
    stop "The packages could not be installed. Is the network there? Then run the same command again."
fi
