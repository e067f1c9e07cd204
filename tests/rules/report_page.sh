#!/bin/sh
# The page of a run loads in a browser without a script error, draws everything, asks for nothing outside
# of its own file, and shows names of regions as text whatever they are. Arguments: source and build folder.
set -u
build=$2
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "skipped: no chromium"
    exit 77
}
[ -x "$build/tests/write_run" ] || { echo "no $build/tests/write_run"; exit 1; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0
fail() { echo "FAILED: $1"; failures=$((failures + 1)); }

# load NAME PAGE [OPTION]: leaves the document in NAME.dom and messages of its scripts in NAME.log
load() {
    timeout 120 "$browser" --headless=new --no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader \
        --user-data-dir="$scratch/profile.$1" --virtual-time-budget=20000 --enable-logging=stderr \
        ${3:-} --dump-dom "file://$2" > "$scratch/$1.dom" 2> "$scratch/$1.log" ||
        fail "$1: the browser gave up"
    grep -q '<body[^>]*data-ready="1"' "$scratch/$1.dom" || fail "$1: not everything was drawn"
    grep -o 'data-errors="[^"]*"' "$scratch/$1.dom" && fail "$1: script errors"
    grep ':CONSOLE' "$scratch/$1.log" && fail "$1: messages on the console"
}

for kind in usual hostile plain; do
    "$build/tests/write_run" "$scratch/$kind" "$kind" > "$scratch/$kind.txt" || fail "$kind: not written"
    page=$scratch/$kind/report.html
    load "$kind" "$page"
    grep -qE '(src|href|data|action) *= *["'"'"']?(https?:)?//|url\( *["'"'"']?(https?:)?//|@import|sourceMappingURL' "$page" &&
        fail "$kind: refers to something outside"
done

# what each section leaves in the document
for mark in 'data-painter="webgl"' 'aria-label="Raster' 'id="traces"[^>]*><div' 'id="rate"[^>]*><div' \
    'Welch estimate: 7 half-overlapping' "Pearson's correlation of population rate" '71 % of wall time' \
    '<dd>10,000</dd>' '<td>L.area12</td>' 'every 3rd of them'; do
    grep -q "$mark" "$scratch/usual.dom" || fail "usual: nothing like $mark"
done
[ "$(grep -o '<canvas' "$scratch/usual.dom" | wc -l)" -ge 10 ] || fail "usual: too few canvases"
grep -q 'id="connectome"[^>]*hidden' "$scratch/plain.dom" || fail "plain: a connectome out of nothing"
grep -q 'id="cost"[^>]*hidden' "$scratch/plain.dom" || fail "plain: a cost out of nothing"

grep -q '<img src=x' "$scratch/hostile.dom" && fail "hostile: a name became an element"
grep -qE '<b>bold|<i>raw' "$scratch/hostile.dom" && fail "hostile: a text became an element"
grep -q '<td>&lt;img src=x onerror=throw(1)&gt;' "$scratch/hostile.dom" || fail "hostile: the name is not shown"
grep -q 'This run did not finish' "$scratch/hostile.dom" || fail "hostile: nothing about the end"

load flat "$scratch/usual/report.html" --disable-3d-apis
grep -q 'data-painter="canvas"' "$scratch/flat.dom" || fail "flat: no view without WebGL"

"$build/tests/write_run" "$scratch/large" large > /dev/null || fail "large: not written"
size=$(wc -c < "$scratch/large/report.html")
[ "$size" -lt 8000000 ] || fail "100 regions and 10 s take $size bytes"
[ "$failures" -eq 0 ] && echo "ok: 4 loads, page of 100 regions $size bytes"
exit "$failures"
