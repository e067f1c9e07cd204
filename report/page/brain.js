/* The regions in space: balls sized by input strength, the strongest connections as lines. WebGL through
 * three.js; without WebGL the same view is projected onto a plain canvas. Axes: x right, y front, z up. */
'use strict';
report.brain = function (host) {
  var r = report, regions = r.run.regions, n = regions.labels.length, centres = regions.centres_mm;
  var strength = r.run.connectome ? r.run.connectome.strength : centres.map(function () { return 1; });
  var strongest = Math.max.apply(null, strength.concat(1e-300));
  var stage = r.element('div', {'class': 'stage', tabindex: '0', role: 'img', 'aria-label':
    'Regions in space, sized by input strength; drag or arrow keys turn the view'});
  host.appendChild(stage);

  /* middle and size of the cloud of regions */
  var middle = [0, 0, 0], size = 1e-9;
  centres.forEach(function (c) { for (var k = 0; k < 3; k++) middle[k] += c[k] / n; });
  centres.forEach(function (c) { size = Math.max(size, Math.hypot(c[0] - middle[0], c[1] - middle[1], c[2] - middle[2])); });
  var points = centres.map(function (c) { return c.map(function (x, k) { return (x - middle[k]) / size; }); });
  var crowd = Math.min(1, Math.sqrt(90 / n));
  function radius(i) { return (0.018 + 0.05 * Math.sqrt(Math.max(0, strength[i]) / strongest)) * crowd + (r.is_spiking(i) ? 0.02 : 0); }

  /* strongest pairs, either direction; and the strongest ones of each spiking region */
  function strong_pairs(weights, most) {
    var pairs = [], own = {};
    for (var i = 0; i < n; i++) {
      for (var j = 0; j < i; j++) {
        var weight = Math.max(weights[i * n + j], weights[j * n + i]);
        if (weight > 0) pairs.push([weight, i, j]);
      }
    }
    pairs.sort(function (a, b) { return b[0] - a[0]; });
    return pairs.filter(function (pair, place) {
      var special = pair.slice(1).filter(r.is_spiking)[0];
      if (special === undefined) return place < most;
      own[special] = (own[special] || 0) + 1;
      return place < most || own[special] <= 24;
    });
  }
  var edges = r.weights ? strong_pairs(r.weights, Math.max(60, Math.min(3 * n, 900))) : [];
  function is_special(edge) { return r.is_spiking(edge[1]) || r.is_spiking(edge[2]); }
  var top_weight = edges.length ? edges[0][0] : 1, low_weight = edges.length ? edges[edges.length - 1][0] : 1;
  function fade(weight) { /* 0.2 .. 1, by the logarithm of the weight */
    var span = Math.log(top_weight / low_weight);
    return span > 0 ? 0.2 + 0.8 * Math.log(weight / low_weight) / span : 1;
  }

  /* ---- view: an orbit around the middle ---- */
  var view = {turn: -0.9, lift: 0.55, far: 3.0}, focal = 1 / Math.tan(20 * Math.PI / 180);
  function frame() {
    var ct = Math.cos(view.turn), st = Math.sin(view.turn), cl = Math.cos(view.lift), sl = Math.sin(view.lift);
    var out = [cl * ct, cl * st, sl], right = [-st, ct, 0];
    return {out: out, right: right, up: [out[1] * right[2] - out[2] * right[1], out[2] * right[0] - out[0] * right[2],
      out[0] * right[1] - out[1] * right[0]]};
  }
  function dot(a, b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
  function project(p, f, width, height) {
    var depth = view.far - dot(p, f.out), zoom = focal * height / 2 / depth;
    return {x: width / 2 + zoom * dot(p, f.right), y: height / 2 - zoom * dot(p, f.up), zoom: zoom, depth: depth};
  }

  /* ---- two painters with one interface: size(w, h), colours(), paint(frame) ---- */
  function webgl() {
    var T = window.THREE, canvas = document.createElement('canvas');
    var settings = {antialias: true, alpha: true, preserveDrawingBuffer: true};
    var context = canvas.getContext('webgl2', settings) || canvas.getContext('webgl', settings);
    if (!context) return null;
    var renderer = new T.WebGLRenderer(Object.assign({canvas: canvas, context: context}, settings));
    stage.appendChild(renderer.domElement);
    renderer.setPixelRatio(window.devicePixelRatio || 1);
    var scene = new T.Scene(), camera = new T.PerspectiveCamera(40, 1, 0.1, 20), lamp = new T.DirectionalLight(0xffffff, 0.55);
    camera.up.set(0, 0, 1);
    scene.add(new T.AmbientLight(0xffffff, 0.62));
    scene.add(lamp);
    var ball = new T.SphereBufferGeometry(1, n > 300 ? 12 : 24, n > 300 ? 8 : 16);
    var skins = points.map(function () { return new T.MeshLambertMaterial(); });
    points.forEach(function (p, i) {
      var mesh = new T.Mesh(ball, skins[i]), size_here = radius(i);
      mesh.position.set(p[0], p[1], p[2]);
      mesh.scale.set(size_here, size_here, size_here);
      scene.add(mesh);
    });
    var bundles = [[false, 'muted', 0.45], [true, 'spiking', 0.9]].map(function (kind) {
      var own = edges.filter(function (edge) { return is_special(edge) === kind[0]; }), lines = new T.BufferGeometry();
      var places = new Float32Array(6 * own.length), tints = new Float32Array(6 * own.length);
      own.forEach(function (edge, k) {
        places.set(points[edge[1]], 6 * k);
        places.set(points[edge[2]], 6 * k + 3);
      });
      lines.setAttribute('position', new T.BufferAttribute(places, 3));
      lines.setAttribute('color', new T.BufferAttribute(tints, 3));
      scene.add(new T.LineSegments(lines, new T.LineBasicMaterial({vertexColors: T.VertexColors, transparent: true, opacity: kind[2]})));
      return {edges: own, lines: lines, tints: tints, colour: kind[1]};
    });
    return {
      size: function (width, height) {
        renderer.setSize(width, height);
        camera.aspect = width / height;
        camera.updateProjectionMatrix();
      },
      colours: function () {
        skins.forEach(function (skin, i) { skin.color.set(r.selection.colour(i)); });
        var paper = r.rgb(r.colour('panel'));
        bundles.forEach(function (bundle) {
          var ink = r.rgb(r.colour(bundle.colour));
          bundle.edges.forEach(function (edge, k) {
            var share = fade(edge[0]);
            for (var c = 0; c < 6; c++) bundle.tints[6 * k + c] = (paper[c % 3] + share * (ink[c % 3] - paper[c % 3])) / 255;
          });
          bundle.lines.attributes.color.needsUpdate = true;
        });
      },
      paint: function (f) {
        camera.position.set(view.far * f.out[0], view.far * f.out[1], view.far * f.out[2]);
        camera.lookAt(0, 0, 0);
        lamp.position.set(f.out[0] + f.up[0], f.out[1] + f.up[1], f.out[2] + f.up[2]);
        renderer.render(scene, camera);
      }
    };
  }

  function flat() {
    var canvas = r.element('canvas'), width = 0, height = 0;
    stage.appendChild(canvas);
    function line(context, edge, ends) {
      context.strokeStyle = r.colour(is_special(edge) ? 'spiking' : 'muted');
      context.globalAlpha = (is_special(edge) ? 0.9 : 0.45) * fade(edge[0]);
      context.beginPath();
      context.moveTo(ends[edge[1]].x, ends[edge[1]].y);
      context.lineTo(ends[edge[2]].x, ends[edge[2]].y);
      context.stroke();
    }
    return {
      size: function (w, h) {
        width = w;
        height = h;
      },
      colours: function () {},
      paint: function (f) {
        var context = r.fit(canvas, width, height), ends = points.map(function (p) { return project(p, f, width, height); });
        edges.forEach(function (edge) { line(context, edge, ends); });
        context.strokeStyle = r.colour('panel');
        ends.map(function (end, i) { return [end, i]; }).sort(function (a, b) { return b[0].depth - a[0].depth; })
          .forEach(function (item) {
            context.globalAlpha = Math.max(0.35, Math.min(1, 1.6 - 0.25 * item[0].depth));
            context.fillStyle = r.selection.colour(item[1]);
            context.beginPath();
            context.arc(item[0].x, item[0].y, radius(item[1]) * item[0].zoom, 0, 2 * Math.PI);
            context.fill();
            context.stroke();
          });
        context.globalAlpha = 1;
      }
    };
  }

  var painter = webgl(), is_webgl = painter !== null;
  if (!painter) painter = flat();
  stage.setAttribute('data-painter', is_webgl ? 'webgl' : 'canvas');
  var names = [], width = 0, height = 0;
  function rename() { /* spiking regions and those that were chosen bear their names */
    names.forEach(function (name) { name.box.remove(); });
    var shown = regions.spiking.slice(0, 12).concat(r.selection.get().filter(function (i) { return !r.is_spiking(i); }).slice(0, 12));
    names = shown.map(function (i) {
      var box = r.element('div', {'class': 'name', text: regions.labels[i]});
      box.style.color = r.selection.colour(i);
      stage.appendChild(box);
      return {region: i, box: box};
    });
  }
  function paint() {
    var f = frame();
    painter.paint(f);
    names.forEach(function (name) {
      var at = project(points[name.region], f, width, height), half = name.box.offsetWidth / 2 + 6;
      name.box.style.left = Math.min(width - half, Math.max(half, at.x)) + 'px';
      name.box.style.top = Math.max(18, at.y - radius(name.region) * at.zoom - 3) + 'px';
    });
  }
  function view_button(text, turn, lift) {
    return r.element('button', {type: 'button', text: text, onclick: function () {
      view.turn = turn;
      view.lift = lift;
      paint();
    }});
  }
  var quarter = Math.PI / 2;
  stage.appendChild(r.element('span', {'class': 'group buttons'}, [view_button('Above', -quarter, quarter - 1e-3),
    view_button('Left', Math.PI, 0), view_button('Front', quarter, 0)]));

  r.draw(function () {
    width = (host.clientWidth || 480) - 2;
    height = Math.round(Math.min(width, 450));
    stage.style.height = height + 2 + 'px';
    painter.size(width, height);
    painter.colours();
    rename();
    paint();
  });
  r.selection.changed(function () {
    painter.colours();
    rename();
    paint();
  });

  /* ---- pointer and keys ---- */
  var held = null, is_turned = false;
  function turn_by(dx, dy) {
    view.turn -= dx * 0.008;
    view.lift = Math.min(quarter - 1e-3, Math.max(-quarter + 1e-3, view.lift + dy * 0.008));
    paint();
  }
  function zoom_by(factor) {
    view.far = Math.min(8, Math.max(1.4, view.far * factor));
    paint();
  }
  stage.addEventListener('pointerdown', function (event) {
    if (event.target.tagName === 'BUTTON') return;
    held = [event.clientX, event.clientY];
    is_turned = false;
    stage.setPointerCapture(event.pointerId);
    r.tip(null);
  });
  stage.addEventListener('pointerup', function (event) {
    var found = held && !is_turned ? under(event) : -1;
    held = null;
    if (found >= 0) r.selection.toggle(found);
  });
  stage.addEventListener('pointercancel', function () { held = null; });
  stage.addEventListener('pointerleave', function () { r.tip(null); });
  function under(event) { /* the region at the pointer that is nearest to the eye, or -1 */
    var box = stage.getBoundingClientRect(), f = frame(), best = -1, nearest = Infinity;
    points.forEach(function (p, i) {
      var at = project(p, f, width, height), reach = Math.max(8, radius(i) * at.zoom + 2);
      var distance = Math.hypot(at.x - (event.clientX - box.left), at.y - (event.clientY - box.top));
      if (distance < reach && at.depth < nearest) {
        best = i;
        nearest = at.depth;
      }
    });
    return best;
  }
  stage.addEventListener('pointermove', function (event) {
    if (held) {
      var dx = event.clientX - held[0], dy = event.clientY - held[1];
      if (!is_turned && Math.hypot(dx, dy) < 4) return; /* a click that shakes */
      is_turned = true;
      turn_by(dx, dy);
      held = [event.clientX, event.clientY];
      return;
    }
    var best = under(event);
    r.tip(best < 0 ? null : [regions.labels[best], 'input strength ' + r.number(strength[best]),
      'at ' + centres[best].map(function (c) { return r.number(c, 3); }).join(', ') + ' mm'].concat(
      r.is_spiking(best) ? ['spiking network'] : []), event.clientX, event.clientY);
  });
  stage.addEventListener('wheel', function (event) {
    if (document.activeElement !== stage) return; /* the page scrolls until the view was clicked */
    event.preventDefault();
    zoom_by(Math.exp(event.deltaY * 0.001));
  }, {passive: false});
  stage.addEventListener('keydown', function (event) {
    var moves = {ArrowLeft: [-12, 0], ArrowRight: [12, 0], ArrowUp: [0, -12], ArrowDown: [0, 12]};
    if (moves[event.key]) turn_by(moves[event.key][0], moves[event.key][1]);
    else if (event.key === '+') zoom_by(0.9);
    else if (event.key === '-') zoom_by(1 / 0.9);
    else return;
    event.preventDefault();
  });
  return {is_webgl: is_webgl, n_edges: edges.length};
};
