/* Plots over time (dygraphs) and the bars of cost. Plots over time share
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
    var graph = null, is_following = false, is_whole = options.is_whole; /* slow: shown as a whole, follows nobody */
    var own = {
      follow: function (to) {
        is_following = true;
        graph.updateOptions({dateWindow: to.slice()});
        is_following = false;
      },
      refresh: function () { graph.updateOptions(Object.assign(look(), content(), {dateWindow: is_whole ? null : stretch.slice()})); }
    };
    var settings = Object.assign({
      dateWindow: is_whole ? null : stretch.slice(), labelsKMB: false, strokeWidth: 1.2, connectSeparatedPoints: true, highlightCircleSize: 2.5,
      xlabel: 'time (s)', xLabelHeight: 20, yLabelWidth: 18, legend: 'never', animatedZooms: false, underlayCallback: shade_transient,
      axes: {x: {axisLabelFormatter: r.plain, axisLabelWidth: 60, pixelsPerLabel: 70}, y: {axisLabelWidth: 52, axisLabelFormatter: function (y) { return r.plain(y); }}},
      drawCallback: function (g, is_first) {
        if (is_first || is_following || is_whole) return;
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
    delete settings.is_whole;
    var file = settings.file;
    delete settings.file;
    graph = new Dygraph(box, file, settings);
    if (!is_whole) followers.push(own);
    own.graph = graph;
    var is_new = true;
    r.draw(function () {
      if (!is_new) own.refresh();
      is_new = false;
    });
    return own;
  }

  /* ---- traces: 16 bits for the range of each, kept samples or minimum and maximum of each bucket ---- */
  run.signals.concat(run.channels).forEach(function (signal) {
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
    signal.drawn = function () {
      return signal.bucket > 1 ? 'drawn as the smallest and the largest of every ' + signal.bucket + ' samples, so that no excursion is lost' : 'all samples are drawn';
    };
  });
  var main_signal = run.signals.filter(function (s) { return s.main; })[0] || run.signals[0];

  function default_regions() {
    var order = regions.labels.map(function (label, i) { return i; }), strength = run.connectome && run.connectome.strength;
    if (strength) order.sort(function (a, b) { return strength[b] - strength[a]; });
    var others = order.filter(function (i) { return !r.is_spiking(i); });
    if (run.network) return order.slice(0, 8);
    return regions.spiking.slice(0, 2).concat(others.slice(0, regions.spiking.length ? 2 : 3));
  }
  r.selection.set(default_regions());
  function chosen() { return r.selection.get(); }

  function trace_content(signal) {
    var rows = [], columns = chosen().map(signal.trace);
    for (var i = 0; i < signal.n; i++) rows.push([signal.time(i)].concat(columns.map(function (c) { return c[i]; })));
    var all = chosen();
    if (!rows.length || !all.length) rows = [[0].concat(all.map(function () { return null; }), all.length ? [] : [null])];
    return {file: rows, labels: ['time'].concat(all.length ? all.map(function (i) { return regions.labels[i]; }) : ['none']),
      colors: all.length ? all.map(r.selection.colour) : ['#888'], ylabel: signal.name + (r.unit(signal.unit) ? ' (' + r.unit(signal.unit) + ')' : '')};
  }
  function traces() {
    var signal = main_signal;
    function content() { return trace_content(signal); }
    var plot = time_plot(r.by_id('traces'), content, {showRangeSelector: true, rangeSelectorHeight: 34, unit: signal.unit});
    r.selection.changed(plot.refresh);
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
    r.by_id('traces').setAttribute('aria-label', 'Traces of the chosen ' + r.noun + 's over time');
    if (bold && bold !== main_signal) bold_traces();
    r.say('activity-caption', sentence_on_traces());
  }
  function bold_traces() {
    r.show('bold');
    r.selection.changed(time_plot(r.by_id('bold'), function () { return trace_content(bold); }, {unit: bold.unit}).refresh);
    r.by_id('bold').setAttribute('aria-label', 'BOLD of the chosen regions over time');
  }
  function sentence_on_traces() {
    var s = main_signal, text = capital(s.long_name || s.name) + ', one sample every ' + r.time(s.every_ms);
    text += '; ' + s.drawn() + '. ';
    if (run.transient_ms > 0) text += 'The shaded first ' + r.time(run.transient_ms) + ' are the transient, left out of all statistics.';
    return text;
  }

  function capital(text) { return text.charAt(0).toUpperCase() + text.slice(1); }

  function chooser() {
    r.by_id('chooser').querySelector('legend').textContent = capital(r.noun) + 's';
    var box = r.by_id('chooser'), list = r.element('div', {'class': 'names'}), rows = [];
    var search = r.element('input', {type: 'search', placeholder: 'find a ' + r.noun, 'aria-label': 'find a ' + r.noun});
    search.addEventListener('input', function () {
      var word = search.value.toLowerCase();
      rows.forEach(function (row, i) { row.hidden = regions.labels[i].toLowerCase().indexOf(word) < 0; });
    });
    function paint() {
      rows.forEach(function (row, i) {
        var is_on = chosen().indexOf(i) >= 0;
        row.querySelector('i').style.background = is_on ? r.selection.colour(i) : 'transparent';
        row.querySelector('input').checked = is_on;
      });
    }
    regions.labels.forEach(function (label, i) {
      var check = r.element('input', {type: 'checkbox'});
      check.addEventListener('change', function () { r.selection.toggle(i); });
      rows.push(r.element('label', {'class': r.is_spiking(i) ? 'is-spiking' : '', title: label}, [check, r.element('i'), r.element('span', {text: label})]));
    });
    /* the spiking ones first */
    var order = regions.spiking.concat(regions.labels.map(function (l, i) { return i; }).filter(function (i) { return !r.is_spiking(i); }));
    order.forEach(function (i) { list.appendChild(rows[i]); });
    box.appendChild(search);
    box.appendChild(list);
    box.appendChild(r.element('button', {type: 'button', 'class': 'plain', text: 'none', onclick: function () { r.selection.set([]); }}));
    r.selection.changed(function () {
      paint();
      var last = chosen()[chosen().length - 1];
      if (last === undefined || document.activeElement && box.contains(document.activeElement)) return;
      list.scrollTop = Math.max(0, rows[last].offsetTop - list.offsetTop - list.clientHeight / 2);
    });
    r.draw(paint);
  }

  /* ---- cost ---- */
  function cost() {
    var cost = r.fact('cost');
    if (!cost || typeof cost !== 'object') return;
    var rows = [], labels = regions.neurons.map(function (x) { return x[0]; });
    if (Array.isArray(cost.subs)) cost.subs.forEach(function (sub) {
      rows.push({name: String(sub.name), seconds: sub.seconds, kind: labels.indexOf(sub.name) >= 0 ? 'is-spiking' : ''});
    });
    if (!run.network) rows.push({name: regions.spiking.length ? 'host' : 'neural masses', seconds: cost.host_s, kind: ''});
    if (regions.spiking.length) rows.push({name: 'exchange', seconds: cost.exchange_s, kind: 'is-other'});
    rows.push({name: 'waiting for the recording', seconds: cost.recording_s, kind: 'is-other'});
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
      (regions.spiking.length ? 'Participants compute a window at the same time, so their times overlap.' : ''));
  }

  return {traces: traces, chooser: chooser, cost: cost, stretch: function () { return stretch; }, stretch_buttons: stretch_buttons,
    follow: function (what) { followers.push({follow: what}); }, main_signal: main_signal, time_plot: time_plot, look: look, capital: capital};
};
