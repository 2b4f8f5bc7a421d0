// Figures, in words.

import {$, el, fill, table, track} from "./dom.js";
import {shown, spoken} from "./words.js";

const FOLLOWED = "How much a cluster tells of each of these, less what chance would give (AMI): 0 nothing, 1 everything. " +
  "In brackets what chance alone reaches in 97.5 of 100 shuffles; columns that are not above that are left out.";

/** What the clusters follow: column, AMI, what chance reaches; most first, and above chance but for label and group. */
export const followed = metrics => Object.entries(metrics)
  .filter(([name]) => name === "ami" || name.startsWith("ami_") && name !== "ami_covered")
  .map(([name, value]) => [name === "ami" ? "label" : name.slice(4), value, metrics["chance_" + name]])
  .filter(([name, value, chance]) => !(value <= chance) || name === "label" || name === "group")
  .sort((a, b) => b[1] - a[1]);

function drawKey({head, figures, baseline}) {
  fill($("key"), ...head.map((name, i) => {
    const [title, words, value, its] = figures[name], id = "tip-" + i;
    return el("div", {class: "figure"}, el("b", {}, shown(value)),
      el("button", {class: "term", type: "button", "aria-describedby": id}, shown(title)),
      el("span", {class: "tip", role: "tooltip", id}, shown(words)),
      baseline && name in baseline
        ? el("div", {class: "quiet small"}, shown(its) + " with " + shown(baseline.backbone)) : null);
  }));
}

function drawFollowed(metrics, group) {
  const bars = followed(metrics);
  if (!bars.length) return $("follows").remove();
  fill($("follows"), el("h3", {}, "What the clusters follow"),
    el("p", {class: "quiet small"}, FOLLOWED),
    el("ul", {class: "bars"}, ...bars.map(([name, value, chance], i) => el("li", {class: i ? null : "most"},
      el("span", {class: "name", title: shown(name)}, spoken(name === "group" ? group : name)), track(value),
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
  const {metrics, figures, baseline} = run, all = Object.values(figures);
  drawKey(run);
  drawFollowed(metrics, run.group);
  $("all").closest("details").hidden = !all.length;
  $("key").parentElement.hidden = !all.length;
  const heads = [["Figure"], [run.made[0].name, 1], ...(baseline ? [[baseline.backbone, 1]] : []), ["What it says"]];
  fill($("all"), table(heads,
    all.map(([title, words, value, its]) => [title, value, ...(baseline ? [its] : []), words])));
  const rows = run.made.map(part => [part.slot, part.name, madeWith(part)]), versions = Object.entries(run.versions);
  if (versions.length) rows.push(["versions", "", versions.map(pair => pair.join(" ")).join(", ")]);
  fill($("made"), table([["Part"], ["Choice"], ["With"]], rows));
}
