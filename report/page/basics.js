/* What all plots share: the data, colours, numbers with units, canvases, the floating note. */
'use strict';
var report = (function () {
  function read(id) {
    try {
      return JSON.parse(document.getElementById(id).textContent);
    } catch (error) {
      return null;
    }
  }
  var run = read('run-data'), manifest = read('manifest-data');

  function bytes(text) {
    var binary = atob(text), out = new Uint8Array(binary.length);
    for (var i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
    return out.buffer;
  }
  function view(text, n_bytes, name) {
    var data = new DataView(bytes(text)), n = data.byteLength / n_bytes, out = new Array(n);
    for (var i = 0; i < n; i++) out[i] = data[name](i * n_bytes, true);
    return out;
  }
  function floats(text) { return view(text, 4, 'getFloat32'); }
  function codes(text) { return view(text, 2, 'getUint16'); }
  function words(text) { return view(text, 4, 'getUint32'); }

  /* Positive numbers of which the logarithms were stored as codes; 0 for those that are none. */
  function from_logs(stored) {
    var step = (stored.high - stored.low) / 65534;
    return codes(stored.codes).map(function (c) { return c === 65535 ? 0 : Math.exp(stored.low + step * c); });
  }
  /* A symmetric matrix of correlations of which the upper triangle was stored: value(i, j), NaN where there is none. */
  function correlations(text, n) {
    var upper = codes(text);
    return function (i, j) {
      var low = Math.min(i, j), code = upper[low * n - low * (low - 1) / 2 + Math.max(i, j) - low];
      return code === 65535 ? NaN : code / 32767 - 1;
    };
  }

  /* Value below several keys of the manifest, or undefined. */
  function fact() {
    var at = manifest;
    for (var i = 0; i < arguments.length && at !== null && typeof at === 'object'; i++) at = at[arguments[i]];
    return i === arguments.length && at !== null ? at : undefined;
  }

  /* ---- numbers ---- */
  function number(value, digits) {
    if (typeof value !== 'number' || !isFinite(value)) return '–';
    var size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e15)) {
      var parts = value.toExponential((digits || 3) - 1).split('e');
      return parts[0] + ' × 10' + superscript(Number(parts[1]));
    }
    var decimals = size === 0 ? 0 : Math.max(0, (digits || 3) - 1 - Math.floor(Math.log10(size)));
    var halves = value.toFixed(Math.min(decimals, 12)).replace('-', '−').split('.');
    halves[0] = halves[0].replace(/\B(?=(\d{3})+$)/g, ',');
    return halves.join('.');
  }
  function power_of_ten(e) { return e >= -3 && e <= 3 ? plain(Math.pow(10, e)) : '10' + superscript(e); }
  function superscript(e) {
    return String(e).replace(/[-0-9]/g, function (c) { return c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[c]; });
  }
  function count(value) { return typeof value === 'number' && isFinite(value) ? number(Math.round(value), 1) : '–'; }
  function unit(text) { return text === '1' || !text ? '' : text.replace(/\^?2\b/, '²'); }
  function squared(text) { /* of a unit: mV², (Hz/s)² */
    var u = unit(text);
    return !u ? '' : /[/ ^²]/.test(u) ? '(' + u + ')²' : u + '²';
  }
  function density(text) { return (squared(text) || '1') + '/Hz'; }
  function with_unit(value, of, digits) { return number(value, digits) + (unit(of) ? ' ' + unit(of) : ''); }
  /* About `most` round numbers from low to high. */
  function round_ticks(low, high, most) {
    var rough = (high - low) / most, unit_step = Math.pow(10, Math.floor(Math.log10(rough))), out = [];
    if (!(rough > 0)) return [low];
    var step = unit_step * [1, 2, 5, 10].filter(function (m) { return m * unit_step >= rough * 0.999; })[0];
    for (var k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) out.push(Number((k * step).toPrecision(12)));
    return out;
  }
  function time(ms) {
    if (!isFinite(ms)) return '–';
    return ms >= 1000 ? plain(ms / 1000) + ' s' : plain(ms) + ' ms';
  }
  function plain(value) { return String(Number(value.toPrecision(6))); }

  /* ---- colours ---- */
  function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim(); }
  function is_dark() {
    return matchMedia('(prefers-color-scheme: dark)').matches && document.documentElement.dataset.theme !== 'light';
  }
  function rgb(text) {
    var n = parseInt(text.slice(1), 16);
    return [n >> 16, n >> 8 & 255, n & 255];
  }
  function scale(stops) {
    var table = stops.map(rgb);
    return function (x) {
      var place = Math.min(Math.max(x, 0), 1) * (table.length - 1), i = Math.min(Math.floor(place), table.length - 2);
      return table[i].map(function (c, k) { return c + (place - i) * (table[i + 1][k] - c); });
    };
  }
  /* viridis (van der Walt & Smith 2015) and a blue-red pair with a middle that is the page */
  var viridis = scale(['#440154', '#482878', '#3e4989', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725']);
  function diverging() {
    return is_dark() ? scale(['#7cc4f5', '#3a86bd', '#23486a', '#191d22', '#6b3524', '#c05f3c', '#f7a788'])
      : scale(['#08457e', '#2f7fbc', '#9cc8e3', '#fafaf8', '#f4b698', '#cf5b40', '#8a0f26']);
  }
  function css(c) { return 'rgb(' + c.map(Math.round).join(',') + ')'; }

  /* ---- elements ---- */
  function element(tag, attributes, children) {
    var out = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (key) {
      if (key === 'text') out.textContent = attributes[key];
      else if (key.slice(0, 2) === 'on') out.addEventListener(key.slice(2), attributes[key]);
      else out.setAttribute(key, attributes[key]);
    });
    (children || []).forEach(function (child) {
      out.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
    });
    return out;
  }
  function by_id(id) { return document.getElementById(id); }
  function show(id) { by_id(id).hidden = false; }
  function say(id, text) { by_id(id).textContent = text; }

  /* A canvas in device pixels with a context in CSS pixels. */
  function fit(canvas, width, height) {
    var ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    var context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = '12px system-ui, sans-serif';
    return context;
  }

  /* ---- a frame with axes on a canvas ---- */
  function frame(context, area, x, y) {
    context.strokeStyle = colour('line');
    context.strokeRect(area.x - 0.5, area.y - 0.5, area.w + 1, area.h + 1);
    context.textBaseline = 'alphabetic';
    context.textAlign = 'center';
    x.ticks.forEach(function (t) {
      var at = area.x + t.at * area.w;
      context.fillStyle = colour('line');
      context.fillRect(at - 0.5, area.y, 1, area.h);
      context.fillStyle = colour('muted');
      context.fillText(t.text, at, area.y + area.h + 16);
    });
    context.textAlign = 'right';
    y.ticks.forEach(function (t) {
      var at = area.y + (1 - t.at) * area.h;
      context.fillStyle = colour('line');
      context.fillRect(area.x, at - 0.5, area.w, 1);
      context.fillStyle = colour('muted');
      context.fillText(t.text, area.x - 6, at + 4);
    });
    context.textAlign = 'center';
    context.fillText(x.label, area.x + area.w / 2, area.y + area.h + 35);
    context.save();
    context.translate(14, area.y + area.h / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(y.label, 0, 0);
    context.restore();
  }
  function ticks_of(low, high, most) {
    return round_ticks(low, high, most).map(function (v) { return {at: (v - low) / (high - low), text: plain(v).replace('-', '−')}; });
  }
  function room(host, height) {
    var width = Math.min(host.clientWidth || 480, 560);
    return {width: width, height: height, x: 58, y: 10, w: width - 76, h: height - 56};
  }

  /* The note beside the pointer: lines of text, the first one strong. */
  function tip(lines, x, y) {
    var box = by_id('tip');
    box.hidden = !lines;
    if (!lines) return;
    box.textContent = '';
    lines.forEach(function (line, i) {
      box.appendChild(i === 0 ? element('b', {text: line}) : element('div', {text: line}));
    });
    var left = x + 16, top = y + 16;
    if (left + box.offsetWidth > innerWidth - 8) left = x - box.offsetWidth - 12;
    if (top + box.offsetHeight > innerHeight - 8) top = y - box.offsetHeight - 12;
    box.style.left = Math.max(4, left) + 'px';
    box.style.top = Math.max(4, top) + 'px';
  }

  /* A row of buttons of which one is pressed. */
  function choice(options, chosen, changed, label) {
    var group = element('span', {'class': 'group', role: 'group', 'aria-label': label});
    options.forEach(function (option) {
      var button = element('button', {type: 'button', text: option.text, 'aria-pressed': String(option.value === chosen)});
      button.addEventListener('click', function () {
        Array.prototype.forEach.call(group.children, function (other) { other.setAttribute('aria-pressed', String(other === button)); });
        changed(option.value);
      });
      group.appendChild(button);
    });
    return group;
  }

  /* Everything drawn is drawn again when size or colours change. */
  var drawers = [];
  function draw(what) {
    drawers.push(what);
    what();
  }
  function redraw() { drawers.forEach(function (what) { what(); }); }
  var waiting = 0;
  window.addEventListener('resize', function () {
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 120);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  window.addEventListener('beforeprint', function () {
    document.documentElement.dataset.theme = 'light';
    redraw();
  });
  window.addEventListener('afterprint', function () {
    delete document.documentElement.dataset.theme;
    redraw();
  });

  /* ---- the regions that were chosen, the same for all plots ---- */
  var chosen = [], choosers = [];
  function choose(list) {
    chosen = list;
    choosers.forEach(function (what) { what(); });
  }
  function toggle(region) {
    choose(chosen.indexOf(region) >= 0 ? chosen.filter(function (i) { return i !== region; }) : chosen.concat(region));
  }
  /* populations of a network have one colour in all plots */
  var tints = ['spiking', 'c1', 'c2', 'c3', 'c4', 'c5', 'c7', 'c6'];
  function tint(k) { return colour(tints[k % tints.length]); }
  function region_colour(i) {
    if (run.network) return tint(i);
    if (is_spiking(i)) return colour('spiking');
    var place = chosen.filter(function (other) { return !is_spiking(other); }).indexOf(i);
    return place < 0 ? colour('node') : colour('c' + (place % 6 + 1));
  }
  var selection = {get: function () { return chosen; }, set: choose, toggle: toggle, colour: region_colour,
    changed: function (what) { choosers.push(what); }};

  /* ---- order of regions in matrices: as in the file, or by hemisphere and name ---- */
  var labels = run ? run.regions.labels : [];
  var side_names = [[/^(l|lh|left|ctx[-_]lh)[ ._-]|[ ._-](l|lh|left)$/i, 0], [/^(r|rh|right|ctx[-_]rh)[ ._-]|[ ._-](r|rh|right)$/i, 1]];
  function side(i) { /* 0 left, 1 right, 2 neither */
    for (var k = 0; k < 2; k++) if (side_names[k][0].test(labels[i])) return side_names[k][1];
    return 2;
  }
  var sides = labels.map(function (label, i) { return side(i); }), has_sides = sides.indexOf(0) >= 0 && sides.indexOf(1) >= 0;
  var file_order = labels.map(function (label, i) { return i; });
  var named_order = file_order.slice().sort(function (a, b) {
    return (has_sides ? sides[a] - sides[b] : 0) || (labels[a] < labels[b] ? -1 : labels[a] > labels[b] ? 1 : a - b);
  });
  var is_named = has_sides;
  var order = {
    get: function () { return is_named ? named_order : file_order; },
    is_named: function () { return is_named; },
    set: function (value) {
      is_named = value;
      redraw();
    },
    has_sides: has_sides,
    sides: function () { /* [{name, from, to}] along the axis, in order */
      var out = [], at = 0;
      if (!is_named || !has_sides) return out;
      ['left', 'right', 'midline'].forEach(function (name, k) {
        var n = sides.filter(function (s) { return s === k; }).length;
        if (n) out.push({name: name, from: at, to: at + n});
        at += n;
      });
      return out;
    }
  };

  /* what a column is: of a brain a region, of a network of its own a population */
  var noun = run && run.network ? 'population' : 'region';
  function is_spiking(region) { return run.regions.spiking.indexOf(region) >= 0; }

  return {run: run, manifest: manifest, fact: fact, floats: floats, codes: codes, words: words, from_logs: from_logs, correlations: correlations, selection: selection, order: order, squared: squared, density: density, number: number, power_of_ten: power_of_ten, count: count,
    round_ticks: round_ticks, unit: unit, with_unit: with_unit, time: time, plain: plain, colour: colour, tint: tint, is_dark: is_dark, rgb: rgb, css: css,
    viridis: viridis, diverging: diverging, element: element, frame: frame, ticks_of: ticks_of, room: room, by_id: by_id, show: show, say: say, fit: fit, tip: tip,
    choice: choice, draw: draw, is_spiking: is_spiking, noun: noun};
})();
