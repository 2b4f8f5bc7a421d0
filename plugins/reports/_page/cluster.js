// One cluster: its facts, what stands out in it, and its images.

import {title} from "./data.js";
import {$, arrow, el, fill, say} from "./dom.js";
import {named, paged, shot} from "./grid.js";
import {go} from "./state.js";
import {counted, percent, shown} from "./words.js";

/** The line below the name of a cluster. */
export function facts(cluster) {
  const said = [counted(cluster.size, "image")];
  said.push(cluster.id < 0 ? "in no cluster" : "mean distance to the centroid " + cluster.spread.toFixed(3));
  if (cluster.known && !shown(cluster.name || "").includes(shown(cluster.label)))
    said.push("main label " + shown(cluster.label) + ", " + percent(cluster.count, cluster.known));
  if (cluster.id >= 0) said.push("nearest to the centroid first");
  return said.join(" · ");
}

/** A function that draws a page of a cluster; `chart` is the map to show it on. */
export function clusterPage(run, chart) {
  const few = (heading, about, rows) => rows ? el("figure", {},
    el("figcaption", {}, el("h3", {}, heading), el("p", {class: "quiet small"}, about)),
    el("div", {class: "grid"}, ...rows.map(row => shot(run, row, named(run, row))))) : null;

  return (cluster, page) => {
    $("cluster-h").textContent = title(cluster) + (cluster.name ? " · " + shown(cluster.name) : "");
    $("cluster-said").textContent = facts(cluster);
    fill($("cluster-few"),
      few("On the boundary", "another centroid is nearer, or hardly farther", cluster.boundary),
      few("Odd ones out", "unusually far from the centroid", cluster.odd));
    const beside = step => {
      const other = (run.noise.size ? run.clusters : run.real).find(each => each.id === cluster.id + step);
      return arrow(step, "cluster", {disabled: !other, click: () => go({c: other.id, p: null, i: null})});
    };
    const show = () => {
      chart.tint(-1, cluster.id + 1);
      go({c: null, p: null});
      requestAnimationFrame(() => $("map").scrollIntoView());
    };
    fill($("cluster-set"),
      el("button", {class: "pill", type: "button", click: show}, "Show on the map"), beside(-1), beside(1));
    const turn = at => { go({p: at || null}); scrollTo(0, 0); say("Page " + (at + 1)); };
    paged(run, run.members(cluster), page, "cluster", turn, cluster.medoid);
  };
}
