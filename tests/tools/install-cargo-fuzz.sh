#!/usr/bin/env bash
# Puts cargo-fuzz into .tools/bin. Compiles for some minutes the first time, then does nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.13.2

if [[ $(.tools/bin/cargo-fuzz --version 2>/dev/null) == "cargo-fuzz $version" ]]; then
    exit 0
fi
echo "compiling cargo-fuzz $version; this takes some minutes, once" >&2
cargo install --quiet --locked --root .tools --version "=$version" cargo-fuzz
