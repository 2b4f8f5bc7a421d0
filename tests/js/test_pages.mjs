// The pages of a sweep and of two runs.

import assert from "node:assert/strict";
import {test} from "node:test";
import {both} from "../../imgret/pictures/html/maps.js";
import {ordered} from "../../imgret/pictures/html/table.js";

const sorted = (values, way) => [...values].sort((x, y) => ordered(x, y, way));

test("numbers by size, texts by letters", () => {
  assert.deepEqual(sorted(["10", "9", "-1.5"], 1), ["-1.5", "9", "10"]);
  assert.deepEqual(sorted(["10", "9", "-1.5"], -1), ["10", "9", "-1.5"]);
  assert.deepEqual(sorted(["kmeans", "dbscan", "9"], 1), ["9", "dbscan", "kmeans"]);
});

test("what has no value is last, either way", () => {
  for (const way of [1, -1]) assert.equal(ordered(undefined, "1", way), 1);
  for (const way of [1, -1]) assert.equal(ordered("1", undefined, way), -1);
  assert.equal(ordered(undefined, undefined, 1), 0);
});

test("an image is named on both maps", () => {
  const dot = text => ({firstChild: {textContent: text}});
  assert.equal(both([dot("a.jpg: cluster 0"), dot("a.jpg: noise")]), "A a.jpg: cluster 0 · B a.jpg: noise");
});
