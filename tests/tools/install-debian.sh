#!/usr/bin/env bash
# Installs Debian packages whose commands are missing: those named as arguments, or all that the tests call.
set -euo pipefail

declare -A package_of=(
    [c++]=g++
    [cc]=gcc
    [curl]=curl
    [node]=nodejs
    [npm]=npm
    [openssl]=openssl
    [python3]=python3
)

missing=()
for command in "${@:-${!package_of[@]}}"; do
    command -v "$command" >/dev/null || missing+=("${package_of[$command]}")
done
# Debian ships Python without the part that makes virtual environments.
if (($# == 0)) && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    missing+=(python3-venv)
fi
# A server's programs are not on the path.
if (($# == 0)) && ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
    missing+=(postgresql)
fi
if ((${#missing[@]} == 0)); then
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    echo "these packages are needed, and there is no apt-get to install them: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        echo "please run as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

echo "installing from Debian: ${missing[*]}" >&2
"${as_root[@]}" apt-get update --quiet=2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >&2
