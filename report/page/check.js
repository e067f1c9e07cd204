/* The page of a connectome's checks. */
'use strict';
(function () {
  var r = report, run = r.run, regions = run && run.regions;
  if (!run) throw new Error('the data of this page cannot be read');
  var n = regions.labels.length, weights = r.floats(run.connectome.weights), lengths = r.floats(run.connectome.lengths_mm);
  var speed = run.speed_mm_per_ms;

  function head() {
    var doubts = run.checks.filter(function (c) { return c.verdict === 'doubt'; }).length;
    var notes = run.checks.filter(function (c) { return c.verdict === 'note'; }).length;
    document.title = run.title + ' · connectome · callosum';
    r.say('eyebrow', 'callosum ' + run.version + ' · connectome');
    r.say('title', run.title);
    r.say('lede', r.count(regions.total) + ' regions, ' + r.count(run.connectome.connections) + ' connections. ' +
      (doubts ? r.count(doubts) + (doubts === 1 ? ' check leaves a doubt.' : ' checks leave a doubt.')
        : notes ? 'Nothing stands against a run; ' + r.count(notes) + (notes === 1 ? ' finding is' : ' findings are') + ' worth knowing.'
        : 'All checks are good.'));
  }

  function checks() {
    var table = r.by_id('checks'), signs = {good: '✓', note: '•', doubt: '!'};
    table.appendChild(r.element('tr', {}, ['', 'check', 'found'].map(function (name) { return r.element('th', {text: name, scope: 'col'}); })));
    run.checks.forEach(function (c) {
      table.appendChild(r.element('tr', {'class': 'is-' + c.verdict}, [r.element('td', {'class': 'sign', text: signs[c.verdict], title: c.verdict}),
        r.element('td', {text: c.name}), r.element('td', {'class': 'note', text: c.found})]));
    });
  }

  function note(i, j) {
    var at = i * n + j, lines = [regions.labels[j] + ' → ' + regions.labels[i]];
    lines.push(weights[at] ? 'weight ' + r.number(weights[at]) : 'not connected');
    return lines.concat('length ' + r.with_unit(lengths[at], 'mm') + ', delay ' + r.with_unit(lengths[at] / speed, 'ms'));
  }
  function matrices() {
    r.by_id('weights').appendChild(r.element('div', {'class': 'sub', text: 'Weights'}));
    r.by_id('lengths').appendChild(r.element('div', {'class': 'sub', text: 'Tract lengths'}));
    r.wiring(r.by_id('weights'), {n: n, values: weights, value: function (i, j) { return weights[i * n + j]; }, row: 'to', column: 'from',
      bar: 'weight', marks: [], is_log: true, note: note,
      label: 'Matrix of connection weights between ' + n + ' regions, logarithmic colours'});
    r.wiring(r.by_id('lengths'), {n: n, values: lengths, value: function (i, j) { return lengths[i * n + j]; }, row: 'to', column: 'from',
      bar: 'length (mm)', marks: [], is_log: false, note: note,
      label: 'Matrix of tract lengths between ' + n + ' regions'});
    r.say('matrices-caption', 'Rows receive, columns send. Weights are coloured by their logarithm; grey: none, or a length of 0.' +
      (regions.total > n ? ' Of ' + r.count(regions.total) + ' regions ' + r.count(n) + ' are drawn, evenly taken.' : ''));
  }

  /* Bars over an axis with ticks [{at 0..1, text}]; points are drawn over them. */
  function bars(host, options) {
    var canvas = r.element('canvas', {role: 'img', 'aria-label': options.label});
    host.appendChild(canvas);
    var left = 46, bottom = 40, top = 10, right = 10, width = 0, height = 230;
    var most = Math.max.apply(null, options.values.concat(options.points || [], 1)), count = options.values.length;
    function step() { /* 1, 2 or 5 times a power of ten, about four of them */
      var size = Math.pow(10, Math.floor(Math.log10(most / 4))), times = [1, 2, 5, 10].filter(function (k) { return k * size * 5 >= most; })[0] || 10;
      return Math.max(1, times * size);
    }
    r.draw(function () {
      width = host.clientWidth || 480;
      var context = r.fit(canvas, width, height), inner = width - left - right, tall = height - top - bottom;
      context.textBaseline = 'middle';
      context.textAlign = 'right';
      for (var y = 0; y <= most; y += step()) {
        var at = top + tall * (1 - y / most);
        context.fillStyle = r.colour('line');
        context.fillRect(left, at - 0.5, inner, 1);
        context.fillStyle = r.colour('muted');
        context.fillText(r.count(y), left - 6, at);
      }
      context.fillStyle = r.colour('node');
      options.values.forEach(function (value, i) {
        var tallness = tall * value / most, gap = inner / count > 4 ? 1 : 0;
        context.fillRect(left + i * inner / count + gap / 2, top + tall - tallness, Math.max(0.7, inner / count - gap), tallness);
      });
      context.fillStyle = r.colour('spiking');
      (options.points || []).forEach(function (value, i) {
        context.beginPath();
        context.arc(left + (i + 0.5) * inner / count, top + tall * (1 - value / most), Math.min(3, Math.max(1.2, inner / count / 3)), 0, 2 * Math.PI);
        context.fill();
      });
      context.fillStyle = r.colour('muted');
      context.textAlign = 'center';
      context.textBaseline = 'alphabetic';
      options.ticks.forEach(function (tick) { context.fillText(tick.text, left + tick.at * inner, top + tall + 16); });
      context.fillText(options.axis, left + inner / 2, height - 6);
    });
    canvas.addEventListener('pointermove', function (event) {
      var i = Math.floor((event.clientX - canvas.getBoundingClientRect().left - left) * count / (width - left - right));
      r.tip(i >= 0 && i < count ? options.note(i) : null, event.clientX, event.clientY);
    });
    canvas.addEventListener('pointerleave', function () { r.tip(null); });
  }
  function histogram(id, data, title, axis, text) {
    var host = r.by_id(id), span = data.high - data.low, ticks = [];
    host.appendChild(r.element('div', {'class': 'sub', text: title}));
    if (data.low === null || data.high === null) {
      host.appendChild(r.element('p', {'class': 'caption', text: 'no connections'}));
      return;
    }
    for (var k = 0; k <= 4; k++) ticks.push({at: k / 4, text: text(data.low + k * span / 4)});
    bars(host, {values: data.counts, ticks: ticks, axis: axis, label: title,
      note: function (i) {
        var width = span / data.counts.length;
        return [r.count(data.counts[i]) + ' connections', text(data.low + i * width) + ' to ' + text(data.low + (i + 1) * width)];
      }});
  }
  function degrees() {
    var inputs = run.connectome.inputs, outputs = run.connectome.outputs;
    bars(r.by_id('degrees'), {values: inputs, points: outputs, axis: 'region', label: 'Number of connections of each region',
      ticks: [0, 0.25, 0.5, 0.75, 1].map(function (x) {
        var i = Math.round(x * (n - 1));
        return {at: (i + 0.5) / n, text: String(i)};
      }),
      note: function (i) {
        return [regions.labels[i], 'receives from ' + r.count(inputs[i]), 'sends to ' + r.count(outputs[i]),
          'input strength ' + r.number(run.connectome.strength[i])];
      }});
  }

  head();
  checks();
  matrices();
  histogram('weights-histogram', run.weights, 'Weights', 'weight', function (x) { return r.number(Math.pow(10, x), 2); });
  histogram('delays-histogram', run.delays_ms, 'Delays', 'delay (ms)', function (x) { return r.number(x, 2); });
  r.say('spread-caption', 'All connections, also those of a region to itself. Weights above 0 in bins of equal width of their logarithm; delays at ' +
    r.plain(speed) + ' mm/ms.');
  degrees();
  if (regions.centres_mm) {
    r.show('space'); /* before drawing: what is hidden has no size */
    r.weights = weights;
    var brain = r.brain(r.by_id('brain'));
    r.by_id('brain').appendChild(r.element('figcaption', {text: 'Balls grow with the input strength; lines are the ' + r.count(brain.n_edges) +
      ' strongest pairs. Drag turns, a click and the wheel zoom.' + (brain.is_webgl ? '' : ' (Drawn without WebGL.)')}));
  }
  r.say('notes', 'One file, no outside resources. docs/connectomes.md says what is checked.');
  document.body.setAttribute('data-ready', '1');
})();
