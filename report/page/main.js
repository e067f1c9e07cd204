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
    if (run.network) r.say('lede', 'A spiking network of ' + r.count(run.network.neurons) + ' neurons in ' + r.count(regions.total) +
      ' population' + (regions.total === 1 ? '' : 's') + ': ' + regions.labels.slice(0, 8).join(', ') + (regions.total > 8 ? ', …' : '') + '.');
    var n = regions.neurons.length, names = regions.neurons.slice(0, 3).map(function (row) { return row[0]; });
    if (!run.network) r.say('lede', r.count(regions.total) + ' regions' + (n === 0 ? ', all of them neural masses' : ', ' + (n === 1 ? 'one' : r.count(n)) +
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
    var net = run.network, neurons = net ? net.neurons : total(1), synapses = net ? net.synapses : total(2), wall = r.fact('cost', 'wall_s'), window_ms = r.fact('window_ms'), lag = r.fact('lag');
    var faster = wall > 0 ? run.t_stop_ms / 1000 / wall : NaN;
    figure(r.count(regions.total), '', r.noun + (regions.total === 1 ? '' : 's'), regions.neurons.length ? r.count(regions.neurons.length) + ' spiking' : '');
    if (run.connectome) figure(r.count(run.connectome.connections), '', 'connections');
    if (neurons) figure(r.count(neurons), '', 'spiking neurons', '', 'is-spiking');
    if (synapses) figure(synapses >= 1e6 ? r.number(synapses / 1e6) : r.count(synapses), synapses >= 1e6 ? 'million' : '', 'synapses', '', 'is-spiking');
    var simulated = r.time(run.t_stop_ms).split(' ');
    figure(simulated[0], simulated[1], 'simulated', run.transient_ms > 0 ? r.time(run.transient_ms) + ' transient' : '');
    figure(r.number(faster, faster < 100 ? 2 : 3), '×', 'real time', wall > 0 ? r.with_unit(wall, 's') + ' of wall time' : '');
    if (r.fact('dt_ms') > 0 && (net || !neurons)) figure(r.plain(r.fact('dt_ms')), 'ms', 'step', r.fact('integrator') || '');
    if (typeof window_ms === 'number' && regions.neurons.length) figure(r.plain(window_ms), 'ms', 'exchange window', lag ? 'lag ' + lag : '');
  }

  function summary() {
    var rows = run.summary.rows, table = r.by_id('summary-table');
    if (!rows.length) return;
    r.show('summary');
    r.say('summary-caption', 'Mean and standard deviation over time' + (run.transient_ms > 0 ? ', from ' + r.time(run.transient_ms) + ' to ' : ', up to ') +
      r.time(run.t_stop_ms) + (run.trains.length ? '; rates from spikes in bins of 10 ms.' : '.'));
    table.appendChild(r.element('tr', {}, [r.noun, 'quantity', 'mean', 'sd', 'unit', 'note'].map(function (name, k) {
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
  /* A matrix of weights between the regions; the pointer's notes and moves belong to the caller. */
  r.weight_matrix = function (host, label, value, note, moved) {
    var n = regions.labels.length;
    return r.wiring(host, {
      n: n, is_regions: true, is_log: true, row: moved ? 'region' : 'to', column: moved ? 'region' : 'from', bar: 'weight',
      marks: regions.spiking, values: r.weights, value: value, note: note, moved: moved,
      label: label + ' between ' + n + ' regions, logarithmic colours'});
  };
  function connectome() {
    if (!run.connectome) return;
    r.show('connectome');
    var n = regions.labels.length, v = speed(), lengths = run.connectome.lengths_mm ? r.codes(run.connectome.lengths_mm) : null;
    r.weights = r.from_logs(run.connectome.weights);
    r.weight_matrix(r.by_id('connectome-matrix'), 'Matrix of connection weights', function (i, j) { return r.weights[i * n + j]; }, function (i, j) {
      var at = i * n + j, lines = [regions.labels[j] + ' → ' + regions.labels[i]];
      if (!r.weights[at]) return lines.concat('not connected');
      lines.push('weight ' + r.number(r.weights[at]));
      if (!lengths || lengths[at] === 65535) return lines;
      var length = lengths[at] / 65534 * run.connectome.longest_mm;
      return lines.concat('length ' + r.with_unit(length, 'mm') + (v > 0 ? ', delay ' + r.with_unit(length / v, 'ms') : ''));
    });
    var text = r.count(run.connectome.connections) + ' connections, ' + r.number(100 * run.connectome.connections / (regions.total * Math.max(1, regions.total - 1)), 2) +
      ' % of all pairs; colours by the logarithm of the weight, grey: none' + (v > 0 ? '. Delays at ' + r.plain(v) + ' mm/ms' : '');
    if (regions.total > n) text += '. Of ' + r.count(regions.total) + ' regions ' + r.count(n) + ' are drawn, evenly taken';
    r.say('connectome-caption', text + '. Rows receive, columns send' + (regions.spiking.length ? '; triangles mark what spikes.' : '.') +
      ' A click on a cell or a ball chooses regions, here and below.');
    if (r.order.has_sides) {
      r.show('connectome-controls');
      r.by_id('connectome-controls').appendChild(document.createTextNode('order of regions in all matrices'));
      r.by_id('connectome-controls').appendChild(r.choice([{text: 'hemisphere and name', value: true}, {text: 'as in the file', value: false}], true, r.order.set, 'order of regions'));
    }
    if (!regions.centres_mm) return;
    var brain = r.brain(r.by_id('brain'));
    r.by_id('brain').appendChild(r.element('figcaption', {text: 'Balls grow with the input strength; lines are the ' + r.count(brain.n_edges) +
      ' strongest pairs' + (regions.spiking.length ? ', in colour those of what spikes' : '') + '. Drag turns, a click on a ball chooses it, the wheel zooms after a click.' + (brain.is_webgl ? '' : ' (Drawn without WebGL.)')}));
  }
  /* ---- models: what differs from the defaults; a long table is folded ---- */
  function models() {
    var most_open = 12, rows = [], notes = [], n_changed = 0, base = r.fact('experiment', 'regions', 'default', 'model');
    var n_entries = Object.keys(r.fact('experiment', 'regions') || {}).length;
    run.models.forEach(function (m) {
      var name = m.equations.split('/').pop(), where = m.regions || (m.name === base ? (n_entries > 1 ? 'all other regions' : 'all regions') : '');
      var of_all = m.changed.length + ' of ' + r.count(m.parameters) + ' parameters';
      n_changed += m.changed.length;
      if (!m.changed.length) notes.push(m.name + ' (' + name + '): all ' + r.count(m.parameters) + ' parameters have their defaults');
      else if (!m.regions && m.is_known) notes.push(m.name + ' (' + name + '): ' + of_all + ' differ from the defaults');
      else if (!m.regions) notes.push(m.name + ' (' + name + '), a model of its own: all ' + r.count(m.parameters) + ' parameters');
      if (!m.changed.length && run.models.length > 3) rows.push([m.name, name, where, '', '', '', '', 'all parameters have their defaults']);
      m.changed.forEach(function (p, k) {
        var unit = r.unit(p.unit), value = p.value === null ? p.text : r.plain(p.value);
        rows.push([k === 0 ? m.name : '', k === 0 ? name : '', k === 0 ? where : '', p.name, value, p['default'] === null ? '–' : r.plain(p['default']), unit, p.meaning]);
      });
    });
    if (!run.models.length) return;
    r.show('models');
    r.say('models-caption', run.models.length > 3 ? r.count(n_changed) + ' parameters of ' + r.count(run.models.length) + ' ' + (run.network ? 'populations' : 'models') + ' differ from their defaults.'
      : notes.join('; ') + '.');
    r.by_id('models-fold').hidden = !rows.length;
    r.by_id('models-fold').open = rows.length <= most_open;
    window.addEventListener('beforeprint', function () { r.by_id('models-fold').open = true; });
    r.say('models-count', 'values, defaults and meanings');
    if (!rows.length) return;
    var table = r.by_id('models-table'), heads = [run.network ? 'population' : 'model', run.network ? 'neuron' : 'equations', 'regions', 'parameter', 'value', 'default', 'unit', 'meaning'];
    function cells(row, make) { return row.map(make).filter(function (cell, k) { return k !== 2 || !run.network; }); }
    table.appendChild(r.element('tr', {}, cells(heads, function (name, k) {
      return r.element('th', {text: name, scope: 'col', 'class': k === 4 || k === 5 ? 'number' : ''});
    })));
    rows.forEach(function (row) {
      table.appendChild(r.element('tr', {}, cells(row, function (text, k) { return r.element('td', {text: text, 'class': k === 4 || k === 5 ? 'number' : k === 7 ? 'note' : ''}); })));
    });
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
  models();
  var plots = r.plots();
  if (run.network) r.by_id('activity').parentNode.insertBefore(r.by_id('spiking'), r.by_id('activity')); /* the raster shows most */
  if (run.signals.length) {
    r.show('activity');
    r.say('activity-head', 'Activity of the ' + r.noun + 's');
    plots.traces();
    plots.chooser();
  }
  var spectra = r.spectra(plots.look), main_signal = plots.main_signal;
  r.channels(plots, spectra)();
  r.spikes(plots, spectra)();
  r.synapses(plots)();
  function after() { return run.transient_ms > 0 ? ' after the transient, ' + r.time(run.transient_ms) + ' to ' + r.time(run.t_stop_ms) : ''; }
  if (main_signal && main_signal.spectrum) {
    r.show('rhythm'); /* before drawing: what is hidden has no size */
    spectra.of_regions(main_signal);
    spectra.bands(r.by_id('bands'), main_signal.spectrum, main_signal.unit, r.noun + 's');
    r.say('rhythm-caption', 'Of the signal “' + main_signal.name + '”' + after() + '. The bands are shaded and named at the upper edge with their limits in Hz.');
  }
  var fc_signal = run.signals.filter(function (s) { return s.fc; })[0];
  if (fc_signal) {
    r.show('function');
    r.structure(fc_signal);
    r.say('function-caption', 'From the signal “' + fc_signal.name + '”' + after() + '. Computed from run.h5 by callosum ' + run.version + ' when this page was written; docs/recording.md has the formulas of /analysis.');
  }
  plots.cost();
  provenance();
  r.say('notes', 'One file, no outside resources. Traces are stored with 16 bits for the range of each ' + r.noun + '; all numbers come from the full recording in run.h5.');
  document.body.setAttribute('data-ready', '1');
})();
