/* Spikes of a spiking region, or of a network of its own: a raster of all its populations, their rates over time, their
 * figures, and what the figures are made of. One region is shown at a time. */
'use strict';
report.spikes = function (plots, spectra) {
  var r = report, run = r.run;
  var names = run.trains.map(function (t) { return t.region; }).filter(function (name, i, all) { return all.indexOf(name) === i; });
  var name = names[0], trains = [], is_by_rate = false, caches = {}, wished = 0;
  function tint(k) {
    var at = run.network ? run.regions.labels.indexOf(trains[k].population) : -1;
    return r.tint(at < 0 ? k : at);
  }

  run.trains.forEach(function (t) {
    t.spikes = {times: r.floats(t.times_ms), rows: r.words(t.rows)};
    ['rates', 'cvs', 'correlations', 'autocorrelogram'].forEach(function (key) { t[key] = t[key] ? r.floats(t[key]) : []; });
    t.power = t.spectrum ? r.from_logs(t.spectrum.power) : null;
    var counts = new Array(t.shown_neurons).fill(0), order;
    t.spikes.rows.forEach(function (row) { counts[row]++; });
    order = counts.map(function (c, i) { return i; }).sort(function (a, b) { return counts[b] - counts[a] || a - b; });
    t.place = new Array(t.shown_neurons);
    order.forEach(function (row, k) { t.place[row] = k; });
  });

  /* ---- raster ---- */
  function shortened(context, text, room) {
    if (context.measureText(text).width <= room) return text;
    while (text.length > 1 && context.measureText(text + '…').width > room) text = text.slice(0, -1);
    return text + '…';
  }
  function first_after(times, t) {
    var low = 0, high = times.length;
    while (low < high) {
      var half = low + high >> 1;
      if (times[half] < t) low = half + 1; else high = half;
    }
    return low;
  }
  /* Bands of the populations from the top down: as high as they have neurons, but none too low to be seen. */
  function bands(top, h) {
    var least = Math.min(22, h / trains.length), at = top, total = 0, out = [];
    trains.forEach(function (t) { total += t.shown_neurons; });
    var shares = trains.map(function (t) { return Math.max(least, h * t.shown_neurons / Math.max(1, total)); });
    var sum = shares.reduce(function (s, x) { return s + x; }, 0);
    shares.forEach(function (share) {
      out.push({top: at, h: share * h / sum});
      at += share * h / sum;
    });
    return out;
  }
  function raster(plot) {
    var host = r.by_id('raster'), canvas = r.element('canvas', {role: 'img', 'aria-label': 'Raster: each mark is a spike, each line a neuron'});
    host.appendChild(canvas);
    function paint() {
      var stretch = plots.stretch(), height = Math.min(560, 260 + 30 * trains.length), context = r.fit(canvas, host.clientWidth, height);
      var area = plot.graph.getArea(), x0 = area.x, w = area.w, top = 6, h = height - 12, places = bands(top, h);
      function across(ms) { return x0 + (ms / 1000 - stretch[0]) / (stretch[1] - stretch[0]) * w; }
      context.save();
      context.beginPath();
      context.rect(x0, top, w, h);
      context.clip();
      context.fillStyle = r.colour('shade');
      if (across(run.transient_ms) > x0) context.fillRect(x0, top, across(run.transient_ms) - x0, h);
      trains.forEach(function (t, k) {
        var times = t.spikes.times, from = first_after(times, 1000 * stretch[0]), to = first_after(times, 1000 * stretch[1]);
        var line = places[k].h / Math.max(1, t.shown_neurons), tall = Math.max(1, Math.min(3, line)), wide = Math.max(1, Math.min(2, 8 * w / Math.max(1, to - from)));
        context.fillStyle = tint(k);
        context.globalAlpha = to - from > 20000 ? 0.55 : 0.85;
        for (var i = from; i < to; i++) {
          var row = is_by_rate ? t.place[t.spikes.rows[i]] : t.spikes.rows[i];
          context.fillRect(across(times[i]), places[k].top + row * line, wide, tall);
        }
        context.globalAlpha = 1;
        context.fillStyle = r.colour('line');
        if (k > 0) context.fillRect(x0, Math.round(places[k].top), w, 1);
      });
      context.restore();
      context.strokeStyle = r.colour('line');
      context.strokeRect(x0 - 0.5, top - 0.5, w + 1, h + 1);
      context.textAlign = 'right';
      context.textBaseline = 'middle';
      trains.forEach(function (t, k) {
        context.fillStyle = tint(k);
        context.fillText(shortened(context, t.population, x0 - 10), x0 - 8, places[k].top + places[k].h / 2);
      });
    }
    plots.follow(paint);
    r.draw(paint);
    return paint;
  }

  /* ---- rates over time ---- */
  /* On the grid of the bins and of the host's signal, merged; gaps are bridged by the plot. */
  function host_region() {
    var region = r.run.regions.labels.indexOf(name), signal = plots.main_signal;
    return !run.network && region >= 0 && signal && r.unit(signal.unit) === 'Hz' ? region : -1;
  }
  function merged_rates() {
    var kept = name + ' ' + widening();
    if (caches[kept]) return caches[kept];
    var region = host_region(), at = {}, n = trains.length + (region >= 0 ? 1 : 0), signal = plots.main_signal, wide = widening();
    function put(t, column, value) {
      var key = t.toFixed(7);
      if (!at[key]) {
        at[key] = [t];
        for (var k = 0; k < n; k++) at[key].push(null);
      }
      at[key][column + 1] = value;
    }
    trains.forEach(function (train, k) {
      var rates = r.floats(train.rate_Hz), sum = 0;
      rates.forEach(function (value, b) {
        sum += value;
        if ((b + 1) % wide) return;
        put((b + 1 - wide / 2) * train.bin_ms / 1000, k, sum / wide);
        sum = 0;
      });
    });
    if (region >= 0) signal.trace(region).forEach(function (value, i) { put(signal.time(i), n - 1, value); });
    caches[kept] = Object.keys(at).map(function (key) { return at[key]; }).sort(function (a, b) { return a[0] - b[0]; });
    return caches[kept];
  }
  /* Bins that are drawn as one; the rates of many populations are told apart in wider ones. */
  function widening() { return wished || (trains.length > 2 ? 5 : 1); }
  function heads() { return trains.map(function (t) { return t.population; }).concat(host_region() >= 0 ? ['what the host receives'] : []); }
  function rate_content() {
    var all = heads();
    return {file: merged_rates(), labels: ['time'].concat(all), ylabel: 'rate (Hz)',
      colors: all.map(function (head, k) { return k < trains.length ? tint(k) : r.colour('ink'); })};
  }

  /* ---- figures ---- */
  var columns = [['recorded', 'n_recorded', 'neurons'], ['silent', null, 'share without a spike'], ['rate (Hz)', 'rate_Hz', 'mean and standard deviation over neurons'],
    ['CV', 'cv', 'of the intervals between spikes; 1: Poisson process, 0: clock'], ['LV', 'lv', 'local variation of neighbouring intervals: slow changes of the rate do not raise it'],
    ['Fano', 'fano', 'variance over mean of a neuron’s counts in 100 ms'], ['pop. Fano', 'population_fano', 'variance over mean of the population’s count in 5 ms; 1: independent Poisson processes'],
    ['correlation', 'correlation', 'of spike counts in 5 ms, mean and standard deviation over pairs'], ['χ', 'chi', 'synchrony of the counts in 5 ms: 1 where all fire alike, N^−1/2 where none knows of another'],
    ['rhythm (Hz)', 'peak_Hz', 'peak that stands out of the population’s spectrum']];
  function figure_text(f, key) {
    if (key === null) return f.n_recorded ? r.number(100 * (f.n_recorded - f.n_active) / f.n_recorded, 2) + ' %' : '–';
    if (key === 'n_recorded') return r.count(f.n_recorded);
    if (key === 'rate_Hz') return r.number(f.rate_Hz) + (f.rate_sd_Hz === null ? '' : ' ± ' + r.number(f.rate_sd_Hz, 2));
    if (key === 'correlation') return f.correlation === null ? '–' : f.correlation.toFixed(4).replace('-', '−') + ' ± ' + r.number(f.correlation_sd, 2);
    return r.number(f[key]);
  }
  function table() {
    var host = r.by_id('spike-table');
    host.textContent = '';
    host.appendChild(r.element('tr', {}, [r.element('th', {text: 'population', scope: 'col'})].concat(columns.map(function (c) {
      return r.element('th', {text: c[0], scope: 'col', title: c[2], 'class': 'number'});
    }))));
    trains.forEach(function (t, k) {
      var swatch = r.element('i');
      r.draw(function () { swatch.style.background = tint(k); });
      host.appendChild(r.element('tr', {}, [r.element('td', {}, [r.element('span', {'class': 'key'}, [swatch, t.population])])].concat(columns.map(function (c) {
        return r.element('td', {'class': 'number', text: figure_text(t.figures, c[1])});
      }))));
    });
  }

  /* ---- curves of all populations: over each other, of more than three in rows of their own ---- */
  /* lines() -> {low, high, most, lines: [{k, points: [[x, y], ...], is_steps, width}]}; mark: a place on the x axis, level: on the
   * y axis, drawn dashed. Rows of histograms are each scaled to their highest bar. */
  function panel(options) {
    var host = r.element('figure'), canvas = r.element('canvas', {role: 'img', 'aria-label': options.title}), area = null, data = null;
    r.by_id('spike-panels').appendChild(host);
    host.appendChild(r.element('div', {'class': 'sub', text: options.title}));
    host.appendChild(canvas);
    host.appendChild(r.element('figcaption', {text: options.caption}));
    function px(x) { return area.x + (x - data.low) / (data.high - data.low) * area.w; }
    function has_rows() { return data.lines.length > 3; }
    function ground(i) { /* where y = 0 is, and pixels per unit */
      if (!has_rows()) return {y: area.y + area.h, scale: area.h / data.most};
      var tall = area.h / data.lines.length, most = options.level ? data.most : Math.max.apply(null, data.lines[i].points.map(function (p) { return p[1]; }));
      return {y: area.y + (i + 1) * tall, scale: 0.9 * tall / (most || 1)};
    }
    function dashes(context, x0, y0, x1, y1) {
      context.setLineDash([4, 3]);
      context.strokeStyle = r.colour('muted');
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
      context.setLineDash([]);
    }
    function draw_line(context, line, base) {
      function py(y) { return base.y - y * base.scale; }
      var first = line.points[0], last = line.points[line.points.length - 1];
      context.strokeStyle = context.fillStyle = tint(line.k);
      context.lineWidth = 1.5;
      context.lineJoin = 'round';
      context.beginPath();
      line.points.forEach(function (p) {
        context.lineTo(px(p[0]), py(p[1]));
        if (line.is_steps) context.lineTo(px(p[0] + line.width), py(p[1]));
      });
      context.stroke();
      context.lineWidth = 1;
      if (!line.is_steps) return;
      context.lineTo(px(last[0] + line.width), base.y);
      context.lineTo(px(first[0]), base.y);
      context.globalAlpha = has_rows() ? 0.3 : 0.13;
      context.fill();
      context.globalAlpha = 1;
    }
    function names_of_rows(context) {
      context.textAlign = 'right';
      context.textBaseline = 'alphabetic';
      data.lines.forEach(function (line, i) {
        context.fillStyle = tint(line.k);
        context.fillText(shortened(context, trains[line.k].population, area.x - 9), area.x - 7, ground(i).y - 4);
        context.fillStyle = r.colour('line');
        if (i + 1 < data.lines.length) context.fillRect(area.x, Math.round(ground(i).y), area.w, 1);
      });
    }
    function paint() {
      data = options.lines();
      host.hidden = !data;
      if (!data) return;
      area = r.room(host, has_rows() ? Math.max(290, 66 + 32 * data.lines.length) : 290);
      var context = r.fit(canvas, area.width, area.height), is_plain = has_rows();
      r.frame(context, area, {label: options.x, ticks: r.ticks_of(data.low, data.high, 6)}, is_plain ? {label: '', ticks: []} : {label: options.y, ticks: r.ticks_of(0, data.most, 5)});
      if (is_plain) names_of_rows(context);
      context.save();
      context.beginPath();
      context.rect(area.x, area.y, area.w, area.h);
      context.clip();
      if (options.mark !== undefined && options.mark > data.low && options.mark < data.high) dashes(context, px(options.mark), area.y, px(options.mark), area.y + area.h);
      data.lines.forEach(function (line, i) {
        var base = ground(i), level = base.y - options.level * base.scale;
        if (options.level && (is_plain || i === 0)) dashes(context, area.x, level, area.x + area.w, level);
        draw_line(context, line, base);
      });
      context.restore();
    }
    canvas.addEventListener('pointermove', function (event) {
      var x = data.low + (event.clientX - canvas.getBoundingClientRect().left - area.x) / area.w * (data.high - data.low);
      if (!(x >= data.low && x <= data.high)) return r.tip(null);
      r.tip([r.number(x) + (options.unit ? ' ' + options.unit : '')].concat(data.lines.slice(0, 9).map(function (line) {
        var p = line.points.filter(function (q) { return q[0] <= x; }).pop() || line.points[0];
        return trains[line.k].population + ': ' + r.number(p[1]) + options.of;
      })), event.clientX, event.clientY);
    });
    canvas.addEventListener('pointerleave', function () { r.tip(null); });
    r.draw(paint);
    return paint;
  }
  /* Histograms over common bins; what lies beyond the outermost percent of all populations is in the last bins. */
  function histograms(key, options) {
    return function () {
      var some = trains.map(function (t, k) { return {k: k, values: t[key]}; }).filter(function (s) { return s.values.length > 1; });
      if (!some.length) return null;
      function quantile(values, q) { return values[Math.round(q * (values.length - 1))]; } /* they come sorted */
      var low = Math.min.apply(null, some.map(function (s) { return quantile(s.values, 0.005); }));
      var high = Math.max.apply(null, some.map(function (s) { return quantile(s.values, 0.995); }));
      if (options.from_zero) low = 0;
      if (options.least) high = Math.max(high, options.least);
      if (!(high > low)) high = low + (Math.abs(low) || 1);
      var bins = 40, width = (high - low) / bins, most = 0;
      if (options.quantum) { /* whole steps of what is counted, or bins would hold unlike numbers of them */
        width = Math.ceil(width / options.quantum - 1e-9) * options.quantum;
        bins = Math.ceil((high - low) / width + 1e-9);
        high = low + bins * width;
      }
      var lines = some.map(function (s) {
        var share = new Array(bins).fill(0);
        s.values.forEach(function (x) { share[Math.max(0, Math.min(bins - 1, Math.floor((x - low) / width + 1e-6)))] += 100 / s.values.length; });
        most = Math.max.apply(null, share.concat(most));
        return {k: s.k, is_steps: true, width: width, points: share.map(function (y, b) { return [low + b * width, y]; })};
      });
      return {low: low, high: high, most: 1.08 * most, lines: lines};
    };
  }
  function autocorrelograms() {
    var some = trains.map(function (t, k) { return {k: k, t: t}; }).filter(function (s) { return s.t.autocorrelogram.length && s.t.autocorrelogram_level_Hz > 0; });
    if (!some.length) return null;
    var bin = some[0].t.autocorrelogram_bin_ms, most = 1.5;
    var lines = some.map(function (s) {
      var points = s.t.autocorrelogram.map(function (y, j) { return [(j + 0.5) * bin, y / s.t.autocorrelogram_level_Hz]; });
      points.forEach(function (p) { most = Math.max(most, p[1]); });
      return {k: s.k, points: points};
    });
    return {low: 0, high: bin * some[0].t.autocorrelogram.length, most: Math.min(most * 1.05, 12), lines: lines};
  }
  function panels() {
    return [panel({title: 'Rates of the neurons', x: 'rate (Hz)', y: 'neurons (%)', unit: 'Hz', of: ' % of the neurons', lines: histograms('rates', {from_zero: true, quantum: 1000 / (run.t_stop_ms - run.transient_ms)}),
        caption: 'Of all recorded neurons, silent ones at 0; the last bin holds what lies beyond.'}),
      panel({title: 'Regularity of the neurons', x: 'CV of intervals', y: 'neurons (%)', unit: '', of: ' % of the neurons', lines: histograms('cvs', {from_zero: true, least: 1.2}), mark: 1,
        caption: 'Standard deviation over mean of the intervals of neurons with at least six spikes; dashed: 1, a Poisson process.'}),
      panel({title: 'Correlation of pairs', x: 'correlation of spike counts', y: 'pairs (%)', unit: '', of: ' % of the pairs', lines: histograms('correlations', {}), mark: 0,
        caption: 'Of counts in bins of 5 ms; all pairs among at most 200 neurons of a population.'}),
      panel({title: 'Autocorrelogram', x: 'time after a spike (ms)', y: 'rate / what is expected', unit: 'ms', of: ' × the expected rate', lines: autocorrelograms, level: 1,
        caption: 'Rate of a neuron after a spike of its own, over what it would be if its spikes did not know of each other; dashed: 1, a Poisson process. A dip is refractoriness, peaks are bursts and rhythms.'})];
  }
  function spectrum() {
    var first = run.trains.filter(function (t) { return t.spectrum; })[0];
    if (!first) return;
    r.by_id('spike-spectrum').hidden = false;
    var figure = r.by_id('spike-spectrum'), controls = r.element('div', {'class': 'controls'}), box = r.element('div', {'class': 'plot tall', role: 'img'});
    figure.appendChild(r.element('div', {'class': 'sub', text: 'Spectra of the populations’ rates'}));
    figure.appendChild(controls);
    figure.appendChild(box);
    figure.appendChild(r.element('figcaption', {text: 'One-sided power spectral density of the rate per neuron, in bins of 1 ms; independent Poisson neurons have 2 r / N at all frequencies. ' + spectra.welch(first.spectrum)}));
    return spectra.plot(box, controls, first.spectrum, 'Hz', first.spectrum_bin_ms, function () {
      return trains.map(function (t, k) {
        return {name: t.population, colour: tint(k), peak_Hz: t.figures.peak_Hz, power: function (j) {
          var value = t.power && j < t.spectrum.n ? t.power[j] : 0;
          return [value, value, value];
        }};
      }).filter(function (c, k) { return trains[k].power; });
    }, 'Power spectra of the rates of the populations');
  }

  /* ---- words and controls ---- */
  function sentence() {
    var drawn = trains.filter(function (t) { return t.stride > 1; });
    var part = trains.filter(function (t) { return t.n_recorded < t.n_neurons; });
    var n = trains.reduce(function (s, t) { return s + t.n_spikes; }, 0), text = r.count(n) + ' spikes. ';
    if (part.length) text += 'Recorded: ' + part.map(function (t) { return r.count(t.n_recorded) + ' of ' + r.count(t.n_neurons) + ' neurons of ' + t.population; }).slice(0, 8).join(', ') + '. ';
    text += drawn.length ? 'The raster shows ' + drawn.map(function (t) { return r.count(t.shown_neurons) + ' of ' + t.population; }).slice(0, 8).join(', ') + ', evenly taken, with all their spikes' : 'All are drawn';
    return text + '; a band per population, narrow ones widened. Rates in bins of ' + r.time(widening() * trains[0].bin_ms) + '.' +
      (run.transient_ms > 0 ? ' Figures and distributions are without the first ' + r.time(run.transient_ms) + '.' : '');
  }
  function keys(host) {
    host.textContent = '';
    heads().forEach(function (head, k) {
      var swatch = r.element('i');
      r.draw(function () { swatch.style.background = k < trains.length ? tint(k) : r.colour('ink'); });
      host.appendChild(r.element('span', {'class': 'key'}, [swatch, head]));
    });
  }

  return function () {
    if (!names.length) return;
    r.show('spiking');
    var legend = r.element('span', {'class': 'keys'}), refreshers = [], controls = r.by_id('spiking-controls');
    function choose(other) {
      name = other;
      trains = run.trains.filter(function (t) { return t.region === name; });
      r.say('spiking-head', run.network ? 'Spikes' : 'Spiking region: ' + name);
      r.say('spiking-caption', sentence());
      r.by_id('rate').setAttribute('aria-label', 'Rate of ' + (run.network ? 'the populations' : name) + ' over time, in Hz');
      keys(legend);
      table();
      refreshers.forEach(function (what) { what(); });
    }
    choose(names[0]);
    if (names.length > 1) {
      var select = r.element('select', {'aria-label': 'spiking region'}, names.map(function (n) { return r.element('option', {value: n, text: n}); }));
      select.addEventListener('change', function () { choose(select.value); });
      controls.appendChild(select);
    }
    controls.appendChild(legend);
    var plot = plots.time_plot(r.by_id('rate'), rate_content, {strokeWidth: 1, unit: 'Hz', includeZero: true}), paint = raster(plot);
    if (!run.signals.length) controls.appendChild(plots.stretch_buttons());
    var bin_ms = trains[0].bin_ms;
    controls.appendChild(r.choice([1, 5, 20].map(function (w) { return {text: r.time(w * bin_ms), value: w}; }), widening(), function (value) {
      wished = value;
      plot.refresh();
      r.say('spiking-caption', sentence());
    }, 'bins of the rates'));
    controls.appendChild(r.choice([{text: 'by number', value: false}, {text: 'by rate', value: true}], false, function (value) {
      is_by_rate = value;
      paint();
    }, 'order of the neurons in the raster'));
    refreshers = [plot.refresh, paint].concat(panels());
    var refresh_spectrum = spectrum();
    if (refresh_spectrum) refreshers.push(refresh_spectrum);
  };
};
