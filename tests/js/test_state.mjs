import assert from "node:assert/strict";
import {test} from "node:test";
import {linked, parsed, whole} from "../../plugins/reports/_page/state.js";

test("an address is read, and what is no part of it is left", () => {
  assert.deepEqual(parsed("#c=3&q=red+hat&f=2&x=1&cp=2"), {c: "3", q: "red hat", f: "2"});
  assert.deepEqual(parsed(""), {});
});

test("changes to an address", () => {
  assert.equal(linked({c: "3", p: "1"}, {p: null, i: 7}), "#c=3&i=7");
  assert.equal(linked({}, {q: "a&b #"}), "#q=a%26b+%23");
  assert.equal(linked({q: "x"}, {q: ""}), "#");
});

test("only whole numbers below a bound count", () => {
  assert.deepEqual(["0", "-1", "9"].map(text => whole(text, 10)), [0, -1, 9]);
  assert.deepEqual(["10", "1e3", "1.5", "", undefined, "1234567890"].map(text => whole(text, 10)), Array(6).fill(null));
});
