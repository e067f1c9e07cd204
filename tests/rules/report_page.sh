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
    [ "$kind" = usual ] || load "$kind" "$page"
    grep -qE '(src|href|data|action) *= *["'"'"']?(https?:)?//|url\( *["'"'"']?(https?:)?//|@import|sourceMappingURL' "$page" &&
        fail "$kind: refers to something outside"
done

grep -q 'id="connectome"[^>]*hidden' "$scratch/plain.dom" || fail "plain: a connectome out of nothing"
for section in spiking channels models; do
    grep -q "id=\"$section\"[^>]*hidden" "$scratch/plain.dom" || fail "plain: $section out of nothing"
done
grep -qiE '<(p|td|figcaption|dt)[^>]*>[^<]*spik' "$scratch/plain.dom" && fail "plain: speaks of spikes, has none"
grep -q 'id="cost"[^>]*hidden' "$scratch/plain.dom" || fail "plain: a cost out of nothing"

grep -q '<img src=x' "$scratch/hostile.dom" && fail "hostile: a name became an element"
grep -qE '<b>bold|<i>raw' "$scratch/hostile.dom" && fail "hostile: a text became an element"
grep -q '<td>&lt;img src=x onerror=throw(1)&gt;' "$scratch/hostile.dom" || fail "hostile: the name is not shown"
grep -q 'This run did not finish' "$scratch/hostile.dom" || fail "hostile: nothing about the end"

# a reader who points, types and clicks: what answers is written into an attribute
cat "$scratch/usual/report.html" - > "$scratch/used.html" <<'SCRIPT'
<script>
(function () {
  var log = [], $ = function (query) { return document.querySelector(query); };
  function point(target, x, y) {
    var box = target.getBoundingClientRect();
    target.dispatchEvent(new PointerEvent('pointermove', {clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true}));
    return $('#tip').hidden ? 'nothing' : $('#tip').innerText.replace(/\n/g, ' ');
  }
  function key(target, name) { target.dispatchEvent(new KeyboardEvent('keydown', {key: name, bubbles: true})); }
  function press(section, text) {
    Array.prototype.filter.call(document.querySelectorAll(section + ' button'), function (b) { return b.textContent === text; })[0].click();
  }
  log.push('matrix ' + point($('#connectome-matrix canvas'), 0.4, 0.5));
  key($('#connectome-matrix canvas'), 'ArrowLeft');
  log.push('fc ' + point($('#fc canvas'), 0.4, 0.5));
  ['ArrowLeft', 'ArrowUp', '+', '-'].forEach(function (name) { key($('.stage'), name); });
  press('#brain', 'Above');
  press('#brain', 'Left');
  var name = $('#brain .name').getBoundingClientRect(), stage = $('.stage').getBoundingClientRect();
  log.push('brain ' + point($('.stage'), ((name.left + name.right) / 2 - stage.left) / stage.width, (name.bottom + 8 - stage.top) / stage.height));
  var before = $('#raster canvas').toDataURL();
  press('#activity', 'all');
  log.push('raster ' + ($('#raster canvas').toDataURL() !== before ? 'followed' : 'stayed'));
  before = $('#raster canvas').toDataURL();
  press('#spiking', 'by rate');
  log.push('neurons ' + ($('#raster canvas').toDataURL() !== before ? 'sorted' : 'stayed'));
  press('#spiking', '15 ms');
  log.push('bins ' + /Rates in bins of 15 ms/.test($('#spiking-caption').textContent));
  log.push('rates ' + point($('#spike-panels canvas'), 0.4, 0.5));
  before = $('#traces').innerHTML.length;
  document.querySelectorAll('#chooser input[type=checkbox]').forEach(function (box, i) { if (i < 9) box.click(); });
  press('#rhythm', 'linear');
  press('#rhythm', 'log power');
  press('#rhythm', 'log–log');
  $('#activity select').value = '1';
  $('#activity select').dispatchEvent(new Event('change'));
  log.push('label ' + $('#traces .dygraph-ylabel').textContent);
  $('#chooser input[type=search]').value = 'R.area3';
  $('#chooser input[type=search]').dispatchEvent(new Event('input'));
  log.push('found ' + document.querySelectorAll('#chooser label:not([hidden])').length);
  function chosen() { return document.querySelectorAll('#chooser input:checked').length; }
  press('#chooser', 'none');
  var none = chosen();
  key($('#fc canvas'), 'ArrowRight');
  key($('#fc canvas'), 'Enter'); /* the pair beside the diagonal */
  log.push('chosen ' + none + ' then ' + chosen());
  log.push('fcd ' + point($('#fcd canvas'), 0.4, 0.5));
  press('#channels', 'stacked');
  log.push('sensors ' + $('#channels .dygraph-ylabel').textContent);
  press('#channels', 'butterfly');
  log.push('density ' + $('#channels figure .dygraph-ylabel').textContent);
  before = $('#fc canvas').toDataURL();
  press('#connectome', 'as in the file');
  log.push('order ' + ($('#fc canvas').toDataURL() !== before ? 'changed' : 'stayed'));
  var found = '', box = $('#scatter canvas');
  for (var k = 0; k < 400 && !/weight/.test(found); k++) found = point(box, 0.15 + 0.8 * (k % 20) / 20, 0.05 + 0.75 * Math.floor(k / 20) / 20);
  log.push('scatter ' + found);
  window.dispatchEvent(new Event('beforeprint'));
  window.dispatchEvent(new Event('afterprint'));
  document.body.setAttribute('data-log', log.join('; '));
})();
</script>
SCRIPT
load used "$scratch/used.html"
log=$(grep -o 'data-log="[^"]*"' "$scratch/used.dom")
for answer in 'matrix [LR].area[0-9]* → [LR].area[0-9]* ' 'fc [LR].area[0-9]* – [LR].area[0-9]* correlation' \
    'brain L.area12 input strength [0-9.]* at ' 'raster followed' 'neurons sorted' 'bins true' 'rates [0-9.]* Hz E: [0-9.]* % of the neurons' 'label v;' 'found 4;' \
    'chosen 0 then 2' 'fcd windows around [0-9.]* s and [0-9.]* s correlation' 'sensors each ± [0-9.]* uV around' \
    'density power spectral density (uV²/Hz)' 'order [cs]' 'scatter [LR].area[0-9]* – [LR].area[0-9]* correlation [−0-9.]* weight'; do
    echo "$log" | grep -q "$answer" || fail "used: no answer like \"$answer\" in $log"
done

# what each section leaves in the document
for mark in 'data-painter="webgl"' 'aria-label="Raster' 'id="traces"[^>]*><div' 'id="rate"[^>]*><div' \
    'Welch estimate: 7 half-overlapping' "Pearson's correlation between regions of .*; mean over pairs" '71 % of wall time' \
    '<dd>10,000</dd>' '<td>L.area12</td>' '3 sensors in uV' 'connected pairs: r = ' 'that do not overlap' \
    '>montbrio-pazo-roxin</td>.*>all other regions</td>.*>tau</td><td class="number">20</td>' 'of E, evenly taken, with all their spikes' '<th[^>]*>pop. Fano</th>' '>Autocorrelogram<' 'independent Poisson neurons have 2 r / N'; do
    grep -q "$mark" "$scratch/used.dom" || fail "used: nothing like $mark"
done
[ "$(grep -o '<canvas' "$scratch/used.dom" | wc -l)" -ge 10 ] || fail "used: too few canvases"

load flat "$scratch/usual/report.html" --disable-3d-apis
grep -q 'data-painter="canvas"' "$scratch/flat.dom" || fail "flat: no view without WebGL"

"$build/tests/write_run" "$scratch/large" 100 > /dev/null || fail "large: not written"
size=$(wc -c < "$scratch/large/report.html")
[ "$size" -lt 8000000 ] || fail "100 regions and 10 s take $size bytes"
[ "$failures" -eq 0 ] && echo "ok: 4 loads, page of 100 regions $size bytes"
exit "$failures"
