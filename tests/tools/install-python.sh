#!/usr/bin/env bash
# Puts the pinned Python packages of the tests into .tools/python. Does nothing where they already are.
set -euo pipefail
cd "$(dirname "$0")/../.."

clients=tests/tools/requirements.txt
engine=tests/tools/requirements-opa.txt
venv=.tools/python
stamp=$venv/requirements.sha256

wanted=$(cat "$clients" "$engine" | sha256sum)
if [[ -x $venv/bin/python && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    exit 0
fi

rm -rf "$venv"
mkdir -p .tools
python3 -m venv "$venv"

# pip's own resolver can take many minutes over the clients; uv takes seconds.
uv=$(command -v uv || true)
if [[ -z $uv ]]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv=$venv/bin/uv
fi
"$uv" pip install --quiet --python "$venv/bin/python" --requirement "$clients"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-deps --ignore-requires-python --requirement "$engine"

# Last, so that an interrupted installation starts again.
echo "$wanted" >"$stamp"
