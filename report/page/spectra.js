/* Spectra of regions and of sensors: one plot with named bands and marked peaks, and the power in each band. */
'use strict';
report.spectra = function (look) {
  var r = report, letters = {delta: 'δ', theta: 'θ', alpha: 'α', beta: 'β', gamma: 'γ'};

  function ticks(min, max) { /* 1, 2, 5 of each decade */
    var out = [];
    for (var e = Math.floor(Math.log10(min)); e <= Math.ceil(Math.log10(max)); e++) {
      [1, 2, 5].forEach(function (m) {
        var v = m * Math.pow(10, e);
        if (v >= min * 0.999 && v <= max * 1.001) out.push({v: v, label: r.plain(v)});
      });
    }
    return out;
  }
  function decades(min, max) {
    var out = [], low = Math.ceil(Math.log10(min) - 1e-9), high = Math.floor(Math.log10(max) + 1e-9), step = Math.max(1, Math.ceil((high - low) / 6));
    for (var e = low; e <= high; e += step) out.push({v: Math.pow(10, e), label: r.power_of_ten(e)});
    return out;
  }

  function across(f_Hz, area, g, is_log) { /* pixels; dygraphs' own way takes the axis as linear */
    var range = g.xAxisRange(), of = is_log ? Math.log : Number;
    return area.x + (of(f_Hz) - of(range[0])) / (of(range[1]) - of(range[0])) * area.w;
  }

  /* Every other band is shaded; all are named at the upper edge with their limits, as far as there is room. */
  function paint_bands(context, area, g, bands, is_log) {
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    bands.forEach(function (b, k) {
      var from = Math.max(across(b.low_Hz, area, g, is_log), area.x), to = Math.min(across(b.high_Hz, area, g, is_log), area.x + area.w);
      if (!(to - from > 1)) return;
      context.fillStyle = r.colour('shade');
      if (k % 2 === 0) context.fillRect(from, area.y, to - from, area.h);
      context.fillStyle = r.colour('muted');
      context.textAlign = 'center';
      context.textBaseline = 'top';
      var name = letters[b.name] || b.name, room = to - from - 6, limits = r.plain(b.low_Hz) + '–' + r.plain(b.high_Hz);
      context.font = '13px system-ui, sans-serif';
      if (context.measureText(name).width <= room) context.fillText(name, (from + to) / 2, area.y + 4);
      context.font = '10.5px system-ui, sans-serif';
      if (context.measureText(limits).width <= room) context.fillText(limits, (from + to) / 2, area.y + 21);
    });
    context.restore();
  }
  /* Peaks: a small triangle on the curve and the frequency above it. */
  function paint_peaks(context, area, g, peaks, is_log) {
    var taken = [];
    context.save();
    context.font = '11.5px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'bottom';
    peaks.forEach(function (p) {
      var x = across(p.f_Hz, area, g, is_log), y = g.toDomYCoord(p.power) - 5;
      if (!(x >= area.x && x <= area.x + area.w && y >= area.y - 8 && y <= area.y + area.h)) return;
      y = Math.max(y, area.y + 52);
      context.fillStyle = p.colour;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x - 4, y - 7);
      context.lineTo(x + 4, y - 7);
      context.fill();
      if (taken.some(function (other) { return Math.abs(other - x) < 46; })) return;
      taken.push(x);
      context.fillText(r.number(p.f_Hz, 3) + ' Hz', x, y - 8);
    });
    context.restore();
  }

  /* s: a spectrum of the data; curves() -> [{name, colour, power(k) -> [low, middle, high], peak_Hz}] */
  function plot(box, controls, s, unit, every_ms, curves, label) {
    var tiny = 1e-300, x_log = true, y_log = true, last = s.n - 1;
    while (last > 1 && last * s.df_Hz > 500 / every_ms - 0.75 * s.df_Hz) last--; /* at half the rate of samples the density is halved */
    box.setAttribute('aria-label', label);
    function content() {
      var all = curves(), rows = [], none = [[null, null, null]];
      for (var k = 1; k <= last; k++) rows.push([k * s.df_Hz].concat(all.length ? all.map(function (c) {
        return c.power(k).map(function (p) { return y_log ? Math.max(p, tiny) : p; });
      }) : none));
      return {file: rows, labels: ['frequency'].concat(all.length ? all.map(function (c) { return c.name; }) : ['none']),
        colors: all.length ? all.map(function (c) { return c.colour; }) : ['#888'], logscale: y_log,
        axes: {x: {drawGrid: true, axisLabelWidth: 44, logscale: x_log, axisLabelFormatter: r.plain, pixelsPerLabel: 60,
            ticker: x_log ? ticks : Dygraph.numericLinearTicks},
          y: {axisLabelWidth: 62, axisLabelFormatter: function (v) { return r.number(v, 2); }, ticker: y_log ? decades : Dygraph.numericLinearTicks}}};
    }
    function marks() {
      return curves().filter(function (c) { return c.peak_Hz > 0; }).map(function (c) {
        var k = Math.min(last, Math.max(1, Math.round(c.peak_Hz / s.df_Hz)));
        return {f_Hz: c.peak_Hz, power: c.power(k)[1], colour: c.colour};
      });
    }
    var options = Object.assign(look(), content()), file = options.file;
    delete options.file;
    var graph = new Dygraph(box, file, Object.assign(options, {customBars: true, fillAlpha: 0.2, strokeWidth: 1.4, legend: 'never', yRangePad: 40,
      xlabel: 'frequency (Hz)', ylabel: 'power spectral density (' + r.density(unit) + ')', xLabelHeight: 20, yLabelWidth: 18, highlightCircleSize: 2.5,
      underlayCallback: function (context, area, g) {
        paint_bands(context, area, g, s.bands, x_log);
        paint_peaks(context, area, g, marks(), x_log);
      },
      highlightCallback: function (event, x, points) {
        var band = s.bands.filter(function (b) { return x >= b.low_Hz && x < b.high_Hz; })[0];
        r.tip([r.number(x) + ' Hz' + (band ? ' (' + band.name + ')' : '')].concat(points.slice(0, 9).map(function (p) {
          return p.name + ': ' + r.number(p.yval) + ' ' + r.density(unit);
        })), event.clientX, event.clientY);
      },
      unhighlightCallback: function () { r.tip(null); }}));
    var is_new = true;
    function refresh() {
      if (!is_new) graph.updateOptions(Object.assign(look(), content()));
      is_new = false;
    }
    r.draw(refresh);
    controls.appendChild(r.choice([{text: 'log–log', value: 'xy'}, {text: 'log power', value: 'y'}, {text: 'linear', value: ''}], 'xy', function (value) {
      x_log = value === 'xy';
      y_log = value !== '';
      refresh();
    }, 'axes of the spectra'));
    return refresh;
  }

  /* Bars of the power in the bands of a spectrum. */
  function bands(host, s, unit, over) {
    var rows = s.bands.filter(function (b) { return b.power !== null && s.total > 0; });
    if (!rows.length) return;
    var most = Math.max.apply(null, rows.map(function (b) { return b.power; })) || 1, of = r.squared(unit);
    host.appendChild(r.element('div', {'class': 'sub', text: 'Power in bands'}));
    rows.forEach(function (b) {
      var fill = r.element('div');
      fill.style.width = 100 * b.power / most + '%';
      host.appendChild(r.element('div', {'class': 'bar-row is-narrow'}, [
        r.element('span', {'class': 'name', text: (letters[b.name] ? letters[b.name] + ' ' : '') + b.name + ' ' + r.plain(b.low_Hz) + '–' + r.plain(b.high_Hz) + ' Hz'}),
        r.element('div', {'class': 'track'}, [fill]),
        r.element('span', {'class': 'amount'}, [r.element('b', {text: r.number(b.power, 3) + (of ? ' ' + of : '')}),
          document.createTextNode('  ' + r.number(100 * b.power / s.total, 2) + ' %')])]));
    });
    host.appendChild(r.element('figcaption', {text: 'Mean over the ' + over + ' of the power below each stretch of the spectrum; per cent of the power at all frequencies but 0.'}));
  }

  function welch(s) {
    return 'Welch estimate: ' + s.segments + ' half-overlapping segments of ' + r.time(s.segment_ms) + ', Hann window, ' + r.number(s.df_Hz, 2) + ' Hz apart.';
  }
  function median(values) {
    var sorted = values.slice().sort(function (a, b) { return a - b; });
    return sorted.length ? quantile(sorted, 0.5) : NaN;
  }
  function quantile(sorted, q) {
    var place = q * (sorted.length - 1), i = Math.floor(place);
    return i + 1 < sorted.length ? sorted[i] + (place - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
  }

  /* The regions: median and quartiles of all that do not spike, and those that were chosen. */
  function of_regions(signal) {
    var s = signal.spectrum, regions = r.run.regions;
    if (!s) return;
    var power = r.from_logs(s.power), all = regions.labels.map(function (l, i) { return i; });
    var others = all.filter(function (i) { return !r.is_spiking(i); });
    if (!others.length) others = all;
    var middle = [];
    for (var k = 0; k < s.n; k++) {
      var column = others.map(function (i) { return power[i * s.n + k]; }).sort(function (a, b) { return a - b; });
      middle.push([quantile(column, 0.25), quantile(column, 0.5), quantile(column, 0.75)]);
    }
    var peaks = others.map(function (i) { return s.peak_Hz[i]; }).filter(function (f) { return f !== null; });
    function curves() {
      var shown = regions.spiking.slice(0, 3).concat(r.selection.get().filter(function (i) { return !r.is_spiking(i); }).slice(0, 6));
      var name = regions.spiking.length ? 'median of the others' : 'median of the ' + r.noun + 's';
      return [{name: name, colour: r.colour('ink'), peak_Hz: peaks.length * 2 > others.length ? median(peaks) : null, power: function (k) { return middle[k]; }}]
        .concat(shown.map(function (i) {
          return {name: regions.labels[i], colour: r.selection.colour(i), peak_Hz: r.is_spiking(i) ? s.peak_Hz[i] : null, power: function (k) {
            var value = power[i * s.n + k];
            return [value, value, value];
          }};
        }));
    }
    var host = r.by_id('spectra'), box = r.element('div', {'class': 'plot tall', role: 'img'}), controls = r.by_id('rhythm-controls');
    host.appendChild(box);
    r.selection.changed(plot(box, controls, s, signal.unit, signal.every_ms, curves, 'Power spectra of the ' + r.noun + 's, with the bands'));
    var keys = r.element('span', {'class': 'keys'});
    controls.appendChild(keys);
    function paint_keys() {
      keys.textContent = '';
      curves().forEach(function (c, k) {
        var swatch = r.element('i');
        swatch.style.background = c.colour;
        keys.appendChild(r.element('span', {'class': 'key'}, [swatch, c.name + (k === 0 ? ' and quartiles' : '')]));
      });
    }
    r.selection.changed(paint_keys);
    r.draw(paint_keys);
    var text = regions.spiking.slice(0, 3).map(function (i) {
      return regions.labels[i] + (s.peak_Hz[i] === null ? ' has no clear peak. ' : ' peaks at ' + r.with_unit(s.peak_Hz[i], 'Hz') + '. ');
    }).join('');
    text += peaks.length ? r.count(peaks.length) + ' of ' + r.count(others.length) + (regions.spiking.length ? ' other' : '') + ' ' + r.noun + (peaks.length === 1 && others.length === 1 ? ' has' : 's have') + ' a clear peak between 1 and 100 Hz, at ' +
      r.with_unit(median(peaks), 'Hz') + ' in the median. ' : 'No ' + (regions.spiking.length ? 'other ' : '') + r.noun + ' has a clear peak between 1 and 100 Hz. ';
    host.appendChild(r.element('figcaption', {text: text + welch(s)}));
  }

  return {plot: plot, bands: bands, welch: welch, median: median, of_regions: of_regions};
};
