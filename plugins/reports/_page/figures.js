// Figures, in words.

import {$, el, fill, table, track} from "./dom.js";
import {grouped, shown} from "./words.js";

const KEY = ["nmi", "ari", "purity", "map", "p_at_10", "rank_1", "silhouette", "recall_at_top"];
const FOLLOWED = "How much a cluster tells of each of these, less what chance would give (AMI): 0 nothing, 1 everything. " +
  "In brackets what chance alone reaches in 97.5 of 100 shuffles; columns that are not above that are left out.";
const WORDS = {  // a name, and what it says
  nmi: ["NMI", "How much clusters and labels tell of each other: 0 nothing, 1 everything."],
  ami: ["AMI", "As NMI, less what chance alone would give: 0 by chance, 1 the same."],
  ari: ["ARI", "Of all pairs of images, how well clusters and labels agree on which belong together: 0 by chance, 1 fully."],
  v_measure: ["V-measure", "The mean of homogeneity (one label a cluster) and completeness (one cluster a label)."],
  purity: ["Purity", "The share of images that have the commonest label of their cluster. Many small clusters make it high."],
  accuracy: ["Accuracy", "The share of images that are right if each cluster stands for one label, matched as well as can be."],
  map: ["mAP", "If each image is searched for: how near the top its own label's images are. 1: all before any other."],
  p_at_10: ["P@10", "The share of the ten nearest images that have the same label."],
  rank_1: ["Rank-1", "How often the very nearest image has the same label."],
  map_without: ["mAP without", "The same, of the features alone: without the re-ranker."],
  p_at_10_without: ["P@10 without", "The same, without the re-ranker."],
  rank_1_without: ["Rank-1 without", "The same, without the re-ranker."],
  queries: ["Queries", "Images that were searched for to measure mAP, P@10 and rank-1."],
  silhouette: ["Silhouette", "How much nearer an image is to its own cluster than to the next: -1 to 1, higher is better."],
  davies_bouldin: ["Davies-Bouldin", "How wide clusters are against their distance: lower is better."],
  calinski_harabasz: ["Calinski-Harabasz", "Variance between clusters against that within: higher is better."],
  recall_at_top: ["Recall of search", "The share of the exactly nearest images that the quick search finds as well."],
  scanned_share: ["Scanned", "The share of the collection that a search looks at."],
  n_clusters: ["Clusters", "How many clusters there are."],
  noise_share: ["Noise", "The share of images that are in no cluster."],
  largest_share: ["Largest", "The share of images that are in the largest cluster."],
  median_size: ["Median size", "Half of the clusters are smaller than this many images."],
};

/** The name of a figure, and what it says. */
export function worded(key) {
  if (WORDS[key]) return WORDS[key];
  const covered = key.endsWith("_covered") && WORDS[key.slice(0, -8)];
  if (covered) return [covered[0] + ", clustered", covered[1] + " Without the images that are in no cluster."];
  if (key.startsWith("chance_ami")) return ["AMI with " + shown(key.slice(11) || "label") + ", by chance",
    "What 97.5 % of the figures stay below when clusters are dealt out at random."];
  if (key.startsWith("ami_")) return ["AMI with " + shown(key.slice(4)),
    "How much the clusters follow this column: 0 by chance, 1 fully."];
  return [shown(key), ""];
}

/** A figure in three decimals, fewer where it is large. */
export function figure(value) {
  if (Number.isInteger(value)) return grouped(value);
  const size = Math.abs(value);
  return size >= 100 ? grouped(Math.round(value)) : value.toFixed(size >= 10 ? 1 : 3);
}

/** What the clusters follow: column, AMI, what chance reaches; most first, and above chance but for label and group. */
export const followed = metrics => Object.entries(metrics)
  .filter(([name]) => name === "ami" || name.startsWith("ami_") && name !== "ami_covered")
  .map(([name, value]) => [name === "ami" ? "label" : name.slice(4), value, metrics["chance_" + name]])
  .filter(([name, value, chance]) => !(value <= chance) || name === "label" || name === "group")
  .sort((a, b) => b[1] - a[1]);

function drawKey({metrics, baseline}) {
  fill($("key"), ...KEY.filter(name => name in metrics).map(name => {
    const [title, words] = worded(name), id = "tip-" + name;
    return el("div", {class: "figure"}, el("b", {}, figure(metrics[name])),
      el("button", {class: "term", type: "button", "aria-describedby": id}, title),
      el("span", {class: "tip", role: "tooltip", id}, words),
      baseline && name in baseline
        ? el("div", {class: "quiet small"}, figure(baseline[name]) + " with " + shown(baseline.backbone)) : null);
  }));
}

function drawFollowed(metrics) {
  const bars = followed(metrics);
  if (!bars.length) return $("follows").remove();
  fill($("follows"), el("h3", {}, "What the clusters follow"),
    el("p", {class: "quiet small"}, FOLLOWED),
    el("ul", {class: "bars"}, ...bars.map(([name, value, chance], i) => el("li", {class: i ? null : "most"},
      el("span", {class: "name", title: shown(name)}, shown(name)), track(value),
      el("span", {class: value <= chance ? "quiet" : null}, value.toFixed(2),
        chance === undefined ? null : el("span", {class: "quiet small"}, " (" + chance.toFixed(3) + ")"))))));
}

/** What a part was made with, beside its name: model, licence, what it stands in for, engine, numbers. */
export function madeWith(part) {
  const instead = part.asked && part.asked !== part.name ? "the weights of " + part.asked + " were not to be had" : "";
  const options = Object.entries(part.options).map(([name, value]) => name + "=" + value).join(", ");
  return [part.model, part.licence, instead, part.engine, options].filter(Boolean).join(" · ");
}

export function drawFigures(run) {
  const {metrics, baseline} = run, names = Object.keys(metrics);
  drawKey(run);
  drawFollowed(metrics);
  $("all").closest("details").hidden = !names.length;
  $("key").parentElement.hidden = !names.length;
  const other = name => baseline ? [name in baseline ? figure(baseline[name]) : "–"] : [];
  const heads = [["Figure"], [run.made[0].name, 1], ...(baseline ? [[baseline.backbone, 1]] : []), ["What it says"]];
  fill($("all"), table(heads,
    names.map(name => [worded(name)[0], figure(metrics[name]), ...other(name), worded(name)[1]])));
  const rows = run.made.map(part => [part.slot, part.name, madeWith(part)]), versions = Object.entries(run.versions);
  if (versions.length) rows.push(["versions", "", versions.map(pair => pair.join(" ")).join(", ")]);
  fill($("made"), table([["Part"], ["Choice"], ["With"]], rows));
}
