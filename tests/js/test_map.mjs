// The map: where points lie, what a wheel does, which pictures fit, what the colours stand for.

import assert from "node:assert/strict";
import {test} from "node:test";
import {turned} from "../../plugins/reports/_page/gestures.js";
import {Spaced, queued, room} from "../../plugins/reports/_page/layout.js";
import {colour, matched, ranked} from "../../plugins/reports/_page/legend.js";
import {Viewport, placed} from "../../plugins/reports/_page/viewport.js";
import {DATA, bytes} from "./run.mjs";

function view() {
  const window = new Viewport({wide: 1, high: .5});
  window.resize(1096, 896);
  return window;
}

test("points lie around the middle, in units of the wider span", () => {
  const {X, Y, wide, high} = placed(DATA);  // from (0, 0) to (4, 2)
  assert.deepEqual([[X[0], Y[0]], [X[1], Y[1]]], [[-.5, .25], [.5, -.25]]);
  assert.deepEqual([wide, high], [1, .5]);
  const still = {low: 3, high: 3, ...bytes(1, [0])}, alone = placed({n: 1, x: still, y: still});
  assert.deepEqual([alone.X[0], alone.Y[0], alone.wide, alone.high], [0, 0, .2, .2]);
});

test("all points fit, with room around them", () => {
  const window = view();
  assert.equal(window.unit, 1000);  // the width less 96; the height would allow 1600
  assert.deepEqual([window.x(-.5), window.x(.5), window.y(0)], [48, 1048, 448]);
  window.resize(448, 1000);
  assert.equal(window.unit, 400);  // narrow: 48
});

test("what is pointed at stays where it is", () => {
  const window = view();
  window.scale(2, 798, 448);  // where .25 lies
  assert.deepEqual([window.zoom, window.x(.25), window.y(0), window.x(0)], [2, 798, 448, 298]);
  window.move(-100, 50);
  assert.deepEqual([window.x(.25), window.y(0)], [698, 498]);
  window.scale(.1);
  assert.deepEqual([window.zoom, window.cx, window.cy], [1, 0, 0]);
});

test("neither too near nor out of sight", () => {
  const window = view();
  window.scale(1e6);
  assert.equal(window.zoom, 400);
  window.move(1e9, -1e9);
  assert.deepEqual([window.cx, window.cy], [-.6, .6]);
});

test("a turn of the wheel", () => {
  assert.equal(turned({deltaY: 0, deltaMode: 0}), 1);
  assert.equal(turned({deltaY: -50, deltaMode: 0}), Math.exp(.2));
  assert.equal(turned({deltaY: 2, deltaMode: 1, ctrlKey: true}), Math.exp(-.48));
  assert.equal(turned({deltaY: 1e4, deltaMode: 0}), Math.exp(-.32));
});

test("representatives are laid first, every row once, the same way each time", () => {
  const order = Uint8Array.from({length: 20}, (_, row) => row), queue = queued([7, 3], order);
  assert.deepEqual(queue.slice(0, 2), [7, 3]);
  assert.deepEqual([...queue].sort((a, b) => a - b), [...order]);
  assert.notDeepEqual(queue.slice(2), [...order].filter(row => row !== 7 && row !== 3));
  assert.deepEqual(queue, queued([7, 3], order));
});

test("pictures grow with the zoom, to a limit, and fewer fit", () => {
  assert.deepEqual(room({w: 1000, h: 800, zoom: 1}), {side: 52, most: 73});  // 800000 / (52 * 52 * 4) = 73.96
  assert.deepEqual(room({w: 400, h: 400, zoom: 16}), {side: 80, most: 12});
  assert.equal(room({w: 1000, h: 800, zoom: 400}).side, 88);
});

test("no place is taken within a cell of another", () => {
  const taken = new Spaced(10);
  taken.take(5, 5);
  assert.deepEqual([taken.free(14, 14), taken.free(-4, 5), taken.free(15, 5), taken.free(5, -5)], [false, false, true, true]);
});

test("colours go to the commonest codes first", () => {
  const {counts, kinds, ranks} = ranked([0, 2, 2, 1, 3, 3], 4);
  assert.deepEqual([...counts], [1, 1, 2, 2, 0]);
  assert.deepEqual(kinds, [2, 3, 1]);
  assert.deepEqual([ranks[2], ranks[3], ranks[1]], [0, 1, 2]);
  assert.equal(colour(0), "oklch(0.64 0.17 255deg)");
});

test("a code has the colour of a cluster where each is mostly the other's, and one that no cluster has otherwise", () => {
  const clusters = [1, 1, 1, 1, 2, 2, 2, 3, 3, 0, 0], codes = [1, 1, 2, 4, 2, 2, 1, 2, 2, 3, 3];
  // as in the test of the pictures: 2 has two in clusters 2 and 3, of which 2 is larger; 3 is in none, 4 in one of 1
  const {ranks: own, ...kinds} = ranked(codes, 4), ranks = matched(codes, kinds, clusters, ranked(clusters, 3));
  assert.deepEqual(kinds.kinds, [2, 1, 3, 4]);
  assert.deepEqual([ranks[2], ranks[1], ranks[3], ranks[4]], [1, 0, 3, 4]);
  assert.deepEqual(matched([0, 0], ranked([0, 0], 0), [1, 1], ranked([1, 1], 1)), []);
});
