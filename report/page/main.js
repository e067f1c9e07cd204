/* Puts the page together: sections whose data are missing stay hidden. */
'use strict';
(function () {
  var r = report, run = r.run, regions = run && run.regions;
  if (!run) throw new Error('the data of this page cannot be read');

  /* ---- headline ---- */
  function total(column) {
    var sum = regions.neurons.reduce(function (s, row) { return s + (row[column] === null ? NaN : row[column]); }, 0);
    return isFinite(sum) ? sum : null;
  }
  function head() {
    document.title = (run.title || 'run') + ' · callosum';
    r.say('title', run.title || 'A run without a title');
    r.say('eyebrow', 'callosum ' + run.version + ' · run ' + run.run + (r.fact('started') ? ' · ' + r.fact('started') : ''));
    var n = regions.neurons.length, names = regions.neurons.slice(0, 3).map(function (row) { return row[0]; });
    r.say('lede', r.count(regions.total) + ' regions' + (n === 0 ? ', all of them neural masses' : ', ' + (n === 1 ? 'one' : r.count(n)) +
      ' of them a network of spiking neurons: ' + names.join(', ') + (n > 3 ? ' and ' + (n - 3) + ' more' : '')) + '.');
    if (!run.complete) {
      r.by_id('warning').hidden = false;
      r.say('warning', 'This run did not finish: the page shows what was recorded up to ' + r.time(run.t_stop_ms) + '.');
    }
  }
  function figure(value, small, label, note, kind) {
    if (value === '–') return;
    var box = r.element('div', {'class': kind || ''}, [r.element('dt', {text: label}),
      r.element('dd', {}, [value].concat(small ? [r.element('small', {text: small})] : []))]);
    if (note) box.appendChild(r.element('div', {'class': 'note', text: note}));
    r.by_id('figures').appendChild(box);
  }
  function figures() {
    var neurons = total(1), synapses = total(2), wall = r.fact('cost', 'wall_s'), window_ms = r.fact('window_ms'), lag = r.fact('lag');
    var faster = wall > 0 ? run.t_stop_ms / 1000 / wall : NaN;
    figure(r.count(regions.total), '', 'regions', regions.neurons.length ? r.count(regions.neurons.length) + ' spiking' : '');
    if (run.connectome) figure(r.count(run.connectome.connections), '', 'connections');
    if (neurons) figure(r.count(neurons), '', 'spiking neurons', '', 'is-spiking');
    if (synapses) figure(synapses >= 1e6 ? r.number(synapses / 1e6) : r.count(synapses), synapses >= 1e6 ? 'million' : '', 'synapses', '', 'is-spiking');
    var simulated = r.time(run.t_stop_ms).split(' ');
    figure(simulated[0], simulated[1], 'simulated', run.transient_ms > 0 ? r.time(run.transient_ms) + ' transient' : '');
    figure(r.number(faster, 2), '×', 'real time', wall > 0 ? r.with_unit(wall, 's') + ' of wall time' : '');
    if (typeof window_ms === 'number') figure(r.plain(window_ms), 'ms', 'exchange window', lag ? 'lag ' + lag : '');
  }

  function summary() {
    var rows = run.summary.rows, table = r.by_id('summary-table');
    if (!rows.length) return;
    r.show('summary');
    r.say('summary-caption', 'Mean and standard deviation over time' + (run.transient_ms > 0 ? ', from ' + r.time(run.transient_ms) + ' to ' : ', up to ') +
      r.time(run.t_stop_ms) + (run.trains.length ? '; rates from spikes in bins of 10 ms.' : '.'));
    table.appendChild(r.element('tr', {}, ['region', 'quantity', 'mean', 'sd', 'unit', 'note'].map(function (name, k) {
      return r.element('th', {text: name, scope: 'col', 'class': k === 2 || k === 3 ? 'number' : ''});
    })));
    rows.forEach(function (row) {
      table.appendChild(r.element('tr', {}, [r.element('td', {text: row.region}), r.element('td', {text: row.quantity}),
        r.element('td', {'class': 'number', text: r.number(row.mean)}), r.element('td', {'class': 'number', text: r.number(row.sd)}),
        r.element('td', {text: r.unit(row.unit)}), r.element('td', {'class': 'note', text: row.note})]));
    });
  }

  /* ---- connectome ---- */
  function speed() { /* mm/ms, whatever form the manifest gives it */
    var value = r.fact('connectome', 'speed_mm_per_ms');
    if (value === undefined) value = r.fact('experiment', 'connectome', 'speed');
    if (typeof value === 'string') value = /^[0-9.eE+-]+\s*(mm\/ms|m\/s)?$/.test(value.trim()) ? parseFloat(value) : NaN;
    return value > 0 ? value : NaN;
  }
  function connectome() {
    if (!run.connectome) return;
    r.show('connectome');
    var n = regions.labels.length, weights = r.floats(run.connectome.weights), v = speed();
    var lengths = run.connectome.lengths_mm ? r.floats(run.connectome.lengths_mm) : null, low = Infinity, high = 0;
    r.weights = weights;
    weights.forEach(function (w) {
      if (w > 0) low = Math.min(low, w);
      high = Math.max(high, w);
    });
    low = Math.max(low, high * 1e-6);
    if (!(high > 0)) low = high = 1;
    var span = Math.log(high / low) || 1;
    r.matrix(r.by_id('connectome-matrix'), {
      n: n, row: 'to', column: 'from', bar: 'weight', marks: regions.spiking, colours: function () { return r.viridis; },
      value: function (i, j) { return weights[i * n + j] > 0 ? weights[i * n + j] : NaN; },
      shade: function (w) { return Math.log(w / low) / span; },
      ticks: decade_ticks(low, high, span),
      label: 'Matrix of connection weights between ' + n + ' regions, logarithmic colours',
      note: function (i, j) {
        var at = i * n + j, lines = [regions.labels[j] + ' → ' + regions.labels[i]];
        if (!weights[at]) return lines.concat('not connected');
        lines.push('weight ' + r.number(weights[at]));
        if (lengths) lines.push('length ' + r.with_unit(lengths[at], 'mm') + (v > 0 ? ', delay ' + r.with_unit(lengths[at] / v, 'ms') : ''));
        return lines;
      }});
    var text = r.count(run.connectome.connections) + ' connections, colours by the logarithm of the weight; grey: none' +
      (v > 0 ? '. Delays at ' + r.plain(v) + ' mm/ms' : '');
    if (regions.total > n) text += '. Of ' + r.count(regions.total) + ' regions ' + r.count(n) + ' are drawn, evenly taken';
    r.say('connectome-caption', text + '. Rows receive, columns send' + (regions.spiking.length ? '; triangles mark what spikes.' : '.'));
    if (!regions.centres_mm) return;
    var brain = r.brain(r.by_id('brain'));
    r.by_id('brain').appendChild(r.element('figcaption', {text: 'Balls grow with the input strength; lines are the ' + r.count(brain.n_edges) +
      ' strongest pairs' + (regions.spiking.length ? ', in colour those of what spikes' : '') + '. Drag turns, a click and the wheel zoom.' + (brain.is_webgl ? '' : ' (Drawn without WebGL.)')}));
  }
  function decade_ticks(low, high, span) {
    var ticks = [], first = Math.ceil(Math.log10(low)), last = Math.floor(Math.log10(high)), step = Math.max(1, Math.ceil((last - first) / 6));
    for (var e = first; e <= last; e += step) ticks.push({at: Math.log(Math.pow(10, e) / low) / span, text: r.power_of_ten(e)});
    if (ticks.length < 2) ticks = [{at: 0, text: r.number(low, 2)}, {at: 1, text: r.number(high, 2)}];
    return ticks;
  }

  function functional(signal) {
    if (!signal.fc) return;
    var n = regions.labels.length, codes = r.codes(signal.fc), host = r.by_id('fc');
    function value(i, j) { return codes[i * n + j] === 65535 ? NaN : codes[i * n + j] / 32767 - 1; }
    host.appendChild(r.element('div', {'class': 'sub', text: 'Functional connectivity'}));
    r.matrix(host, {
      n: n, row: '', column: '', bar: 'correlation', marks: regions.spiking, colours: r.diverging, value: value,
      shade: function (x) { return (x + 1) / 2; },
      ticks: [-1, -0.5, 0, 0.5, 1].map(function (x) { return {at: (x + 1) / 2, text: r.plain(x).replace('-', '−')}; }),
      label: 'Matrix of correlations between ' + n + ' regions',
      note: function (i, j) {
        return [regions.labels[i] + ' – ' + regions.labels[j], isNaN(value(i, j)) ? 'constant: no correlation' : 'correlation ' + r.number(value(i, j))];
      }});
    var sum = 0, n_pairs = 0;
    for (var i = 0; i < n; i++) for (var j = 0; j < i; j++) if (!isNaN(value(i, j))) {
      sum += value(i, j);
      n_pairs++;
    }
    host.appendChild(r.element('figcaption', {text: "Pearson's correlation between regions" +
      (n_pairs ? '; mean over pairs ' + r.number(sum / n_pairs, 2) : '') +
      (typeof signal.sc_fc === 'number' ? '; correlation with the weights ' + r.number(signal.sc_fc, 2) : '') + '.'}));
  }

  function dynamics(signal) {
    if (!signal.fcd) return;
    var d = signal.fcd, n = d.n, codes = r.codes(d.values), host = r.by_id('fcd');
    function value(i, j) { return codes[i * n + j] === 65535 ? NaN : codes[i * n + j] / 32767 - 1; }
    function when(i) { return r.time(d.first_ms + i * d.step_ms); }
    host.appendChild(r.element('div', {'class': 'sub', text: 'Dynamics of functional connectivity'}));
    r.matrix(host, {
      n: n, row: 'window', column: 'window, ' + when(0) + ' to ' + when(n - 1), bar: 'correlation', marks: [], colours: r.diverging,
      value: value, shade: function (x) { return (x + 1) / 2; },
      ticks: [-1, -0.5, 0, 0.5, 1].map(function (x) { return {at: (x + 1) / 2, text: r.plain(x).replace('-', '−')}; }),
      label: 'Matrix of correlations between the functional connectivity of ' + n + ' windows',
      note: function (i, j) {
        return ['windows around ' + when(i) + ' and ' + when(j), isNaN(value(i, j)) ? 'no correlation' : 'correlation ' + r.number(value(i, j))];
      }});
    host.appendChild(r.element('figcaption', {text: 'Correlation between the functional connectivity in ' + n + ' windows of ' +
      r.time(d.window_ms) + ', one every ' + r.time(d.step_ms) + '.'}));
  }

  /* ---- provenance ---- */
  function provenance() {
    if (!r.manifest) return;
    r.show('provenance');
    var list = r.by_id('facts');
    function fact(name, value) {
      if (value === undefined || value === null || value === '' || typeof value === 'object') return;
      list.appendChild(r.element('dt', {text: name}));
      list.appendChild(r.element('dd', {text: String(value)}));
    }
    fact('version', r.fact('callosum'));
    fact('compiler', r.fact('build', 'compiler'));
    fact('instruction set', r.fact('build', 'isa'));
    fact('commit', r.fact('build', 'commit'));
    var step = r.fact('dt_ms'), reason = r.fact('integrator_reason');
    fact('integrator', r.fact('integrator') && r.fact('integrator') + (step > 0 ? ', step ' + r.time(step) : '') + (reason ? ' (' + reason + ')' : ''));
    fact('seed', r.fact('seed'));
    fact('threads', r.fact('threads'));
    (Array.isArray(r.fact('inputs')) ? r.fact('inputs') : []).forEach(function (input) {
      list.appendChild(r.element('dt', {text: String(input.role || 'input')}));
      list.appendChild(r.element('dd', {}, [String(input.path) + '  '].concat(input.sha256 ? [r.element('code', {text: 'sha256 ' + input.sha256})] : [])));
    });
    r.say('manifest-text', JSON.stringify(r.manifest, null, 2));
  }

  head();
  figures();
  summary();
  connectome();
  var plots = r.plots();
  if (run.signals.length) {
    r.show('activity');
    plots.traces();
    plots.chooser();
  }
  plots.spiking();
  var fc_signal = run.signals.filter(function (s) { return s.fc; })[0];
  var has_signal = run.signals.length > 0 && (plots.main_signal.spectrum || fc_signal);
  if (has_signal) {
    r.show('rhythm'); /* before drawing: what is hidden has no size */
    plots.spectra();
    plots.bands();
    if (fc_signal) functional(fc_signal);
    if (fc_signal) dynamics(fc_signal);
    r.say('rhythm-caption', (!fc_signal || fc_signal === plots.main_signal || !plots.main_signal.spectrum ?
      'From the signal “' + (fc_signal || plots.main_signal).name + '”' :
      'Spectra of “' + plots.main_signal.name + '”, correlations of “' + fc_signal.name + '”') +
      (run.transient_ms > 0 ? ' after the transient, ' + r.time(run.transient_ms) + ' to ' + r.time(run.t_stop_ms) : '') + '.');
  }
  plots.cost();
  provenance();
  r.say('notes', 'One file, no outside resources. Traces are stored with 16 bits for the range of each region; all numbers come from the full recording in run.h5.');
  document.body.setAttribute('data-ready', '1');
})();
