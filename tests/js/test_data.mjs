// A run of six images by hand: a noise image, cluster 0 with three and cluster 1 with two.

import assert from "node:assert/strict";
import {test} from "node:test";
import {later, measured, opened, title, told, unpack} from "../../plugins/reports/_page/data.js";
import {DATA, bytes} from "./run.mjs";

test("arrays of one, two and four bytes", () => {
  assert.deepEqual([...unpack(bytes(1, [0, 255]))], [0, 255]);
  assert.deepEqual([...unpack(bytes(2, [256, 65535]))], [256, 65535]);
  assert.deepEqual([...unpack(bytes(4, [65536, 1]))], [65536, 1]);
});

test("a number is its step between low and high", () => {
  const value = measured({low: -1, high: 1, ...bytes(2, [0, 65535, 13107])});  // 13107 is a fifth of 65535
  assert.deepEqual([value(0), value(1)], [-1, 1]);
  assert.ok(Math.abs(value(2) + .6) < 1e-12);
});

test("what is made later is made once", () => {
  let made = 0;
  const get = later(() => ++made);
  assert.equal(made, 0);
  assert.deepEqual([get(), get()], [1, 1]);
});

test("clusters know where they begin, rows where they belong", () => {
  const run = opened(DATA);
  assert.deepEqual(run.clusters.map(({id, from, size}) => [id, from, size]), [[-1, 0, 1], [0, 1, 3], [1, 4, 2]]);
  assert.deepEqual([...run.members(run.real[0])], [2, 0, 1]);
  assert.equal(run.clusterOf(4), run.real[1]);
  assert.deepEqual([run.path(0), run.path(5), run.thumb(5)], ["a/one.jpg", "six.jpg", "thumbs/2/5.jpg"]);
  assert.deepEqual([told(run.label, 0), told(run.label, 3)], ["hat", ""]);
  assert.deepEqual(run.clusters.map(title), ["Noise", "Cluster 000", "Cluster 001"]);
});
