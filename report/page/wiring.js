/* Matrices of connections, with colours by the logarithm of what is above 0 or in proportion.
 * options: those of report.matrix without shade, colours and ticks, and values (all of them, for the range), is_log. */
'use strict';
report.decade_ticks = function (low, high, span) {
  var ticks = [], first = Math.ceil(Math.log10(low)), last = Math.floor(Math.log10(high)), step = Math.max(1, Math.ceil((last - first) / 6));
  for (var e = first; e <= last; e += step) ticks.push({at: Math.log(Math.pow(10, e) / low) / span, text: report.power_of_ten(e)});
  return ticks.length < 2 ? [{at: 0, text: report.number(low, 2)}, {at: 1, text: report.number(high, 2)}] : ticks;
};
report.wiring = function (host, options) {
  var r = report, low = Infinity, high = 0;
  options.values.forEach(function (x) {
    if (x > 0) low = Math.min(low, x);
    high = Math.max(high, x);
  });
  low = Math.max(low, high * 1e-6);
  if (!(high > 0)) low = high = 1;
  var span = Math.log(high / low) || 1;
  function quarters() {
    return [0, 0.25, 0.5, 0.75, 1].map(function (x) { return {at: x, text: r.number(x * high, 3)}; });
  }
  return r.matrix(host, Object.assign({}, options, {
    colours: function () { return r.viridis; },
    value: function (i, j) { return options.value(i, j) > 0 ? options.value(i, j) : NaN; },
    shade: function (x) { return options.is_log ? Math.log(x / low) / span : x / high; },
    ticks: options.is_log ? r.decade_ticks(low, high, span) : quarters()}));
};
