// Clusters as cards.

import {title} from "./data.js";
import {$, el, fill, track} from "./dom.js";
import {picture} from "./grid.js";
import {address} from "./state.js";
import {counted, grouped, percent, shown} from "./words.js";

const CARDS = 60, STRIP = 6;

/** What cards can be ordered by: a name, and the figure of a cluster. */
export function orders(clusters) {
  const all = [["Size", cluster => cluster.size], ["Spread", cluster => cluster.spread]];
  const purity = cluster => cluster.known ? cluster.count / cluster.known : -1;
  return clusters.some(cluster => cluster.known) ? [...all, ["Purity", purity]] : all;
}

/** The representative, then members at even steps of their order from the centre to the edge. */
export function sample(run, cluster) {
  const rest = run.members(cluster).filter(row => row !== cluster.medoid), count = rest.length;
  const rows = count <= STRIP ? [...rest]
    : Array.from({length: STRIP}, (_, i) => rest[Math.floor((2 * i + 1) * count / (2 * STRIP))]);
  return cluster.id < 0 ? rows : [cluster.medoid, ...rows];
}

/** How many of the rows each cluster has, by its id. */
export function tallied(run, rows) {
  const hits = new Map();
  for (const row of rows) hits.set(run.labels[row] - 1, (hits.get(run.labels[row] - 1) || 0) + 1);
  return hits;
}

/** The clusters by a figure, those with hits where there are any to look for, noise last. */
export function listed(run, hits, figure, way) {
  const all = run.real.filter(cluster => !hits || hits.has(cluster.id));
  all.sort((a, b) => way * (figure(a) - figure(b)) || a.id - b.id);
  return run.noise.size && (!hits || hits.has(-1)) ? [...all, run.noise] : all;
}

/** What is said of a cluster on its card: its name, and its main label where that says more. */
export function summary(cluster) {
  const name = shown(cluster.name || ""), main = cluster.known ? shown(cluster.label) : "";
  const more = main && !name.includes(main) ? main + " · " + percent(cluster.count, cluster.known) : "";
  return [name, more].filter(Boolean).join(" · ");
}

function card(run, cluster, hits) {
  const text = summary(cluster), {id, size} = cluster;
  const how = hits ? grouped(hits.get(id)) + " of " + grouped(size) : counted(size, "image");
  return el("a", {class: "card", href: address({c: id, p: null, i: null, q: null, f: null})},
    el("div", {class: "strip"}, ...sample(run, cluster).map(row => picture(run, row, true))),
    el("h3", {}, el("span", {}, title(cluster)), el("span", {}, how)),
    el("div", {class: "said"}, cluster.known ? track(cluster.count / cluster.known) : null,
      text ? el("span", {class: "name"}, text) : null,
      el("span", {class: "end"}, "spread " + cluster.spread.toFixed(2))));
}

/** A function that draws the cards of the clusters that have some of the rows; null stands for all. */
export function cards(run) {
  const by = orders(run.real);
  let order = 0, way = -1, most = CARDS, found = null;

  function drawOrders() {
    const pick = i => {
      way = i === order ? -way : -1;
      order = i;
      drawOrders();
      draw();
      $("sorts").children[i].focus();
    };
    fill($("sorts"), ...by.map(([name], i) =>
      el("button", {class: "pill", type: "button", "aria-pressed": String(i === order), click: () => pick(i)},
        name + (i === order ? way < 0 ? " ↓" : " ↑" : ""))));
  }

  function draw() {
    const hits = found && tallied(run, found), all = listed(run, hits, by[order][1], way);
    fill($("cards"), ...all.slice(0, most).map(cluster => card(run, cluster, hits)));
    if (!all.length) fill($("cards"), el("p", {class: "none"}, "No cluster has such an image."));
    fill($("more"), all.length > most ? el("button", {class: "pill", type: "button", click: () => {
      const at = most;
      most += CARDS;
      draw();
      $("cards").children[at].focus();
    }}, "Show " + Math.min(CARDS, all.length - most) + " more") : null);
  }

  drawOrders();
  return rows => { found = rows; most = CARDS; draw(); };
}
