#!/usr/bin/env bash
# Puts the locked Node packages of the tests into tests/clients/node_modules. Does nothing where they already are.
set -euo pipefail
cd "$(dirname "$0")/../clients"

stamp=node_modules/.package-lock.sha256

wanted=$(sha256sum <package-lock.json)
if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    exit 0
fi

npm ci --no-audit --no-fund --ignore-scripts --loglevel=error

# Last, so that an interrupted installation starts again.
echo "$wanted" >"$stamp"
