// Images in a grid, by pages.

import {$, arrow, el, fill} from "./dom.js";
import {address} from "./state.js";
import {grouped, shown} from "./words.js";

const PAGE = 60;

/** What of the rows is on a page: from, up to, the page itself, which is the last at most, and the last. */
export function span(count, page) {
  const last = Math.max(0, Math.ceil(count / PAGE) - 1), at = Math.min(page, last);
  return {from: at * PAGE, to: Math.min(count, (at + 1) * PAGE), at, last};
}

const gone = (run, row) =>
  el("span", {class: "gone", role: "img", "aria-label": shown(run.path(row)) + ", not there any more"}, "gone");

export function picture(run, row, decorative) {
  if (run.missing.has(row)) return gone(run, row);
  const lost = () => { run.missing.add(row); img.replaceWith(gone(run, row)); };
  const alt = decorative ? "" : shown(run.path(row));
  const img = el("img", {alt, loading: "lazy", decoding: "async", draggable: "false", error: lost});
  img.src = run.thumb(row);
  return img;
}

export const shot = (run, row, caption, marked) =>
  el("a", {class: marked ? "shot first" : "shot", href: address({i: row})}, picture(run, row), caption);
export const named = (run, row) => el("div", {class: "name"}, shown(run.names[row]));

/** Draw a page of the rows, and where there are several, the way to the others; `mark` is the row that stands out. */
export function paged(run, rows, page, id, turn, mark) {
  const {from, to, at, last} = span(rows.length, page);
  fill($(id + "-grid"), ...Array.from(rows.slice(from, to), row => shot(run, row, named(run, row), row === mark)));
  fill($(id + "-pages"), ...(last ? [
    arrow(-1, "page", {disabled: at === 0, click: () => turn(at - 1)}),
    el("span", {class: "quiet"}, grouped(from + 1) + "–" + grouped(to) + " of " + grouped(rows.length)),
    arrow(1, "page", {disabled: at === last, click: () => turn(at + 1)}),
  ] : []));
}
