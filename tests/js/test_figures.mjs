import assert from "node:assert/strict";
import {test} from "node:test";
import {opened} from "../../plugins/reports/_page/data.js";
import {followed, madeWith} from "../../plugins/reports/_page/figures.js";
import {accounts, madeOf, mosaic} from "../../plugins/reports/_page/head.js";
import {across, stepped} from "../../plugins/reports/_page/keys.js";
import {DATA} from "./run.mjs";

test("clusters follow what is above chance, and the label whatever it is", () => {
  const metrics = {ami: .1, chance_ami: .2, ami_day: .5, chance_ami_day: .01, ami_size: .3, chance_ami_size: .3, ami_covered: .9, ami_hue: .2};
  assert.deepEqual(followed(metrics), [["day", .5, .01], ["hue", .2, undefined], ["label", .1, .2]]);
});

test("what a run was made with", () => {
  const run = opened(DATA);
  assert.equal(madeOf(run), "Made of 8 files with resnet50, kmeans, k 2, seed 7.");
  assert.equal(madeWith(run.made[0]), "resnet50.a1 · Apache-2.0 · the weights of dinov2_s were not to be had · torch · side=8");
  assert.equal(accounts(run), "8 files: 6 ok, 2 decode error; skipped: 1 hidden file");
});

test("the mosaic begins with the representatives and has no row twice", () => {
  assert.deepEqual(mosaic(opened(DATA)), [2, 5, 0, 4, 1]);
});

test("arrows go along a line of a grid, and to the next", () => {
  const items = [0, 0, 0, 9, 9].map(offsetTop => ({offsetTop}));
  assert.deepEqual([across(items), across(items.slice(0, 2)), across(items.slice(0, 1))], [3, 2, 1]);
  assert.deepEqual(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map(key => stepped(key, items)), [-1, 1, -3, 3]);
});
