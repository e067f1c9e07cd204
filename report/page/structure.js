/* Structure and function: functional connectivity beside the weights, one against the other, and its dynamics. */
'use strict';
report.structure = function (signal) {
  var r = report, run = r.run, labels = run.regions.labels, n = labels.length;
  var fc = r.correlations(signal.fc, n), weights = r.weights, scatter = null, matrices = [];
  var blue_red = [-1, -0.5, 0, 0.5, 1].map(function (x) { return {at: (x + 1) / 2, text: r.plain(x).replace('-', '−')}; });

  function mean_weight(i, j) { return 0.5 * (weights[i * n + j] + weights[j * n + i]); }
  function pair_note(i, j) {
    var lines = [labels[i] + ' – ' + labels[j], isNaN(fc(i, j)) ? 'constant: no correlation' : 'correlation ' + r.number(fc(i, j))];
    if (weights && i !== j) lines.push(mean_weight(i, j) > 0 ? 'weight ' + r.number(mean_weight(i, j)) + ', mean of both directions' : 'not connected');
    return lines;
  }
  /* What is under the pointer in one picture is outlined in the others. */
  function mark(i, j, who) {
    matrices.forEach(function (m) { if (m !== who) m.mark(i, j); });
    if (scatter && who !== scatter) scatter.mark(i, j);
  }

  function function_matrix() {
    var host = r.by_id('fc'), sum = 0, n_pairs = 0, own;
    host.appendChild(r.element('div', {'class': 'sub', text: 'Functional connectivity'}));
    own = r.matrix(host, {n: n, is_regions: true, row: 'region', column: 'region', bar: 'correlation', marks: run.regions.spiking, colours: r.diverging,
      value: fc, shade: function (x) { return (x + 1) / 2; }, ticks: blue_red, note: pair_note,
      moved: function (i, j) { mark(i, j, own); }, label: 'Matrix of correlations between ' + n + ' regions'});
    matrices.push(own);
    for (var i = 0; i < n; i++) for (var j = 0; j < i; j++) if (!isNaN(fc(i, j))) {
      sum += fc(i, j);
      n_pairs++;
    }
    host.appendChild(r.element('figcaption', {text: "Pearson's correlation between regions of “" + signal.name + '”' +
      (n_pairs ? '; mean over pairs ' + r.number(sum / n_pairs, 2) : '') + '.'}));
  }
  function weight_matrix() {
    if (!weights) return;
    var host = r.by_id('sc'), own;
    host.appendChild(r.element('div', {'class': 'sub', text: 'Structural connectivity'}));
    own = r.weight_matrix(host, 'Mean weight of both directions', mean_weight, pair_note, function (i, j) { mark(i, j, own); });
    matrices.push(own);
    host.appendChild(r.element('figcaption', {text: 'Weights, the mean of both directions, logarithmic colours; grey: not connected. Same order of regions on both sides.'}));
  }

  function scatter_plot() {
    if (!weights) return;
    var host = r.by_id('scatter'), pairs = [], low = Infinity, high = 0, bottom = 1, top = -1, loose = 0, n_loose = 0, marked = null;
    for (var i = 0; i < n; i++) for (var j = i + 1; j < n; j++) {
      var w = mean_weight(i, j), f = fc(i, j);
      if (isNaN(f)) continue;
      if (!(w > 0)) {
        loose += f;
        n_loose++;
        continue;
      }
      pairs.push([w, f, i, j]);
      low = Math.min(low, w);
      high = Math.max(high, w);
      bottom = Math.min(bottom, f);
      top = Math.max(top, f);
    }
    if (pairs.length < 3) return;
    var decades = Math.log(high / low) || 1, pad = 0.05 * (top - bottom || 1);
    low *= Math.exp(-0.03 * decades);
    high *= Math.exp(0.03 * decades);
    bottom -= pad;
    top += pad;
    var span = Math.log(high / low), canvas = r.element('canvas', {role: 'img', 'aria-label': 'Functional connectivity against weight, one point per connected pair'}), area = null;
    host.appendChild(r.element('div', {'class': 'sub', text: 'Function against structure'}));
    host.appendChild(canvas);
    function place(p) { return [area.x + Math.log(p[0] / low) / span * area.w, area.y + (top - p[1]) / (top - bottom) * area.h]; }
    function paint() {
      area = r.room(host, 380);
      var context = r.fit(canvas, area.width, area.height), size = pairs.length > 20000 ? 1 : pairs.length > 3000 ? 2 : 3;
      r.frame(context, area, {label: 'weight, mean of both directions', ticks: r.decade_ticks(low, high, span)}, {label: 'correlation (FC)', ticks: r.ticks_of(bottom, top, 6)});
      context.fillStyle = r.colour('host');
      context.globalAlpha = pairs.length > 20000 ? 0.25 : 0.5;
      pairs.forEach(function (p) {
        var at = place(p);
        context.fillRect(at[0] - size / 2, at[1] - size / 2, size, size);
      });
      context.globalAlpha = 1;
      if (!marked) return;
      context.strokeStyle = r.colour('spiking');
      context.lineWidth = 2;
      context.beginPath();
      context.arc(place(marked)[0], place(marked)[1], 6, 0, 2 * Math.PI);
      context.stroke();
    }
    r.draw(paint);
    function set(pair) {
      if (pair === marked) return;
      marked = pair;
      paint();
    }
    scatter = {mark: function (i, j) {
      var a = Math.min(i, j), b = Math.max(i, j);
      set(i < 0 ? null : pairs.filter(function (p) { return p[2] === a && p[3] === b; })[0] || null);
    }};
    canvas.addEventListener('pointermove', function (event) {
      var box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top, best = null, nearest = 12;
      pairs.forEach(function (p) {
        var at = place(p), distance = Math.hypot(at[0] - x, at[1] - y);
        if (distance < nearest) {
          nearest = distance;
          best = p;
        }
      });
      set(best);
      mark(best ? best[2] : -1, best ? best[3] : -1, scatter);
      r.tip(best && pair_note(best[2], best[3]), event.clientX, event.clientY);
    });
    canvas.addEventListener('pointerleave', function () {
      set(null);
      mark(-1, -1, scatter);
      r.tip(null);
    });
    canvas.addEventListener('click', function () { if (marked) r.selection.set([marked[2], marked[3]]); });
    host.appendChild(r.element('figcaption', {text: r.count(pairs.length) + ' connected pairs: r = ' + r.number(signal.sc_fc_log, 2) + ' with the logarithm of the weight. r = ' +
      r.number(signal.sc_fc, 2) + ' with the weight itself over all pairs' + (n_loose ? '; the mean over the ' + r.count(n_loose) + ' unconnected pairs is ' + r.number(loose / n_loose, 2) : '') + '.'}));
  }

  function dynamics() {
    if (!signal.fcd) return;
    var d = signal.fcd, m = d.n, host = r.by_id('fcd'), value = r.correlations(d.values, m);
    function when(i) { return r.time(d.first_ms + i * d.step_ms); }
    host.appendChild(r.element('div', {'class': 'sub', text: 'Dynamics of functional connectivity'}));
    r.matrix(host, {n: m, row: 'centre of window (s)', column: 'centre of window (s)', bar: 'correlation', marks: [], colours: r.diverging,
      axis: {first: d.first_ms / 1000, step: d.step_ms / 1000}, value: value, shade: function (x) { return (x + 1) / 2; }, ticks: blue_red,
      label: 'Matrix of correlations between the functional connectivity of ' + m + ' windows',
      note: function (i, j) { return ['windows around ' + when(i) + ' and ' + when(j), isNaN(value(i, j)) ? 'no correlation' : 'correlation ' + r.number(value(i, j))]; }});
    host.appendChild(r.element('figcaption', {text: 'Correlation between the functional connectivity in ' + m + ' windows of ' +
      r.time(d.window_ms) + ', one every ' + r.time(d.step_ms) + '.'}));
    histogram(d, m, value);
  }
  function histogram(d, m, value) {
    var all = [], apart = [], low = 1, high = -1, bins = 40;
    for (var i = 0; i < m; i++) for (var j = i + 1; j < m; j++) {
      var x = value(i, j);
      if (isNaN(x)) continue;
      all.push(x);
      if ((j - i) * d.step_ms >= d.window_ms) apart.push(x);
      low = Math.min(low, x);
      high = Math.max(high, x);
    }
    if (all.length < 2 || !(high > low)) return;
    function counted(list) {
      var out = new Array(bins).fill(0);
      list.forEach(function (x) { out[Math.min(bins - 1, Math.floor((x - low) / (high - low) * bins))] += 100 / all.length; });
      return out;
    }
    var bars = counted(all), own = counted(apart), most = 1.08 * Math.max.apply(null, bars), host = r.by_id('fcd-histogram');
    var canvas = r.element('canvas', {role: 'img', 'aria-label': 'Histogram of the correlations between windows'});
    host.appendChild(r.element('div', {'class': 'sub', text: 'How alike the windows are'}));
    host.appendChild(canvas);
    r.draw(function () {
      var area = r.room(host, 380), context = r.fit(canvas, area.width, area.height);
      r.frame(context, area, {label: 'correlation between windows', ticks: r.ticks_of(low, high, 6)}, {label: 'pairs of windows (%)', ticks: r.ticks_of(0, most, 6)});
      [[bars, 0.3], [own, 1]].forEach(function (layer) {
        context.fillStyle = r.colour('host');
        context.globalAlpha = layer[1];
        layer[0].forEach(function (share, b) {
          var tall = share / most * area.h;
          context.fillRect(area.x + b / bins * area.w + 0.5, area.y + area.h - tall, area.w / bins - 1, tall);
        });
      });
      context.globalAlpha = 1;
    });
    host.appendChild(r.element('figcaption', {text: 'The values of the matrix above its diagonal: ' + r.count(all.length) + ' pairs of windows, ' + (apart.length ?
      'full colour for the ' + r.count(apart.length) + ' that do not overlap' : 'all of which overlap') + '.'}));
  }

  function_matrix();
  weight_matrix();
  scatter_plot();
  dynamics();
};
