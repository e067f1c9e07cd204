/* Weights of synapses that learn: their distribution over time, and at the beginning, in the middle and at the end. */
'use strict';
report.synapses = function (plots) {
  var r = report, run = r.run, names = ['5 to 95 %', '25 to 75 %', 'mean'];

  function fan(w, box) {
    var t = r.floats(w.times_ms), v = r.floats(w.curves), n = w.n;
    var rows = t.map(function (ms, i) {
      function q(k) { return v[k * n + i]; }
      return [ms / 1000, [q(0), q(2), q(4)], [q(1), q(2), q(3)], [q(5), q(5), q(5)]];
    });
    function content() {
      return {file: rows, labels: ['time'].concat(names), colors: [r.colour('c1'), r.colour('c1'), r.colour('ink')],
        ylabel: 'weight' + (r.unit(w.unit) ? ' (' + r.unit(w.unit) + ')' : '')};
    }
    plots.time_plot(box, content, {unit: w.unit, is_whole: true, customBars: true, fillAlpha: 0.22, series: {mean: {strokeWidth: 1, strokePattern: [5, 4]}},
      highlightCallback: function (event, x, points, row) {
        r.tip([r.plain(x) + ' s'].concat([['95 %', 4], ['75 %', 3], ['median', 2], ['25 %', 1], ['5 %', 0], ['mean', 5]].map(function (line) {
          return line[0] + ': ' + r.with_unit(v[line[1] * n + row], w.unit);
        })), event.clientX, event.clientY);
      }});
    box.setAttribute('aria-label', 'Distribution of ' + w.name + ' over time');
  }

  function histograms(w, box) {
    var n = w.histograms[0].percent.length, step = (w.high - w.low) / n, rows = [];
    for (var b = 0; b < n; b++) rows.push([w.low + (b + 0.5) * step].concat(w.histograms.map(function (h) { return h.percent[b]; })));
    var heads = w.histograms.map(function (h) { return 'at ' + r.time(h.t_ms); });
    var most = Math.max.apply(null, w.histograms.map(function (h) { /* equal weights, one bar of 100 %, do not dwarf the others */
      var top = Math.max.apply(null, h.percent);
      return top < 99 ? top : 0;
    }));
    function content() {
      return Object.assign(plots.look(), {valueRange: [0, 1.1 * (most || 100)], file: rows, labels: ['weight'].concat(heads), colors: ['muted', 'c2', 'c1'].map(r.colour)});
    }
    var options = content(), file = options.file;
    delete options.file;
    var graph = new Dygraph(box, file, Object.assign(options, {strokeWidth: 1.4, legend: 'never', includeZero: true, xLabelHeight: 20,
      yLabelWidth: 18, highlightCircleSize: 2.5, xlabel: 'weight' + (r.unit(w.unit) ? ' (' + r.unit(w.unit) + ')' : ''), ylabel: 'synapses (%)',
      axes: {x: {axisLabelFormatter: r.plain, axisLabelWidth: 60, pixelsPerLabel: 70}, y: {axisLabelWidth: 52, axisLabelFormatter: r.plain}},
      highlightCallback: function (event, x, points) {
        r.tip([r.with_unit(x, w.unit)].concat(points.map(function (p) { return p.name + ': ' + r.number(p.yval) + ' %'; })), event.clientX, event.clientY);
      },
      unhighlightCallback: function () { r.tip(null); }}));
    r.draw(function () { graph.updateOptions(content()); });
    box.setAttribute('aria-label', 'Histograms of ' + w.name);
  }

  function one(w) {
    var left = r.element('figure', {}, [r.element('div', {'class': 'plot tall', role: 'img'})]), right = r.element('figure');
    var host = r.by_id('weights-list');
    host.appendChild(r.element('h3', {text: plots.capital(w.long_name || w.name)}));
    host.appendChild(r.element('p', {'class': 'caption', text: r.count(w.synapses) + (w.synapses === 1 ? ' synapse' : ' synapses') + ', one row every ' + r.time(w.every_ms) +
      (w.n < w.rows ? '; ' + r.count(w.n) + ' of ' + r.count(w.rows) + ' rows are drawn' : '') + '. Signal “' + w.name + '” in run.h5.'}));
    host.appendChild(r.element('div', {'class': 'pair'}, [left, right]));
    fan(w, left.firstChild);
    left.appendChild(r.element('figcaption', {text: 'Median, the middle half and nine tenths of the synapses; dashed: the mean.'}));
    if (!w.histograms.length) {
      right.appendChild(r.element('figcaption', {text: 'All weights are the same.'}));
      return;
    }
    right.appendChild(r.element('div', {'class': 'plot tall', role: 'img'}));
    histograms(w, right.firstChild);
    right.appendChild(r.element('figcaption', {text: 'The weights at ' + r.time(w.histograms[0].t_ms) + ' (grey), ' + r.time(w.histograms[1].t_ms) + ' (green) and ' +
      r.time(w.histograms[2].t_ms) + ' (blue).'}));
  }

  return function () {
    if (!run.weights.length) return;
    r.show('weights');
    run.weights.forEach(one);
  };
};
