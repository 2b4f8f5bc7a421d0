// Elements. All that names hold is put into them as text.

import {shown} from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
export const $ = id => document.getElementById(id);
export const fill = (node, ...inside) => node.replaceChildren(...inside.filter(Boolean));
export const say = text => { $("said").textContent = text; };  // to who listens rather than looks

/** An element; of its facts, functions are listeners, null and false are left out. */
export function el(tag, facts, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...inside.filter(part => part !== null && part !== undefined && part !== ""));
  return node;
}

/** A round button with a line drawing. */
export function round(path, label, facts) {
  const svg = document.createElementNS(SVG, "svg"), line = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return el("button", {class: "round", type: "button", "aria-label": label, ...facts}, svg);
}

/** A round button with an arrow, back or on. */
export const arrow = (step, noun, facts) =>
  round(step < 0 ? "m12 4-6 6 6 6" : "m8 4 6 6-6 6", (step < 0 ? "Previous " : "Next ") + noun, facts);

/** A bar that is full as far as the share, cut to 0 to 1, says. */
export function track(share) {
  const bar = el("i", {});
  bar.style.width = Math.round(100 * Math.max(0, Math.min(1, share))) + "%";
  return el("span", {class: "track", "aria-hidden": "true"}, bar);
}

/** A table; `heads` are [name, whether its column holds numbers]. */
export function table(heads, rows) {
  const head = heads.map(([name, number]) => el("th", {scope: "col", class: number ? "number" : null}, shown(name)));
  const cell = (text, i) => el("td", {class: heads[i][1] ? "number" : "wrap"}, shown(text));
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...rows.map(row => el("tr", {}, ...row.map(cell)))));
}
