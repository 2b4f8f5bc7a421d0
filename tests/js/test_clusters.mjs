// Lists of images and clusters: pages, words that are looked for, cards, one cluster.

import assert from "node:assert/strict";
import {test} from "node:test";
import {listed, orders, sample, summary, tallied} from "../../plugins/reports/_page/cards.js";
import {facts} from "../../plugins/reports/_page/cluster.js";
import {opened} from "../../plugins/reports/_page/data.js";
import {finder} from "../../plugins/reports/_page/find.js";
import {span} from "../../plugins/reports/_page/grid.js";
import {alike} from "../../plugins/reports/_page/panel.js";
import {DATA} from "./run.mjs";

const run = opened(DATA);
const ids = clusters => clusters.map(cluster => cluster.id);

test("pages of sixty", () => {
  assert.deepEqual(span(0, 3), {from: 0, to: 0, at: 0, last: 0});
  assert.deepEqual(span(60, 0), {from: 0, to: 60, at: 0, last: 0});
  assert.deepEqual(span(61, 9), {from: 60, to: 61, at: 1, last: 1});
});

test("all words, in path and label, in order of the clusters", () => {
  const find = finder(run);
  assert.deepEqual(find("HAT a/"), [0, 1]);
  assert.deepEqual(find("shoe"), [2, 5]);
  assert.deepEqual(find("shoe hat"), []);
  assert.deepEqual([find("  "), find(undefined)], [null, null]);
});

test("cards by a figure, both ways; equal ones by number, noise last", () => {
  const [[, size], [, spread], [, purity]] = orders(run.real);
  assert.deepEqual(ids(listed(run, null, size, -1)), [0, 1, -1]);
  assert.deepEqual(ids(listed(run, null, spread, -1)), [1, 0, -1]);
  assert.deepEqual(ids(listed(run, null, purity, 1)), [0, 1, -1]);  // 2 / 3 and 1
  assert.deepEqual(ids(listed(run, null, () => 1, -1)), [0, 1, -1]);
  assert.deepEqual(orders([{size: 1}]).map(([name]) => name), ["Size", "Spread"]);
});

test("cards of what was found", () => {
  const hits = tallied(run, [4, 5]);
  assert.deepEqual([...hits], [[1, 2]]);
  assert.deepEqual(ids(listed(run, hits, () => 1, -1)), [1]);
  assert.deepEqual(ids(listed(run, tallied(run, [3]), () => 1, -1)), [-1]);
});

test("a sample begins with the representative and ends at the edge", () => {
  assert.deepEqual(sample(run, run.real[0]), [2, 0, 1]);
  assert.deepEqual(sample(run, run.noise), [3]);
  const many = {members: () => Uint8Array.from({length: 13}, (_, row) => row)};
  assert.deepEqual(sample(many, {id: 0, medoid: 0}), [0, 2, 4, 6, 8, 10, 12]);  // 1, 3, ... 11 of the twelve others
});

test("a label is named where the name does not say it", () => {
  assert.deepEqual(run.clusters.map(summary), ["", "mostly hat", "shoe · 100 %"]);
  assert.deepEqual(run.clusters.map(facts), [
    "1 image · in no cluster",
    "3 images · mean distance to the centroid 0.250 · nearest to the centroid first",
    "2 images · mean distance to the centroid 0.500 · main label shoe, 100 % · nearest to the centroid first",
  ]);
});

test("how many of the nearest have its label", () => {
  assert.equal(alike(run, 0), "1 of 2 have its label");  // rows 1, a hat, and 2, a shoe
  assert.equal(alike(run, 5), "0 of 0 have its label");  // rows 4 and 3 have none
  assert.equal(alike(run, 3), "by cosine, best first");
});
