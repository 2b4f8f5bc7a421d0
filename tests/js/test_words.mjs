import assert from "node:assert/strict";
import {test} from "node:test";
import {counted, grouped, percent, shown, spoken} from "../../plugins/reports/_page/words.js";

test("what cannot be seen is spelt out, and spaces are spaces", () => {
  assert.equal(shown("a\u00a0b\u2009c"), "a b c");
  assert.equal(shown("\u202egnp.\n\x1b\udce9"), "\\u202egnp.\\u000a\\u001b\\udce9");
  assert.equal(shown("<b>é"), "<b>é");
});

test("numbers in words", () => {
  assert.equal(grouped(22914), "22,914");
  assert.deepEqual([counted(1, "image"), counted(1200, "image")], ["1 image", "1,200 images"]);
  assert.deepEqual([[2, 3], [999, 1000], [1, 1000], [5, 5], [0, 5], [1, 8]].map(each => percent(...each)),
    ["67 %", "99 %", "1 %", "100 %", "0 %", "13 %"]);
});

test("a column as one would say it", () => {
  assert.equal(spoken("dominant_color"), "dominant color");
  assert.equal(spoken("a_\u202eb"), "a \\u202eb");
});
