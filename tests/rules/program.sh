#!/bin/sh
# What the program says and returns when it is used wrongly, and that help exists for every verb. Arguments: source and
# build folder.
set -u
program=$2/bin/callosum
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "FAILED: $1"; failures=$((failures + 1)); }

# expect STATUS TEXT WORD...: exit status, and a text that stands in what it prints
expect() {
    status=$1 text=$2
    shift 2
    "$program" "$@" > "$scratch/out" 2>&1
    got=$?
    [ "$got" = "$status" ] || fail "callosum $*: exit status $got, not $status"
    grep -qF -- "$text" "$scratch/out" || { fail "callosum $*: lacks \"$text\""; cat "$scratch/out"; }
}

expect 0 "callosum 0.1.0" --version
expect 0 "Exit status: 0 ok" help
expect 2 'unknown verb "doctr". Try callosum doctor.' doctr
expect 2 'callosum models: unknown option --jsn. Try --json.' models --jsn
expect 2 'no model "montbrio-pazo-roxi". Try montbrio-pazo-roxin.' models montbrio-pazo-roxi
expect 2 'callosum connectome: unknown word "ifo". Known:' connectome ifo
expect 2 'C102 callosum connectome info: --speed needs a velocity, got "3".' connectome info x.zip --speed 3
expect 2 'nothing.zip' connectome info nothing.zip
expect 2 'needs FILE' connectome info
expect 0 'r = 0.081134 (0.081134), v = -1.961620 (-1.961620)' doctor

for verb in $("$program" help | sed -n 's/^  callosum \([a-z]*\)\( .*\)*  .*/\1/p' | sort -u); do
    [ "$verb" = connectome ] || expect 0 "callosum $verb" "$verb" --help
done

# a connectome that the program makes is one that it reads, and the same options give the same file
"$program" connectome generate "$scratch/a.zip" --regions 20 --seed 3 > "$scratch/out" || fail "generate"
"$program" connectome generate "$scratch/b.zip" --regions 20 --seed 3 > "$scratch/out" || fail "generate"
"$program" connectome generate "$scratch/c.zip" --regions 20 --seed 4 > "$scratch/out" || fail "generate"
for name in a b c; do
    "$program" connectome info "$scratch/$name.zip" --json | sed 's/"name": "[^"]*"//' > "$scratch/$name.json" || fail "info"
done
cmp -s "$scratch/a.json" "$scratch/b.json" || fail "the same options gave another connectome"
cmp -s "$scratch/a.json" "$scratch/c.json" && fail "another seed gave the same connectome"

# JSON is JSON
for verb in "doctor --json" "models --json" "models lif --json" "connectome info $scratch/a.zip --json"; do
    # shellcheck disable=SC2086 # a list of words
    "$program" $verb | python3 -m json.tool > /dev/null || fail "callosum $verb is no JSON"
done

# output that cannot be written is not passed over
if [ -w /dev/full ]; then
    "$program" models > /dev/full 2> /dev/null
    [ $? = 1 ] || fail "a full disk under standard output goes unnoticed"
fi
echo "$failures failures"
[ "$failures" = 0 ]
