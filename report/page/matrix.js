/* A square matrix on a canvas with a colour bar; pointer and arrow keys read single cells.
 * options: n, value(i, j) (NaN: empty), shade(value) -> 0..1, colours() -> function, ticks [{at, text}],
 * bar (title), row, column (axis names), marks [regions], note(i, j) -> lines, label (for screen readers);
 * is_regions: in the common order of regions, a click or Enter chooses the pair; axis {first, step}: ticks of both axes;
 * moved(i, j): the cell under the pointer, or -1. Returns {mark(i, j)}, which outlines a cell. */
'use strict';
report.matrix = function (host, options) {
  var n = options.n, r = report;
  var box = r.element('div', {'class': 'matrix'});
  var base = r.element('canvas', {tabindex: '0', role: 'img', 'aria-label': options.label});
  var over = r.element('canvas', {'aria-hidden': 'true'});
  box.appendChild(base);
  box.appendChild(over);
  host.appendChild(box);
  var left = options.axis ? 62 : 34, top = 8, side = 0, cell = null, marked = null;
  function at(place) { return options.is_regions ? r.order.get()[place] : place; }
  function place(i) { return options.is_regions ? r.order.get().indexOf(i) : i; }

  function image(colours) {
    var small = document.createElement('canvas');
    small.width = small.height = n;
    var context = small.getContext('2d'), data = context.createImageData(n, n), empty = r.rgb(r.colour('soft'));
    for (var i = 0; i < n; i++) {
      for (var j = 0; j < n; j++) {
        var value = options.value(at(i), at(j)), c = isNaN(value) ? empty : colours(options.shade(value)), to = 4 * (i * n + j);
        for (var k = 0; k < 3; k++) data.data[to + k] = c[k];
        data.data[to + 3] = 255;
      }
    }
    context.putImageData(data, 0, 0);
    return small;
  }

  function bar(context, colours) {
    var x = left + side + 16, height = side;
    for (var y = 0; y < height; y++) {
      context.fillStyle = r.css(colours(1 - y / (height - 1)));
      context.fillRect(x, top + y, 12, 1.5);
    }
    context.fillStyle = r.colour('muted');
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    options.ticks.forEach(function (tick) {
      var y_tick = top + (1 - tick.at) * height;
      context.fillRect(x + 12, y_tick - 0.5, 4, 1);
      context.fillText(tick.text, x + 20, y_tick);
    });
    context.save();
    context.translate(x + 62, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'center';
    context.fillText(options.bar, 0, 0);
    context.restore();
  }

  function turned(context, text, x, y) {
    context.save();
    context.translate(x, y);
    context.rotate(-Math.PI / 2);
    context.fillText(text, 0, 0);
    context.restore();
  }
  function ticks(context) { /* at round numbers along both axes */
    var a = options.axis, last = a.first + (n - 1) * a.step;
    r.round_ticks(a.first, last, 5).forEach(function (value) {
      var along = ((value - a.first) / a.step + 0.5) * side / n;
      context.fillRect(left + along - 0.5, top + side, 1, 4);
      context.fillRect(left - 4, top + along - 0.5, 4, 1);
      context.textAlign = 'center';
      context.fillText(r.plain(value), left + along, top + side + 17);
      context.textAlign = 'right';
      context.fillText(r.plain(value), left - 8, top + along + 4);
    });
    context.textAlign = 'center';
  }
  function halves(context) { /* names of the hemispheres and lines between them */
    r.order.sides().forEach(function (part) {
      var middle = (part.from + part.to) / 2 * side / n, start = part.from * side / n;
      if (part.to - part.from < 0.08 * n) return;
      context.fillText(part.name, left + middle, top + side + 18);
      turned(context, part.name, 24, top + middle);
      if (part.from === 0) return;
      context.globalAlpha = 0.7;
      context.fillRect(left + start - 0.5, top, 1, side);
      context.fillRect(left, top + start - 0.5, side, 1);
      context.globalAlpha = 1;
    });
  }

  function axes(context) {
    context.fillStyle = r.colour('muted');
    context.textAlign = 'center';
    context.textBaseline = 'alphabetic';
    context.fillText(options.column, left + side / 2, top + side + 34);
    turned(context, options.row, 10, top + side / 2);
    if (options.axis) ticks(context);
    if (options.is_regions) halves(context);
    context.fillStyle = r.colour('spiking');
    options.marks.forEach(function (region) { /* small triangles at both axes */
      var along = (place(region) + 0.5) * side / n;
      context.beginPath();
      context.moveTo(left - 1, top + along);
      context.lineTo(left - 7, top + along - 4);
      context.lineTo(left - 7, top + along + 4);
      context.moveTo(left + along, top + side + 1);
      context.lineTo(left + along - 4, top + side + 7);
      context.lineTo(left + along + 4, top + side + 7);
      context.fill();
    });
    context.strokeStyle = r.colour('line');
    context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
  }

  function outline(context, i, j, width) {
    var size = Math.max(width, 7);
    context.strokeStyle = r.colour('spiking');
    context.lineWidth = 2;
    context.strokeRect(left + (j + 0.5) * width - size / 2, top + (i + 0.5) * width - size / 2, size, size);
  }
  function cross() {
    var context = r.fit(over, base.clientWidth, base.clientHeight), width = side / n;
    if (marked) outline(context, place(marked[0]), place(marked[1]), width);
    if (!cell) return;
    context.strokeStyle = r.colour('spiking');
    context.lineWidth = 1.5;
    context.strokeRect(left + cell[1] * width - 0.5, top + cell[0] * width - 0.5, width + 1, width + 1);
    context.lineWidth = 0.6;
    context.globalAlpha = 0.75;
    context.strokeRect(left, top + cell[0] * width, side, width);
    context.strokeRect(left + cell[1] * width, top, width, side);
  }

  r.draw(function () {
    var width = Math.min(host.clientWidth || 480, 560), room = width - left - 84;
    side = room >= 2 * n ? Math.floor(room / n) * n : room;
    var context = r.fit(base, left + side + 84, top + side + 42), colours = options.colours();
    context.imageSmoothingEnabled = side < n;
    context.drawImage(image(colours), left, top, side, side);
    bar(context, colours);
    axes(context);
    cross();
  });

  function point(i, j, x, y) {
    cell = i >= 0 && j >= 0 && i < n && j < n ? [i, j] : null;
    cross();
    r.tip(cell && options.note(at(i), at(j)), x, y);
    if (options.moved) options.moved(cell ? at(i) : -1, cell ? at(j) : -1);
  }
  base.addEventListener('pointermove', function (event) {
    var frame = base.getBoundingClientRect();
    point(Math.floor((event.clientY - frame.top - top) * n / side), Math.floor((event.clientX - frame.left - left) * n / side),
      event.clientX, event.clientY);
  });
  function leave() { point(-1, -1, 0, 0); }
  base.addEventListener('pointerleave', leave);
  base.addEventListener('blur', leave);
  function choose() {
    if (!cell || !options.is_regions) return;
    var pair = [at(cell[0]), at(cell[1])];
    r.selection.set(r.selection.get().filter(function (i) { return pair.indexOf(i) < 0; }).concat(pair[0] === pair[1] ? [pair[0]] : pair));
  }
  base.addEventListener('click', choose);
  base.addEventListener('keydown', function (event) {
    if (event.key === 'Enter') choose();
    var moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}, move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    var from = cell || [0, 0], frame = base.getBoundingClientRect();
    var i = Math.min(n - 1, Math.max(0, from[0] + move[0])), j = Math.min(n - 1, Math.max(0, from[1] + move[1]));
    point(i, j, frame.left + left + (j + 0.5) * side / n, frame.top + top + (i + 0.5) * side / n);
  });
  return {mark: function (i, j) {
    marked = i >= 0 && j >= 0 ? [i, j] : null;
    cross();
  }};
};
