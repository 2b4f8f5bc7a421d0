// The map: a canvas, dots, and as many pictures as there is room for.

import {title, told} from "./data.js";
import {$, el, fill} from "./dom.js";
import {gestures} from "./gestures.js";
import {named, picture} from "./grid.js";
import {Spaced, queued, room} from "./layout.js";
import {colour, drawLegend, matched, ranked} from "./legend.js";
import {pictures} from "./pictures.js";
import {go} from "./state.js";
import {Viewport, placed} from "./viewport.js";
import {shown, spoken} from "./words.js";

const PEEK = 176, LOOKED = 6000;  // the width of what one hovers over, in pixels; rows that are tried for pictures

export function chart(run) {
  const canvas = $("canvas"), pen = canvas.getContext("2d"), peek = $("peek");
  const points = placed(run), {X, Y} = points, view = new Viewport(points);
  const queue = queued(run.real.map(cluster => cluster.medoid), run.order), load = pictures(run, draw);
  const clusters = ranked(run.labels, run.real.length);
  let field = null, codes = run.labels, ranks = [], only = null;  // what colours say, and the code that is shown alone
  let boxes = [], laid = true, waiting = false, peeked = -1;

  const hit = row => only === null || codes[row] === only;
  const variable = name => getComputedStyle(document.documentElement).getPropertyValue(name);

  function draw() {
    if (!waiting) { waiting = true; requestAnimationFrame(paint); }
  }

  function paint() {
    waiting = false;
    if (!view.w) return;
    const dense = devicePixelRatio || 1, ink = variable("--ink"), quiet = variable("--quiet");
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, view.w, view.h);
    dots(ink, quiet);
    boxes = [];
    if (laid) lay(quiet);
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) cross(ink);
  }

  function dots(ink, quiet) {
    const small = Math.min(5, Math.max(1.6, 90 / Math.sqrt(run.n))), r = Math.min(9, small * Math.pow(view.zoom, .4));
    const buckets = new Map();  // places by code, -1 for those that are not shown
    for (let row = 0; row < run.n; row++) {
      const x = view.x(X[row]), y = view.y(Y[row]);
      if (x < -r || y < -r || x > view.w + r || y > view.h + r) continue;
      const key = hit(row) ? codes[row] : -1;
      if (!buckets.has(key)) buckets.set(key, []);
      buckets.get(key).push(x, y);
    }
    for (const key of [...buckets.keys()].sort((a, b) => a - b)) {
      pen.fillStyle = key > 0 ? colour(ranks[key]) : only !== null && key === only ? ink : quiet;
      pen.globalAlpha = key > 0 ? .86 : key < 0 ? .16 : only === 0 ? .9 : .45;
      pen.beginPath();
      const at = buckets.get(key);
      for (let i = 0; i < at.length; i += 2) {
        if (r < 2) pen.rect(at[i] - r, at[i + 1] - r, 2 * r, 2 * r);
        else { pen.moveTo(at[i] + r, at[i + 1]); pen.arc(at[i], at[i + 1], r, 0, 7); }
      }
      pen.fill();
    }
    pen.globalAlpha = 1;
  }

  function lay(quiet) {
    const {side, most} = room(view), taken = new Spaced(side + 8);
    let looked = 0;
    for (const row of queue) {
      if (boxes.length >= most || looked > LOOKED) break;
      const x = view.x(X[row]), y = view.y(Y[row]);
      if (x < -side || y < -side || x > view.w + side || y > view.h + side || !hit(row)) continue;
      looked++;
      if (!taken.free(x, y)) continue;
      const img = load(row);
      if (!img && run.missing.has(row)) continue;
      taken.take(x, y);
      if (!img) continue;
      const {naturalWidth, naturalHeight} = img, scale = side / Math.max(naturalWidth, naturalHeight);
      const w = naturalWidth * scale, h = naturalHeight * scale;
      pen.fillStyle = codes[row] > 0 ? colour(ranks[codes[row]]) : quiet;
      pen.beginPath();
      pen.roundRect(x - w / 2 - 2.5, y - h / 2 - 2.5, w + 5, h + 5, 4);
      pen.fill();
      pen.drawImage(img, x - w / 2, y - h / 2, w, h);
      boxes.push([x - w / 2, y - h / 2, w, h, row]);
    }
  }

  function cross(ink) {
    const x = view.w / 2, y = view.h / 2;
    pen.strokeStyle = ink;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(x - 9, y); pen.lineTo(x + 9, y);
    pen.moveTo(x, y - 9); pen.lineTo(x, y + 9);
    pen.stroke();
  }

  function resize() {
    const box = canvas.getBoundingClientRect(), dense = devicePixelRatio || 1;
    if (!box.width) return;
    view.resize(box.width, box.height);
    canvas.width = Math.round(view.w * dense);
    canvas.height = Math.round(view.h * dense);
    draw();
  }

  /** The row of the picture at (x, y), or of the nearest dot within `reach`; -1 where there is none. */
  function at(x, y, reach) {
    const box = boxes.findLast(([left, top, w, h]) => x >= left && y >= top && x <= left + w && y <= top + h);
    if (box) return box[4];
    let best = -1, least = reach * reach;
    for (let row = 0; row < run.n; row++) {
      const dx = view.x(X[row]) - x, dy = view.y(Y[row]) - y, far = dx * dx + dy * dy;
      if (far < least && hit(row)) { least = far; best = row; }
    }
    return best;
  }

  function unpeek() {
    peek.hidden = true;
    peeked = -1;
    canvas.classList.remove("over");
  }

  function look(x, y) {
    const row = at(x, y, 14);
    if (row < 0) return unpeek();
    canvas.classList.add("over");
    if (row !== peeked) {
      peeked = row;
      const img = picture(run, row), said = field ? shown(told(field, row)) : "";
      if (img.loading) img.loading = "eager";
      fill(peek, img, named(run, row), el("div", {class: "name quiet"}, said || title(run.clusterOf(row))));
      peek.hidden = false;
    }
    const high = peek.offsetHeight || 200, left = x + 20 + PEEK > view.w ? x - PEEK - 20 : x + 20;
    const top = Math.min(view.h - high - 8, y - high / 2);
    peek.style.transform = "translate(" + Math.max(8, left) + "px," + Math.max(8, top) + "px)";
  }

  /** Colour by a field, or for -1 by cluster, and show one code alone, or for null all. */
  function tint(which, alone = null) {
    field = which < 0 ? null : run.fields[which];
    codes = field ? field.codes : run.labels;
    only = alone;
    const kinds = ranked(codes, field ? field.values.length : run.real.length);
    if (field) kinds.ranks = matched(codes, kinds, run.labels, clusters);
    ranks = kinds.ranks;
    $("tint").value = String(which);
    drawLegend(run, field, kinds, only, code => tint(which, only === code ? null : code));
    draw();
  }

  fill($("tint"), el("option", {value: "-1"}, "cluster"), ...run.fields.map((each, i) =>
    each.values.length > 1 || each.codes.includes(0) ? el("option", {value: String(i)}, spoken(each.name)) : null));
  $("tint").addEventListener("change", () => tint(Number($("tint").value)));
  $("shots").addEventListener("click", () => {
    laid = !laid;
    $("shots").setAttribute("aria-pressed", laid);
    draw();
  });
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", draw);
  gestures(canvas, {
    scale(...how) { view.scale(...how); unpeek(); draw(); },
    move(dx, dy) { view.move(dx, dy); draw(); },
    reset() { view.reset(); unpeek(); draw(); },
    open(x = view.w / 2, y = view.h / 2, reach = Infinity) {
      const row = at(x, y, reach);
      if (row >= 0) { unpeek(); go({i: row}); }
    },
    look, unpeek, resize,
  });
  tint(-1);
  return {tint, resize, draw};
}
