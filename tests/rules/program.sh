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
grep -q '^worker  *ipc and tcp, CURVE  *ok$' "$scratch/out" || fail "doctor: lacks the line of workers"

expect 0 'The test value of the file is met. The neuron runs ' models "$1/examples/own-neuron/calcium_adapting.yaml"
expect 0 'cali_own_neuron_launch' models "$1/examples/own-neuron/calcium_adapting.yaml" --emit cuda
expect 2 'unknown language "rust"; c or cuda' models "$1/examples/own-neuron/calcium_adapting.yaml" --emit rust
expect 2 '--emit needs the FILE of an own neuron' models lif --emit c

for verb in $("$program" help | sed -n 's/^  callosum \([a-z]*\)\( .*\)*  .*/\1/p' | sort -u); do
    expect 0 "callosum $verb" "$verb" --help
done

# keys: made, allowed, listed, revoked; what is wrong is said
export CALLOSUM_KEYS="$scratch/keys"
expect 0 'no keys in' keys list
expect 0 "callosum keys allow gpu1 '" keys new gpu1
key=$("$program" keys list | sed -n 's/^own pair  *gpu1  *\([^ ]*\).*/\1/p') # not from JSON, where "<" is escaped
expect 0 'gpu1 is let in from now on' keys allow gpu1 "$key" --remark 'the big one'
expect 0 'the big one' keys list
expect 0 '"kind": "allowed"' keys list --json
expect 2 'there is a pair "gpu1"' keys new gpu1
expect 2 'already, as "gpu1"' keys allow gpu2 "$key"
expect 2 'is no public key: 40 signs' keys allow gpu2 short
expect 0 'gpu1 is turned away from now on' keys revoke gpu1
expect 2 'callosum keys list shows all' keys revoke gpu1
expect 2 'is no name for a key' keys new ../x
expect 2 'unknown word "mew". Known:' keys mew
chmod 755 "$scratch/keys"
expect 2 "Try: chmod 700 $scratch/keys" keys list

# a connectome that the program makes is one that it reads, and the same options give the same file
"$program" connectome generate "$scratch/a.zip" --regions 20 --seed 3 > "$scratch/out" || fail "generate"
"$program" connectome generate "$scratch/b.zip" --regions 20 --seed 3 > "$scratch/out" || fail "generate"
"$program" connectome generate "$scratch/c.zip" --regions 20 --seed 4 > "$scratch/out" || fail "generate"
for name in a b c; do
    "$program" connectome info "$scratch/$name.zip" --json | sed 's/"name": "[^"]*"//' > "$scratch/$name.json" || fail "info"
done
cmp -s "$scratch/a.json" "$scratch/b.json" || fail "the same options gave another connectome"
cmp -s "$scratch/a.json" "$scratch/c.json" && fail "another seed gave the same connectome"

# error and order of the fourth-order scheme; the numbers have a test of their own
expect 0 ' ms the traces are right to ' check "$1/examples/mean-field/experiment.yaml" --check-step --set noise=[]
expect 0 '"accuracy": {"sentence": "at 0.5 ms' check "$1/examples/mean-field/experiment.yaml" --check-step --set noise=[] --json

# everything that acts stands in the plan with its numbers and units
cat > "$scratch/all.yaml" <<'END'
callosum: 1
run: {duration: 20 ms}
connectome: {generate: {regions: 4, seed: 1}, speed: 2 mm/ms}
coupling: {gain: 0.5, terms: [{from: rate, to: c_r}, {kind: difference, from: V, to: c_V, a: 2}]}
integrator: {method: heun, step: 0.1 ms}
noise: [{state: V, level: 2 1/sqrt(s), form: affine, a: 2, b: 3}, {state: r, level: 0.01 1/ms^2, tau: 5 ms}]
stimuli: [{wave: chirp, amplitude: 1, from: 2 Hz, to: 80 Hz, weights: 0.5, start: 1 ms, stop: 5 ms}]
models: {field: {neural_mass: mpr, parameters: {tau: 10 ms}}}
regions: {default: field}
record: {signals: [{what: rate}, {what: r, every: 10 ms, monitor: {kind: bold, length: 1 s}, name: scan}]}
END
"$program" run "$scratch/all.yaml" --out "$scratch/all" --save-state "$scratch/end.state" > "$scratch/out" 2>&1 || fail "run"
expect 0 'a = 1 ms, b = 0, G = 0.5' check "$scratch/all.yaml" --set "initial.state=$scratch/end.state"
for text in 'V -> c_V          c = a G sum_j w_ij (x_j - x_i); a = 2, G = 0.5' \
    'noise       white       V of all          dx = ... + level (a + b x) dW; level = 0.0632455532033676 1/sqrt(ms), a = 2, b = 3' \
    'r of all          Ornstein-Uhlenbeck; level = 0.01 1/ms^2, tau = 5 ms' \
    'stimulus    chirp       c_r of all' 'weight = 0.5, start = 1 ms, stop = 5 ms' \
    'monitor     bold        r of all -> scan  y(t) =' 'kernel volterra; every = 10 ms, length = 1000 ms, tau_s = 0.8 s' \
    "initial     state                         $scratch/end.state"; do
    grep -qF -- "$text" "$scratch/out" || { fail "callosum check: lacks \"$text\""; cat "$scratch/out"; }
done
expect 0 '{"part": "coupling", "kind": "difference", "from": "V", "to": "c_V",' check "$scratch/all.yaml" --json

# a run that fails says what came in before, and where the last finite states are
expect 1 'E302 L.region_00: r is not finite at 0.001 s. Largest inputs just before: V of R.region_00 -400,' run \
    "$scratch/all.yaml" --set models.field.parameters.J=900 --set coupling.gain=200 --set noise=[] --set stimuli=[] --out "$scratch/crashed"
grep -qF "Last finite state in $scratch/crashed/crash.h5." "$scratch/out" || fail "callosum run: no crash.h5"

# converted there and back it is the same, and nothing is replaced unasked
expect 0 "written  $scratch/a.npz" connectome convert "$scratch/a.zip" "$scratch/a.npz"
expect 0 "written  $scratch/back.zip" connectome convert "$scratch/a.npz" "$scratch/back.zip"
cmp -s "$scratch/a.zip" "$scratch/back.zip" || fail "zip to npz and back gave another file"
expect 2 'a.npz C306 exists already.' connectome convert "$scratch/a.zip" "$scratch/a.npz"
expect 0 '"normalisation": "max-one"' connectome convert "$scratch/a.zip" "$scratch/a.npz" --force --json --normalise max-one
expect 2 'no normalisation "max-on". Try max-one.' connectome convert "$scratch/a.zip" "$scratch/n.npz" --normalise max-on
expect 2 '--orientation is to-from or from-to, got "up".' connectome convert "$scratch/a.zip" "$scratch/n.npz" --orientation up
expect 0 'all regions are connected' connectome check "$scratch/a.zip" --out "$scratch/page.html"
expect 0 '"verdict": "good"' connectome check "$scratch/a.zip" --json
expect 2 'nothing.zip' connectome check nothing.zip
expect 0 "w' = w / max_i sum_j w_ij" connectome normalisations

# a mass at the points of a table: x' = gamma x + c, in units of the model; more points than one batch holds
{ echo "x,gamma (1/s),inputs.c (1/ms)"; for i in $(seq 300); do echo "$i,-2000,3"; done; } > "$scratch/points.csv"
expect 0 'x,gamma (1/ms),inputs.c (1/ms),dx/dt (1/ms),outputs.x' models linear --rhs "$scratch/points.csv"
expect 0 '300,-2,3,-597,300' models linear --rhs "$scratch/points.csv"
[ "$(wc -l < "$scratch/out")" = 301 ] || fail "callosum models --rhs: not one row per point"
printf 'y4 (V/s)\n1\n' > "$scratch/second.csv"
expect 0 ',dy4/dt (mV/ms^2),' models jansen-rit --rhs "$scratch/second.csv"
echo x > "$scratch/empty.csv"
expect 0 '{"name": "dx/dt", "unit": "1/ms"}' models linear --rhs "$scratch/empty.csv" --json
printf 'V,c\n1,1\n' > "$scratch/two.csv"
expect 2 'two.csv:1:3  C104  "c" is a parameter and an input' models generic-2d-oscillator --rhs "$scratch/two.csv"
printf 'V,states.V\n1,1\n' > "$scratch/twice.csv"
expect 2 'twice.csv:1:3  C104  "states.V" is the same as "V"' models mpr --rhs "$scratch/twice.csv"
printf 'r (1/ms),etta\n1,1\n' > "$scratch/name.csv"
expect 2 'name.csv:1:10  C101  montbrio-pazo-roxin has no state, parameter or input "etta"' models mpr \
    --rhs "$scratch/name.csv"
printf 'V, r (Hz)\n1, -3\n' > "$scratch/range.csv"
expect 2 'range.csv:2:4  C106  r is -0.003 1/ms, but must be from 0 to inf 1/ms' models mpr --rhs "$scratch/range.csv"
printf 'r\n1\n' > "$scratch/unit.csv"
expect 2 'unit.csv:2:1  C102  r needs a unit' models mpr --rhs "$scratch/unit.csv"
expect 2 'no model "mprr". Try mpr.' models mprr --rhs "$scratch/points.csv"
expect 2 '--rhs needs a neural mass; lif is a neuron.' models lif --rhs "$scratch/points.csv"
expect 2 '--rhs needs the NAME' models --rhs "$scratch/points.csv"

# JSON is JSON
for verb in "doctor --json" "models --json" "models lif --json" "models linear --json --rhs $scratch/points.csv" "connectome info $scratch/a.zip --json" "connectome normalisations --json"; do
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
