/* Plots over time and frequency (dygraphs), the raster (canvas) and the bars of cost. Plots over time share
 * one stretch of time: whichever is zoomed, the others follow. */
'use strict';
report.plots = function () {
  var r = report, run = r.run, regions = run.regions;

  /* ---- the common stretch of time, in seconds ---- */
  var whole = [0, run.t_stop_ms / 1000], stretch = whole.slice(), followers = [];
  function set_stretch(from, to, who) {
    stretch = [Math.max(whole[0], from), Math.min(whole[1], to)];
    followers.forEach(function (follower) { if (follower !== who) follower.follow(stretch); });
  }
  var bold = run.signals.filter(function (s) { return s.bold && s.n > 1; })[0], is_short = whole[1] > 3 && !bold;
  if (is_short) stretch = [whole[1] - 2, whole[1]];

  function stretch_buttons() {
    var options = [{text: 'last 0.5 s', value: 0.5}, {text: 'last 2 s', value: 2}, {text: 'all', value: 0}].filter(function (o) {
      return o.value < whole[1];
    });
    if (options.length < 2) return document.createTextNode('');
    return r.choice(options, is_short ? 2 : 0, function (seconds) {
      set_stretch(seconds ? whole[1] - seconds : whole[0], whole[1], null);
    }, 'stretch of time shown');
  }

  /* What lies before the end of the transient is shaded. */
  function shade_transient(context, area, g) {
    if (!(run.transient_ms > 0)) return;
    var from = g.toDomXCoord(0), to = Math.min(g.toDomXCoord(run.transient_ms / 1000), area.x + area.w);
    if (to <= area.x) return;
    context.fillStyle = r.colour('shade');
    context.fillRect(Math.max(from, area.x), area.y, to - Math.max(from, area.x), area.h);
  }

  function look() {
    return {rangeSelectorAlpha: r.is_dark() ? 0.12 : 0.6, axisLineColor: r.colour('line'), gridLineColor: r.colour('line'), rangeSelectorPlotFillColor: r.colour('line'),
      rangeSelectorPlotFillGradientColor: r.colour('line'), rangeSelectorPlotStrokeColor: r.colour('muted'),
      rangeSelectorBackgroundStrokeColor: r.colour('line'), rangeSelectorForegroundStrokeColor: r.colour('muted')};
  }

  /* A plot over time. `content` gives {file, labels, colors} anew whenever something changed. */
  function time_plot(box, content, options) {
    var graph = null, is_following = false;
    var own = {
      follow: function (to) {
        is_following = true;
        graph.updateOptions({dateWindow: to.slice()});
        is_following = false;
      },
      refresh: function () { graph.updateOptions(Object.assign(look(), content(), {dateWindow: stretch.slice()})); }
    };
    var settings = Object.assign({
      dateWindow: stretch.slice(), labelsKMB: false, strokeWidth: 1.2, connectSeparatedPoints: true, highlightCircleSize: 2.5,
      xlabel: 'time (s)', xLabelHeight: 20, yLabelWidth: 18, legend: 'never', animatedZooms: false, underlayCallback: shade_transient,
      axes: {x: {axisLabelFormatter: r.plain, axisLabelWidth: 60, pixelsPerLabel: 70}, y: {axisLabelWidth: 52, axisLabelFormatter: function (y) { return r.plain(y); }}},
      drawCallback: function (g, is_first) {
        if (is_first || is_following) return;
        var range = g.xAxisRange();
        if (Math.abs(range[0] - stretch[0]) + Math.abs(range[1] - stretch[1]) > 1e-9) set_stretch(range[0], range[1], own);
      },
      highlightCallback: function (event, x, points) {
        r.tip(['' + r.plain(x) + ' s'].concat(points.filter(function (p) { return p.yval !== null && isFinite(p.yval); }).slice(0, 9)
          .map(function (p) { return p.name + ': ' + r.with_unit(p.yval, options.unit); })), event.clientX, event.clientY);
      },
      unhighlightCallback: function () { r.tip(null); }
    }, look(), content(), options);
    delete settings.unit;
    var file = settings.file;
    delete settings.file;
    graph = new Dygraph(box, file, settings);
    followers.push(own);
    own.graph = graph;
    var is_new = true;
    r.draw(function () {
      if (!is_new) own.refresh();
      is_new = false;
    });
    return own;
  }

  /* ---- traces: 16 bits for the range of each, kept samples or minimum and maximum of each bucket ---- */
  run.signals.forEach(function (signal) {
    var codes = r.codes(signal.codes);
    signal.trace = function (c) {
      var out = new Array(signal.n), step = (signal.high[c] - signal.low[c]) / 65534;
      for (var i = 0; i < signal.n; i++) {
        var code = codes[c * signal.n + i];
        out[i] = code === 65535 ? null : signal.low[c] + step * code;
      }
      return out;
    };
    signal.time = function (i) { /* seconds */
      var every = signal.every_ms, b = signal.bucket;
      var row = b === 1 ? i : Math.floor(i / 2) * b + (i % 2 ? 0.75 : 0.25) * b - 0.5;
      return (signal.t_first_ms + row * every) / 1000;
    };
  });
  var main_signal = run.signals.filter(function (s) { return s.main; })[0] || run.signals[0];

  function default_regions() {
    var order = regions.labels.map(function (label, i) { return i; }), strength = run.connectome && run.connectome.strength;
    if (strength) order.sort(function (a, b) { return strength[b] - strength[a]; });
    var others = order.filter(function (i) { return !r.is_spiking(i); });
    return regions.spiking.slice(0, 2).concat(others.slice(0, regions.spiking.length ? 2 : 3));
  }
  var chosen = default_regions(), changed = [];
  function region_colour(i) {
    if (r.is_spiking(i)) return r.colour('spiking');
    var place = chosen.filter(function (other) { return !r.is_spiking(other); }).indexOf(i);
    return r.colour('c' + (place % 6 + 1));
  }

  function trace_content(signal) {
    var rows = [], columns = chosen.map(signal.trace);
    for (var i = 0; i < signal.n; i++) rows.push([signal.time(i)].concat(columns.map(function (c) { return c[i]; })));
    if (!rows.length || !chosen.length) rows = [[0].concat(chosen.map(function () { return null; }), chosen.length ? [] : [null])];
    return {file: rows, labels: ['time'].concat(chosen.length ? chosen.map(function (i) { return regions.labels[i]; }) : ['none']),
      colors: chosen.length ? chosen.map(region_colour) : ['#888'], ylabel: signal.name + (r.unit(signal.unit) ? ' (' + r.unit(signal.unit) + ')' : '')};
  }
  function traces() {
    var signal = main_signal;
    function content() { return trace_content(signal); }
    var plot = time_plot(r.by_id('traces'), content, {showRangeSelector: true, rangeSelectorHeight: 34, unit: signal.unit});
    changed.push(plot.refresh);
    var controls = r.by_id('activity-controls');
    if (run.signals.length > 1) {
      var select = r.element('select', {'aria-label': 'signal'}, run.signals.map(function (s, i) {
        return r.element('option', {value: String(i), text: s.long_name || s.name});
      }));
      select.value = String(run.signals.indexOf(signal));
      select.addEventListener('change', function () {
        signal = run.signals[Number(select.value)];
        plot.refresh();
      });
      controls.appendChild(select);
    }
    controls.appendChild(stretch_buttons());
    controls.appendChild(r.element('span', {text: 'drag: zoom · shift and drag: move · double click: all'}));
    r.by_id('traces').setAttribute('aria-label', 'Traces of the chosen regions over time');
    if (bold && bold !== main_signal) bold_traces();
    r.say('activity-caption', sentence_on_traces());
  }
  function bold_traces() {
    r.show('bold');
    changed.push(time_plot(r.by_id('bold'), function () { return trace_content(bold); }, {unit: bold.unit}).refresh);
    r.by_id('bold').setAttribute('aria-label', 'BOLD of the chosen regions over time');
  }
  function sentence_on_traces() {
    var s = main_signal, text = capital(s.long_name || s.name) + ', one sample every ' + r.time(s.every_ms);
    text += s.bucket > 1 ? '; drawn as the smallest and the largest of every ' + s.bucket + ' samples, so that no excursion is lost. '
      : '; all samples are drawn. ';
    if (run.transient_ms > 0) text += 'The shaded first ' + r.time(run.transient_ms) + ' are the transient, left out of all statistics.';
    return text;
  }

  function capital(text) { return text.charAt(0).toUpperCase() + text.slice(1); }

  function chooser() {
    var box = r.by_id('chooser'), list = r.element('div', {'class': 'names'}), rows = [];
    var search = r.element('input', {type: 'search', placeholder: 'find a region', 'aria-label': 'find a region'});
    search.addEventListener('input', function () {
      var word = search.value.toLowerCase();
      rows.forEach(function (row, i) { row.hidden = regions.labels[i].toLowerCase().indexOf(word) < 0; });
    });
    function paint() {
      rows.forEach(function (row, i) {
        var is_on = chosen.indexOf(i) >= 0;
        row.querySelector('i').style.background = is_on ? region_colour(i) : 'transparent';
        row.querySelector('input').checked = is_on;
      });
    }
    regions.labels.forEach(function (label, i) {
      var check = r.element('input', {type: 'checkbox'});
      check.addEventListener('change', function () {
        chosen = chosen.filter(function (other) { return other !== i; });
        if (check.checked) chosen.push(i);
        paint();
        changed.forEach(function (f) { f(); });
      });
      rows.push(r.element('label', {'class': r.is_spiking(i) ? 'is-spiking' : '', title: label}, [check, r.element('i'), r.element('span', {text: label})]));
    });
    /* the spiking ones first */
    var order = regions.spiking.concat(regions.labels.map(function (l, i) { return i; }).filter(function (i) { return !r.is_spiking(i); }));
    order.forEach(function (i) { list.appendChild(rows[i]); });
    box.appendChild(search);
    box.appendChild(list);
    r.draw(paint);
  }

  /* ---- spiking region ---- */
  var tints = ['spiking', 'c1', 'c2', 'c3', 'c4', 'c5'];
  function raster(trains, plot) {
    var canvas = r.element('canvas', {role: 'img', 'aria-label': 'Raster: each mark is a spike, each line a neuron'});
    r.by_id('raster').appendChild(canvas);
    var decoded = trains.map(function (train) { return {times: r.floats(train.times_ms), rows: r.words(train.rows)}; });
    var total = Math.max(1, trains.reduce(function (sum, train) { return sum + train.shown_neurons; }, 0));
    function first_after(times, t) {
      var low = 0, high = times.length;
      while (low < high) {
        var half = low + high >> 1;
        if (times[half] < t) low = half + 1; else high = half;
      }
      return low;
    }
    function paint() {
      var width = r.by_id('raster').clientWidth, height = 300, context = r.fit(canvas, width, height);
      var area = plot.graph.getArea(), x0 = area.x, w = area.w, below = 0, top = 6, h = height - 12;
      context.save();
      context.beginPath();
      context.rect(x0, top, w, h);
      context.clip();
      var shade_to = (run.transient_ms / 1000 - stretch[0]) / (stretch[1] - stretch[0]) * w;
      context.fillStyle = r.colour('shade');
      if (shade_to > 0) context.fillRect(x0, top, Math.min(w, shade_to), h);
      trains.forEach(function (train, k) {
        var d = decoded[k], from = first_after(d.times, 1000 * stretch[0]), to = first_after(d.times, 1000 * stretch[1]);
        var mark = Math.max(1, Math.min(3, h / total)), wide = Math.max(1, Math.min(2, 8 * w / Math.max(1, to - from)));
        context.fillStyle = r.colour(tints[k % tints.length]);
        context.globalAlpha = to - from > 20000 ? 0.5 : 0.8;
        for (var i = from; i < to; i++) {
          var x = (d.times[i] / 1000 - stretch[0]) / (stretch[1] - stretch[0]) * w;
          context.fillRect(x0 + x, top + h - (below + d.rows[i] + 1) / total * h, wide, mark);
        }
        below += train.shown_neurons;
      });
      context.restore();
      context.strokeStyle = r.colour('line');
      context.strokeRect(x0 - 0.5, top - 0.5, w + 1, h + 1);
      label(context, x0, top, h);
    }
    function label(context, x0, top, h) {
      var below = 0;
      context.fillStyle = r.colour('muted');
      context.textAlign = 'right';
      context.textBaseline = 'middle';
      trains.forEach(function (train) {
        var middle = top + h - (below + train.shown_neurons / 2) / total * h;
        context.fillText(train.population, x0 - 8, middle);
        below += train.shown_neurons;
      });
    }
    followers.push({follow: paint});
    r.draw(paint);
    return paint;
  }

  /* Rates on the grid of the bins and of the signal, merged; gaps are bridged by the plot. */
  function merged_rates(trains, region) {
    var at = {}, n = trains.length + (region >= 0 && main_signal ? 1 : 0);
    function put(t, column, value) {
      var key = t.toFixed(7);
      if (!at[key]) {
        at[key] = [t];
        for (var k = 0; k < n; k++) at[key].push(null);
      }
      at[key][column + 1] = value;
    }
    trains.forEach(function (train, k) {
      r.floats(train.rate_Hz).forEach(function (value, b) { put((b + 0.5) * train.bin_ms / 1000, k, value); });
    });
    if (n > trains.length) main_signal.trace(region).forEach(function (value, i) { put(main_signal.time(i), n - 1, value); });
    return Object.keys(at).map(function (key) { return at[key]; }).sort(function (a, b) { return a[0] - b[0]; });
  }

  function spiking() {
    var names = run.trains.map(function (t) { return t.region; }).filter(function (name, i, all) { return all.indexOf(name) === i; });
    if (!names.length) return;
    r.show('spiking');
    var name = names[0], trains = run.trains.filter(function (t) { return t.region === name; });
    var region = regions.labels.indexOf(name), has_host = region >= 0 && main_signal && r.unit(main_signal.unit) === 'Hz';
    if (!has_host) region = -1;
    var heads = trains.map(function (t) { return t.population + ', from spikes'; }).concat(has_host ? ['what the host receives'] : []);
    function content() {
      return {file: rows, labels: ['time'].concat(heads), ylabel: 'rate (Hz)', colors: trains.map(function (t, k) {
        return r.colour(tints[k % tints.length]);
      }).concat(has_host ? [r.colour('ink')] : [])};
    }
    var rows = merged_rates(trains, region), series = {};
    if (has_host) series[heads[heads.length - 1]] = {strokeWidth: 1.6};
    trains.forEach(function (t, k) { series[heads[k]] = {strokeWidth: 1}; });
    var plot = time_plot(r.by_id('rate'), content, {series: series, unit: 'Hz', includeZero: true});
    r.by_id('rate').setAttribute('aria-label', 'Rate of ' + name + ' over time, in Hz');
    raster(trains, plot);
    r.say('spiking-head', 'Spiking region: ' + name);
    r.say('spiking-caption', sentence_on_spikes(trains, names));
    var controls = r.by_id('spiking-controls');
    heads.forEach(function (head, k) {
      var swatch = r.element('i');
      r.draw(function () { swatch.style.background = k < trains.length ? r.colour(tints[k % tints.length]) : r.colour('ink'); });
      controls.appendChild(r.element('span', {'class': 'key'}, [swatch, head]));
    });
  }
  function sentence_on_spikes(trains, names) {
    var parts = trains.map(function (t) {
      var text = t.population + ': ' + r.count(t.n_spikes) + ' spikes of ' + r.count(t.n_recorded) + ' recorded neurons';
      if (t.n_recorded < t.n_neurons) text += ' out of ' + r.count(t.n_neurons);
      return text + (t.stride > 1 ? '; the raster shows every ' + ordinal(t.stride) + ' of them (' + r.count(t.shown_neurons) + ') with all spikes' : '; all are shown');
    });
    var text = parts.join('. ') + '. Rates in bins of ' + r.time(trains[0].bin_ms) + '.';
    if (names.length > 1) text += ' ' + (names.length - 1) + ' more spiking region' + (names.length > 2 ? 's are' : ' is') + ' in run.h5.';
    return text;
  }
  function ordinal(k) {
    var tail = k % 100 > 10 && k % 100 < 14 ? 'th' : ['th', 'st', 'nd', 'rd'][k % 10] || 'th';
    return k + tail;
  }

  /* ---- spectra ---- */
  function density() { return r.unit(main_signal.unit) ? r.unit(main_signal.unit) + '²/Hz' : '1/Hz'; }
  function quantile(sorted, q) {
    var place = q * (sorted.length - 1), i = Math.floor(place);
    return i + 1 < sorted.length ? sorted[i] + (place - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
  }
  function spectra() {
    var s = main_signal.spectrum;
    if (!s) return;
    var power = r.floats(s.power), others = regions.labels.map(function (l, i) { return i; }).filter(function (i) { return !r.is_spiking(i); });
    if (!others.length) others = regions.spiking;
    var bands = [], is_log = true, shown = regions.spiking.slice(0, 3), tiny = 1e-30;
    for (var k = 1; k < s.n; k++) {
      var column = others.map(function (i) { return Math.max(power[i * s.n + k], tiny); }).sort(function (a, b) { return a - b; });
      bands.push([quantile(column, 0.25), quantile(column, 0.5), quantile(column, 0.75)]);
    }
    var host = r.by_id('spectra'), plot_box = r.element('div', {'class': 'plot tall', role: 'img', 'aria-label':
      'Power spectra: spiking region against median and quartiles of the others'});
    host.appendChild(r.element('div', {'class': 'sub', text: 'Power spectra'}));
    host.appendChild(plot_box);
    function picked() {
      return shown.concat(chosen.filter(function (i) { return shown.indexOf(i) < 0; }).slice(0, 1));
    }
    function content() {
      var rows = bands.map(function (band, at) {
        return [(at + 1) * s.df_Hz, band].concat(picked().map(function (i) {
          var value = Math.max(power[i * s.n + at + 1], tiny);
          return [value, value, value];
        }));
      });
      var head = regions.spiking.length ? 'median of the others' : 'median of the regions';
      return {file: rows, labels: ['frequency', head].concat(picked().map(function (i) { return regions.labels[i]; })),
        colors: [r.colour('host')].concat(picked().map(function (i) { return r.is_spiking(i) ? r.colour('spiking') : r.colour('muted'); })),
        logscale: is_log};
    }
    function ticks(min, max) { /* 1, 2, 5 of each decade */
      var out = [];
      for (var e = Math.floor(Math.log10(min)); e <= Math.ceil(Math.log10(max)); e++) {
        [1, 2, 5].forEach(function (m) {
          var v = m * Math.pow(10, e);
          if (v >= min && v <= max) out.push({v: v, label: r.plain(v)});
        });
      }
      return out;
    }
    function decades(min, max) {
      var out = [], low = Math.ceil(Math.log10(min) - 1e-9), high = Math.floor(Math.log10(max) + 1e-9), step = Math.max(1, Math.ceil((high - low) / 6));
      for (var e = low; e <= high; e += step) out.push({v: Math.pow(10, e), label: r.power_of_ten(e)});
      return out;
    }
    function axes() {
      var x = {drawGrid: true, axisLabelWidth: 44, logscale: is_log, axisLabelFormatter: r.plain, pixelsPerLabel: 60, ticker: is_log ? ticks : Dygraph.numericLinearTicks};
      var y = {axisLabelWidth: 56, axisLabelFormatter: function (v) { return r.number(v, 2); }, ticker: is_log ? decades : Dygraph.numericLinearTicks};
      return {axes: {x: x, y: y}};
    }
    var graph_options = function () { return Object.assign(look(), content(), axes()); };
    var first = graph_options(), file = first.file;
    delete first.file;
    var graph = new Dygraph(plot_box, file, Object.assign(first, {customBars: true, fillAlpha: 0.22, strokeWidth: 1.5, legend: 'never',
      xlabel: 'frequency (Hz)', ylabel: 'power (' + density() + ')', xLabelHeight: 20, yLabelWidth: 18, highlightCircleSize: 2.5,
      highlightCallback: function (event, x, points) {
        r.tip([r.number(x) + ' Hz'].concat(points.map(function (p) { return p.name + ': ' + r.number(p.yval) + ' ' + density(); })),
          event.clientX, event.clientY);
      },
      unhighlightCallback: function () { r.tip(null); }}));
    var is_new = true;
    function refresh() {
      if (!is_new) graph.updateOptions(graph_options());
      is_new = false;
    }
    r.draw(refresh);
    changed.push(refresh);
    var controls = r.by_id('rhythm-controls');
    controls.appendChild(r.choice([{text: 'logarithmic', value: true}, {text: 'linear', value: false}], true, function (value) {
      is_log = value;
      refresh();
    }, 'axes of the spectra'));
    function key(name, text, is_band) {
      var swatch = r.element('i', {'class': is_band ? 'band' : ''});
      r.draw(function () { swatch.style.background = r.colour(name); });
      controls.appendChild(r.element('span', {'class': 'key'}, [swatch, text]));
    }
    shown.forEach(function (i) { key('spiking', regions.labels[i]); });
    key('host', regions.spiking.length ? 'median of the others' : 'median of the regions');
    key('host', 'quartiles', true);
    if (picked().length > shown.length) key('muted', 'first chosen region above');
    var peaks = shown.map(function (i) {
      return regions.labels[i] + (s.peak_Hz[i] === null ? ' has no clear peak' : ' peaks at ' + r.with_unit(s.peak_Hz[i], 'Hz'));
    });
    host.appendChild(r.element('figcaption', {text: (peaks.length ? peaks.join('; ') + '. ' : '') + 'Welch estimate: ' + s.segments +
      ' half-overlapping segments of ' + r.time(s.segment_ms) + ', Hann window, ' + r.number(s.df_Hz, 2) + ' Hz apart.'}));
  }

  /* ---- power in bands ---- */
  function bands() {
    var s = main_signal.spectrum, host = r.by_id('bands');
    var rows = s && s.bands ? s.bands.filter(function (b) { return b.power !== null && s.total > 0; }) : [];
    if (!rows.length) return;
    var most = Math.max.apply(null, rows.map(function (b) { return b.power; })) || 1, unit = r.unit(main_signal.unit);
    host.appendChild(r.element('div', {'class': 'sub', text: 'Power in bands'}));
    rows.forEach(function (b) {
      var fill = r.element('div');
      fill.style.width = 100 * b.power / most + '%';
      host.appendChild(r.element('div', {'class': 'bar-row'}, [
        r.element('span', {'class': 'name', text: b.name + ' ' + r.plain(b.low_Hz) + '–' + r.plain(b.high_Hz) + ' Hz'}),
        r.element('div', {'class': 'track'}, [fill]),
        r.element('span', {'class': 'amount'}, [r.element('b', {text: r.number(b.power, 3) + (unit ? ' ' + unit + '²' : '')}),
          document.createTextNode('  ' + r.number(100 * b.power / s.total, 2) + ' %')])]));
    });
    host.appendChild(r.element('figcaption', {text: 'Mean over the regions of the power below each stretch of the spectrum; per cent of the power at all frequencies but 0.'}));
  }

  /* ---- cost ---- */
  function cost() {
    var cost = r.fact('cost');
    if (!cost || typeof cost !== 'object') return;
    var rows = [], labels = regions.neurons.map(function (x) { return x[0]; });
    if (Array.isArray(cost.subs)) cost.subs.forEach(function (sub) {
      rows.push({name: String(sub.name), seconds: sub.seconds, kind: labels.indexOf(sub.name) >= 0 ? 'is-spiking' : ''});
    });
    rows.push({name: 'host', seconds: cost.host_s, kind: ''}, {name: 'exchange', seconds: cost.exchange_s, kind: 'is-other'},
      {name: 'waiting for the recording', seconds: cost.recording_s, kind: 'is-other'});
    rows = rows.filter(function (row) { return typeof row.seconds === 'number' && isFinite(row.seconds); })
      .sort(function (a, b) { return b.seconds - a.seconds; });
    if (!rows.length) return;
    r.show('cost');
    var wall = typeof cost.wall_s === 'number' ? cost.wall_s : NaN, most = Math.max(rows[0].seconds, 1e-300);
    rows.forEach(function (row) {
      var fill = r.element('div');
      fill.style.width = 100 * row.seconds / most + '%';
      var amount = r.element('span', {'class': 'amount'}, [r.element('b', {text: r.with_unit(row.seconds, 's')})]);
      if (wall > 0) amount.appendChild(document.createTextNode('  ' + r.number(100 * row.seconds / wall, 2) + ' % of wall time'));
      r.by_id('bars').appendChild(r.element('div', {'class': 'bar-row ' + row.kind}, [r.element('span', {'class': 'name', text: row.name}),
        r.element('div', {'class': 'track'}, [fill]), amount]));
    });
    r.say('cost-caption', (wall > 0 ? 'The run took ' + r.with_unit(wall, 's') + ' of wall time' + (cost.build_s > 0.001 ? ', after ' + r.with_unit(cost.build_s, 's') + ' for building' : '') + '. ' : '') +
      'Participants compute a window at the same time, so their times overlap.');
  }

  return {traces: traces, chooser: chooser, spiking: spiking, spectra: spectra, bands: bands, cost: cost, main_signal: main_signal};
};
