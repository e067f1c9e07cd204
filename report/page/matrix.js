/* A square matrix on a canvas with a colour bar; pointer and arrow keys read single cells.
 * options: n, value(i, j) (NaN: empty), shade(value) -> 0..1, colours() -> function, ticks [{at, text}],
 * bar (title), row, column (axis names), marks [regions], note(i, j) -> lines, label (for screen readers). */
'use strict';
report.matrix = function (host, options) {
  var n = options.n, r = report;
  var box = r.element('div', {'class': 'matrix'});
  var base = r.element('canvas', {tabindex: '0', role: 'img', 'aria-label': options.label});
  var over = r.element('canvas', {'aria-hidden': 'true'});
  box.appendChild(base);
  box.appendChild(over);
  host.appendChild(box);
  var left = 26, top = 8, side = 0, cell = null;

  function image(colours) {
    var small = document.createElement('canvas');
    small.width = small.height = n;
    var context = small.getContext('2d'), data = context.createImageData(n, n), empty = r.rgb(r.colour('soft'));
    for (var i = 0; i < n; i++) {
      for (var j = 0; j < n; j++) {
        var value = options.value(i, j), c = isNaN(value) ? empty : colours(options.shade(value)), at = 4 * (i * n + j);
        for (var k = 0; k < 3; k++) data.data[at + k] = c[k];
        data.data[at + 3] = 255;
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
      var at = top + (1 - tick.at) * height;
      context.fillRect(x + 12, at - 0.5, 4, 1);
      context.fillText(tick.text, x + 20, at);
    });
    context.save();
    context.translate(x + 60, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'center';
    context.fillText(options.bar, 0, 0);
    context.restore();
  }

  function axes(context) {
    context.fillStyle = r.colour('muted');
    context.textAlign = 'center';
    context.textBaseline = 'alphabetic';
    context.fillText(options.column, left + side / 2, top + side + 24);
    context.save();
    context.translate(12, top + side / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(options.row, 0, 0);
    context.restore();
    context.fillStyle = r.colour('spiking');
    options.marks.forEach(function (region) { /* small triangles at both axes */
      var at = (region + 0.5) * side / n;
      context.beginPath();
      context.moveTo(left - 1, top + at);
      context.lineTo(left - 7, top + at - 4);
      context.lineTo(left - 7, top + at + 4);
      context.moveTo(left + at, top + side + 1);
      context.lineTo(left + at - 4, top + side + 7);
      context.lineTo(left + at + 4, top + side + 7);
      context.fill();
    });
    context.strokeStyle = r.colour('line');
    context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1);
  }

  function cross() {
    var context = r.fit(over, base.clientWidth, base.clientHeight), width = side / n;
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
    var context = r.fit(base, left + side + 84, top + side + 34), colours = options.colours();
    context.imageSmoothingEnabled = side < n;
    context.drawImage(image(colours), left, top, side, side);
    bar(context, colours);
    axes(context);
    cross();
  });

  function point(i, j, x, y) {
    cell = i >= 0 && j >= 0 && i < n && j < n ? [i, j] : null;
    cross();
    r.tip(cell && options.note(i, j), x, y);
  }
  base.addEventListener('pointermove', function (event) {
    var frame = base.getBoundingClientRect();
    point(Math.floor((event.clientY - frame.top - top) * n / side), Math.floor((event.clientX - frame.left - left) * n / side),
      event.clientX, event.clientY);
  });
  function leave() { point(-1, -1, 0, 0); }
  base.addEventListener('pointerleave', leave);
  base.addEventListener('blur', leave);
  base.addEventListener('keydown', function (event) {
    var moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]}, move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    var from = cell || [0, 0], frame = base.getBoundingClientRect();
    var i = Math.min(n - 1, Math.max(0, from[0] + move[0])), j = Math.min(n - 1, Math.max(0, from[1] + move[1]));
    point(i, j, frame.left + left + (j + 0.5) * side / n, frame.top + top + (i + 0.5) * side / n);
  });
};
