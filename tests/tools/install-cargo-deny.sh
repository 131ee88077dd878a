#!/usr/bin/env bash
# Puts cargo-deny into .tools/bin. Compiles for minutes the first time, then does nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.20.2

if [[ $(.tools/bin/cargo-deny --version 2>/dev/null) == "cargo-deny $version" ]]; then
    exit 0
fi
echo "compiling cargo-deny $version; this takes some minutes, once" >&2
cargo install --quiet --locked --root .tools --version "=$version" cargo-deny
