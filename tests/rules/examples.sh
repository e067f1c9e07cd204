#!/bin/sh
# Every example runs (0.2 s of simulated time) and leaves a complete run folder; one with NAME.expected.txt beside its
# NAME.yaml runs in full and prints that, but for its cost. Arguments: source and build folder.
set -u
program=$2/bin/callosum
"$program" help run > /dev/null 2>&1 || { echo "skipped: this program has no verb run"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0 n=0
for file in "$1"/examples/*/*.yaml; do
    grep -q '^callosum: 1' "$file" || continue # a model
    name=$(basename "$(dirname "$file")")-$(basename "$file" .yaml)
    n=$((n + 1))
    echo "== $name"
    "$program" run "$file" --out "$scratch/$name" --set "run.duration=0.2 s" --set "run.transient=50 ms" > "$scratch/log" 2>&1 ||
        { echo "FAILED: exit status $?"; tail -n 20 "$scratch/log"; failures=$((failures + 1)); continue; }
    for part in run.h5 manifest.json report.html; do
        [ -s "$scratch/$name/$part" ] || { echo "FAILED: no $part"; failures=$((failures + 1)); }
    done
    # 200 ms in the file, completed
    h5dump -a t_stop_ms "$scratch/$name/run.h5" 2>&1 | grep -q '(0): 200$' ||
        { echo "FAILED: run.h5 does not end at 200 ms"; failures=$((failures + 1)); }
    expected=${file%.yaml}.expected.txt
    [ -f "$expected" ] || continue
    "$program" run "$file" --out "$scratch/full-$name" 2> "$scratch/log" | grep -v '^cost \|^written ' > "$scratch/printed"
    diff "$expected" "$scratch/printed" || { echo "FAILED: another output than $expected"; failures=$((failures + 1)); }
done
echo "$n examples, $failures failures"
[ "$n" -gt 0 ] && [ "$failures" = 0 ]
