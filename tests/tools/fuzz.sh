#!/usr/bin/env bash
# Runs every fuzz target, or the one in TARGET, for FUZZ_SECONDS each, and prints what came of it.
#
# Without a sanitizer: the parsers have no unsafe code, and so the pinned compiler of the project will do.
# What was learnt stays under target/fuzz; an input that breaks a promise is left in tests/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${FUZZ_SECONDS:-60}
options=(--fuzz-dir tests/fuzz --target-dir target/fuzz --sanitizer none)

if [[ -n ${TARGET:-} ]]; then
    targets=("$TARGET")
else
    mapfile -t targets < <(cargo fuzz list --fuzz-dir tests/fuzz)
fi
cargo fuzz build "${options[@]}" ${TARGET:+"$TARGET"}

# The last value that libFuzzer printed under this name.
figure() {
    sed -n "s/^stat::$1: *//p" "$log" | tail -n 1
}

table=$'| target | executions | new inputs | result |\n|---|---|---|---|\n'
broken=0
for target in "${targets[@]}"; do
    corpus=target/fuzz/corpus/$target
    log=target/fuzz/$target.log
    mkdir -p "$corpus"
    echo "fuzzing $target for $seconds s; the log is $log" >&2
    if cargo fuzz run "${options[@]}" "$target" "$corpus" "tests/fuzz/seeds/$target" \
        -- -dict=tests/fuzz/words.dict -max_total_time="$seconds" -timeout=10 -print_final_stats=1 &>"$log"; then
        result=held
    else
        result="broken: $(grep --only-matching 'tests/fuzz/artifacts/[^ ]*' "$log" | tail -n 1)"
        broken=1
    fi
    table+="| $target | $(figure number_of_executed_units) | $(figure new_units_added) | $result |"$'\n'
done
printf '%s' "$table"
exit "$broken"
