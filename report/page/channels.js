/* What sensors saw (EEG, MEG, SEEG) and averages over groups of regions: traces over each other or stacked, a
 * spectrum of each, a list of what is shown. */
'use strict';
report.channels = function (plots, spectra) {
  var r = report, run = r.run, kinds = {eeg: 'EEG', meg: 'MEG', seeg: 'SEEG', 'spatial-average': 'Averages over groups', 'global-average': 'Average over the brain'};

  function one(channel, number) {
    var labels = channel.of === 'neurons' ? channel.labels.map(function (l) { return '#' + l; }) : channel.labels, n = labels.length, is_on = labels.map(function () { return true; });
    var is_sensor = ['eeg', 'meg', 'seeg'].indexOf(channel.monitor) >= 0, is_neurons = channel.of === 'neurons', is_stacked = is_neurons && n > 4, unit = r.unit(channel.unit);
    var traces = labels.map(function (l, c) { return channel.trace(c); });
    var middles = traces.map(function (t) {
      var kept = t.filter(function (v, i) { return v !== null && channel.time(i) * 1000 > run.transient_ms; });
      return spectra.median(kept.length ? kept : [0]);
    });
    var spread = Math.max.apply(null, traces.map(function (t, c) { /* after the transient, from the middle */
      return t.reduce(function (most, v, i) { return v === null || channel.time(i) * 1000 <= run.transient_ms ? most : Math.max(most, Math.abs(v - middles[c])); }, 0);
    }).concat(1e-300)), gap = 1.2 * spread;
    function colour(c) { return r.colour('c' + (c % 6 + 1)); }
    function shown() { return labels.map(function (l, c) { return c; }).filter(function (c) { return is_on[c]; }); }

    var host = r.element('div', {'class': 'channel', id: 'channel-' + number}), controls = r.element('div', {'class': 'controls'});
    var box = r.element('div', {'class': 'plot tall', role: 'img', 'aria-label': 'Traces of ' + channel.name + ' over time'});
    var list = r.element('fieldset', {'class': 'chooser'}, [r.element('legend', {text: is_sensor ? 'Sensors' : is_neurons ? 'Neurons' : channel.of ? 'Population' : 'Groups'})]);
    r.by_id(channel.of ? 'state-list' : 'channel-list').appendChild(host);
    host.appendChild(r.element('h3', {text: (kinds[channel.monitor] || (channel.of ? channel.long_name : plots.capital(channel.name))) + (kinds[channel.monitor] && channel.name !== channel.monitor.replace('-', '_') ? ': ' + channel.name : '')}));
    host.appendChild(r.element('p', {'class': 'caption', text: (channel.of ? '“' + channel.name + '” in run.h5' : plots.capital(channel.long_name || channel.name).replace(/^s?(eeg|meg)\b/i, function (word) { return word.toUpperCase(); })) + ', ' + (is_neurons && channel.columns > n ? r.count(n) + ' of ' + r.count(channel.columns) + ' recorded, evenly taken' : r.count(n) + (is_sensor ? n === 1 ? ' sensor' : ' sensors' : is_neurons ? n === 1 ? ' neuron' : ' neurons' : ' series')) +
      (unit ? ' in ' + unit : '') + ', one sample every ' + r.time(channel.every_ms) + '; ' + channel.drawn() + '.'}));
    host.appendChild(r.element('div', {'class': 'with-list'}, [r.element('div', {}, [controls, box]), list]));

    function content() {
      var columns = shown(), rows = [], top = columns.length - 1;
      for (var i = 0; i < channel.n; i++) rows.push([channel.time(i)].concat(columns.length ? columns.map(function (c, k) {
        var value = traces[c][i];
        return value === null || !is_stacked ? value : value - middles[c] + (top - k) * gap;
      }) : [null]));
      if (!rows.length) rows = [[0].concat(columns.length ? columns.map(function () { return null; }) : [null])];
      return {file: rows, labels: ['time'].concat(columns.length ? columns.map(function (c) { return labels[c]; }) : ['none']),
        colors: columns.length ? columns.map(colour) : ['#888'], ylabel: is_stacked ? 'each ± ' + r.number(gap / 2, 2) + (unit ? ' ' + unit : '') + ' around its median' : channel.name + (unit ? ' (' + unit + ')' : ''),
        valueRange: is_stacked ? [-gap * 0.7, (Math.max(top, 0) + 0.7) * gap] : null,
        axes: {x: {axisLabelFormatter: r.plain, axisLabelWidth: 60, pixelsPerLabel: 70}, y: is_stacked ?
          {axisLabelWidth: 82, drawGrid: true, axisLabelFormatter: String, ticker: function () {
            var every = Math.max(1, Math.ceil(columns.length / 22));
            return columns.map(function (c, k) { return {v: (top - k) * gap, label: k % every ? '' : labels[c].slice(0, 12)}; });
          }} : {axisLabelWidth: 60, drawGrid: true, axisLabelFormatter: r.plain, ticker: Dygraph.numericLinearTicks}}};
    }
    var plot = plots.time_plot(box, content, {unit: channel.unit, strokeWidth: n > 12 ? 0.8 : 1.2, highlightCallback: function (event, x, points, row) {
      r.tip([r.plain(x) + ' s'].concat(shown().slice(0, 12).map(function (c) {
        return labels[c] + ': ' + r.with_unit(traces[c][row], channel.unit);
      })), event.clientX, event.clientY);
    }});
    if (n > 1) controls.appendChild(r.choice([{text: is_sensor ? 'butterfly' : 'overlaid', value: false}, {text: 'stacked', value: true}], is_stacked, function (value) {
      is_stacked = value;
      plot.refresh();
    }, 'arrangement of the traces'));
    var refreshers = [plot.refresh];
    make_list();
    if (channel.spectrum) make_spectrum();

    function make_list() {
      var search = r.element('input', {type: 'search', placeholder: 'find', 'aria-label': 'find a column of ' + channel.name});
      var names = r.element('div', {'class': 'names'}), rows = labels.map(function (label, c) {
        var check = r.element('input', {type: 'checkbox'}), swatch = r.element('i');
        check.checked = true;
        r.draw(function () { swatch.style.background = colour(c); });
        check.addEventListener('change', function () {
          is_on[c] = check.checked;
          refreshers.forEach(function (f) { f(); });
        });
        return r.element('label', {title: label}, [check, swatch, r.element('span', {text: label})]);
      });
      search.addEventListener('input', function () {
        rows.forEach(function (row, c) { row.hidden = labels[c].toLowerCase().indexOf(search.value.toLowerCase()) < 0; });
      });
      rows.forEach(function (row) { names.appendChild(row); });
      if (n > 8) list.appendChild(search);
      if (n <= 8) names.className = 'names is-short';
      list.appendChild(names);
      if (n < 4) return;
      [['all', true], ['none', false]].forEach(function (what) {
        list.appendChild(r.element('button', {type: 'button', 'class': 'plain', text: what[0], onclick: function () {
          rows.forEach(function (row, c) { is_on[c] = row.querySelector('input').checked = what[1]; });
          refreshers.forEach(function (f) { f(); });
        }}));
      });
    }
    function make_spectrum() {
      var s = channel.spectrum, power = r.from_logs(s.power), figure = r.element('figure'), own = r.element('div', {'class': 'controls'});
      var plot_box = r.element('div', {'class': 'plot tall', role: 'img'}), bars = r.element('figure'), peaks = s.peak_Hz.filter(function (f) { return f !== null; });
      host.appendChild(r.element('div', {'class': 'pair'}, [figure, bars]));
      figure.appendChild(own);
      figure.appendChild(plot_box);
      refreshers.push(spectra.plot(plot_box, own, s, channel.unit, channel.every_ms, function () {
        return shown().map(function (c) {
          return {name: labels[c], colour: colour(c), peak_Hz: n <= 12 ? s.peak_Hz[c] : null, power: function (k) {
            var value = power[c * s.n + k];
            return [value, value, value];
          }};
        });
      }, 'Power spectra of ' + channel.name + ', with the bands'));
      figure.appendChild(r.element('figcaption', {text: (peaks.length ? r.count(peaks.length) + ' of ' + r.count(n) + ' with a clear peak, at ' + r.with_unit(spectra.median(peaks), 'Hz') + ' in the median. ' : 'No clear peak between 1 and 100 Hz. ') + spectra.welch(s)}));
      spectra.bands(bars, s, channel.unit, is_sensor ? 'sensors' : 'series');
    }
  }

  return function () {
    if (!run.channels.length) return;
    var has_sensors = run.channels.some(function (c) { return ['eeg', 'meg', 'seeg'].indexOf(c.monitor) >= 0; });
    var has_averages = run.channels.some(function (c) { return !c.of && ['eeg', 'meg', 'seeg'].indexOf(c.monitor) < 0; });
    r.say('channels-head', has_sensors && has_averages ? 'Sensors and averages' : has_sensors ? 'Sensors' : 'Averages over regions');
    var has_channels = run.channels.some(function (c) { return !c.of; });
    if (has_channels) r.show('channels');
    if (run.channels.some(function (c) { return c.of; })) r.show('states');
    r.say('states-head', run.channels.some(function (c) { return c.of === 'neurons'; }) ? run.channels.some(function (c) { return c.of === 'population'; }) ? 'States of neurons and populations' : 'States of neurons' : 'States of populations');
    run.channels.forEach(one);
  };
};
