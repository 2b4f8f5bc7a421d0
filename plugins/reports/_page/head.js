// What stands above and below: the run in a sentence, images of it, files that gave none, and what became of all.

import {$, el, fill, table} from "./dom.js";
import {picture} from "./grid.js";
import {address} from "./state.js";
import {counted, grouped, shown} from "./words.js";

const MOSAIC = 66, TURNS = 8;

/** The rows of the mosaic: of each cluster its representative, then of each another, from the centre to the edge. */
export function mosaic(run) {
  const rows = new Set(), clusters = run.real.length ? run.real : [run.noise];
  for (let turn = 0; rows.size < MOSAIC && turn < TURNS; turn++) for (const cluster of clusters) {
    const members = run.members(cluster);
    const row = turn ? members[Math.floor(turn * cluster.size / TURNS)] : cluster.medoid ?? members[0];
    if (row !== undefined && rows.size < MOSAIC) rows.add(row);
  }
  return [...rows];
}

/** What a run was made of, and by what. */
export function madeOf(run) {
  const slots = Object.fromEntries(run.made.map(made => [made.slot, made])), options = slots.clusterer.options;
  const by = ["backbone", "reducer", "clusterer"].map(slot => shown(slots[slot].name)).filter(name => name !== "none");
  const k = options.k ?? options.n_clusters;
  if (k !== undefined) by.push("k " + k);
  return "Made of " + outOf(run) + " with " + by.join(", ") + ", seed " + slots.seed.name + ".";
}

/** How many files, or rows of a manifest, there were. */
const outOf = ({files, rows}) => rows ? counted(rows, "row") : counted(files, "file");

/** What became of all of them. */
export function accounts(run) {
  const {outcomes, skipped} = run;
  const each = counts => Object.entries(counts).map(([name, count]) => grouped(count) + " " + shown(name)).join(", ");
  const left = each(skipped);
  return outOf(run) + ": " + each(outcomes).replaceAll("_", " ") + (left ? "; skipped: " + left : "");
}

/** What was found, each as a link to its images, or to where the page tells more. */
function finding({title, about, rows, place}, i) {
  const said = [el("strong", {}, shown(title)), el("span", {class: "quiet small"}, shown(about))];
  return el("li", {}, el("a", {href: rows.length ? address({f: i}) : "#" + place, "data-place": rows.length ? null : place}, ...said));
}

export function drawHead(run) {
  fill($("findings"), ...run.found.map(finding));
  fill($("lead"), el("strong", {}, counted(run.n, "image")), " in ",
    el("strong", {}, counted(run.real.length, "cluster")),
    run.noise.size ? ", " + grouped(run.noise.size) + " in none" : "", ". " + madeOf(run));
  fill($("mosaic"), ...mosaic(run).map(row =>
    el("a", {href: address({i: row}), tabindex: "-1"}, picture(run, row, true))));
  $("map-said").textContent = "by " + shown(run.view) + ": near is alike";
  if (run.failures) {
    const rest = "The first " + grouped(run.failed.length) + " of " + grouped(run.failures) + "; failures.csv has all.";
    $("files").hidden = false;
    fill($("failed"), table([["Path"], ["Outcome"], ["Reason"]], run.failed),
      run.failures > run.failed.length ? el("p", {class: "quiet"}, rest) : null);
  } else $("to-files").remove();
  $("foot").textContent = accounts(run) + ". Made with imgret; nothing here leaves your machine.";
}
