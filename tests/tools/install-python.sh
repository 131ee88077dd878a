#!/usr/bin/env bash
# Puts the pinned Python packages of the tests into .tools. Does nothing where they already are.
set -euo pipefail
cd "$(dirname "$0")/../.."

clients=tests/tools/requirements.txt
litellm=tests/tools/requirements-litellm.txt
a2a=tests/tools/requirements-a2a.txt
engine=tests/tools/requirements-opa.txt

# Whether the environment has what these files ask for.
has() {
    [[ -x $1/bin/python && -f $1/requirements.sha256 && $(<"$1/requirements.sha256") == "$(cat "${@:2}" | sha256sum)" ]]
}

# Notes what the environment has: last, so that an interrupted installation starts again.
stamp() {
    cat "${@:2}" | sha256sum >"$1/requirements.sha256"
}

# A new environment with the packages of one file, compiled: the tests start interpreters many times.
# pip's own resolver can take many minutes over the clients; uv takes seconds.
create() {
    rm -rf "$1"
    mkdir -p .tools
    python3 -m venv "$1"
    local uv
    if ! uv=$(command -v uv || ls .tools/python/bin/uv 2>/dev/null); then
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check uv
        uv=$1/bin/uv
    fi
    "$uv" pip install --quiet --compile-bytecode --python "$1/bin/python" --requirement "$2"
}

if ! has .tools/python "$clients" "$engine"; then
    create .tools/python "$clients"
    .tools/python/bin/python -m pip install --quiet --disable-pip-version-check \
        --no-deps --ignore-requires-python --requirement "$engine"
    stamp .tools/python "$clients" "$engine"
fi

if ! has .tools/litellm "$litellm"; then
    create .tools/litellm "$litellm"
    stamp .tools/litellm "$litellm"
fi

if ! has .tools/a2a "$a2a"; then
    create .tools/a2a "$a2a"
    stamp .tools/a2a "$a2a"
fi
