// Images by words of their path, label and columns.

import {later, told} from "./data.js";

/** A function of a text: the rows, in order, that have all of its words; null for a text without any. */
export function finder(run) {
  const haystack = later(() => Array.from({length: run.n}, (_, row) =>
    [run.path(row), ...run.fields.map(field => told(field, row))].join("\n").toLowerCase()));
  return text => {
    const words = (text || "").toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return null;
    const hay = haystack();
    return Array.from(run.order).filter(row => words.every(word => hay[row].includes(word)));
  };
}
