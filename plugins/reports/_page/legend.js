// The colours of the map, and which stands for what.

import {title} from "./data.js";
import {$, el, fill} from "./dom.js";
import {grouped, shown} from "./words.js";

const CHIPS = 16;

/** The colour of a rank; successive hues lie far apart. */
export function colour(rank) {
  const [light, chroma] = [[.64, .17], [.5, .14], [.77, .13]][rank % 3];
  return "oklch(" + light + " " + chroma + " " + (255 + 137.508 * rank) % 360 + "deg)";
}

/** How many rows have each code up to `last`; the codes from 1 that any has, commonest first; and their ranks. */
export function ranked(codes, last) {
  const counts = new Uint32Array(last + 1), ranks = [];
  for (const code of codes) counts[code]++;
  const kinds = Array.from(counts.keys()).filter(code => code && counts[code]);
  kinds.sort((a, b) => counts[b] - counts[a] || a - b);
  kinds.forEach((code, rank) => { ranks[code] = rank; });
  return {counts, kinds, ranks};
}

/** Ranks for codes beside others: that of the other code where each has most of the other, else one that is free. */
export function matched(codes, {kinds}, others, other) {
  const size = other.counts.length, both = new Map(), most = new Map(), theirs = new Map(), ranks = [];
  const mine = []; kinds.forEach((code, rank) => { mine[code] = rank; });
  codes.forEach((code, row) => {
    const key = code * size + others[row];
    if (code && others[row]) both.set(key, (both.get(key) || 0) + 1);
  });
  const better = (from, to, count, found, rank) => {
    const before = found.get(from);
    if (!before || count > before[1] || count === before[1] && rank[to] < rank[before[0]]) found.set(from, [to, count]);
  };
  for (const [key, count] of both) {
    const code = Math.floor(key / size), its = key % size;
    better(code, its, count, most, other.ranks);
    better(its, code, count, theirs, mine);
  }
  let free = other.kinds.length;
  for (const code of kinds) {
    const its = most.get(code)?.[0];
    ranks[code] = its !== undefined && theirs.get(its)[0] === code ? other.ranks[its] : free++;
  }
  return ranks;
}

/** Draw the legend: the commonest codes, `only` and what has none; `pick` is called with one that is clicked. */
export function drawLegend(run, field, {counts, kinds, ranks}, only, pick) {
  const legend = $("legend"), chips = kinds.slice(0, CHIPS);
  if (only && !chips.includes(only)) chips.unshift(only);
  if (counts[0]) chips.push(0);
  const name = code => !field ? title(run.clusters[code]) : code ? shown(field.values[code - 1]) : "none";
  fill(legend, ...chips.map(code => {
    const dot = el("i", {});
    dot.style.background = code ? colour(ranks[code]) : "var(--line)";
    return el("button", {type: "button", "aria-pressed": String(only === code), click: event => {
      const at = [...legend.children].indexOf(event.currentTarget);
      pick(code);
      legend.children[Math.min(at, legend.children.length - 1)].focus();
    }}, dot, el("span", {class: "name"}, name(code)), el("span", {}, grouped(counts[code])));
  }), kinds.length > CHIPS
    ? el("span", {class: "quiet small"}, "and " + grouped(kinds.length - CHIPS) + " more") : null);
}
