// One image, and its nearest.

import {title, told} from "./data.js";
import {$, arrow, el, fill, round, say, track} from "./dom.js";
import {picture, shot} from "./grid.js";
import {address, go, state} from "./state.js";
import {grouped, shown, spoken} from "./words.js";

/** What is said of the nearest of a row: how many have its label, of those that have one. */
export function alike(run, row) {
  const own = run.label && run.label.codes[row];
  if (!own) return "by cosine, best first";
  const codes = Array.from(run.near().subarray(row * run.m, (row + 1) * run.m), other => run.label.codes[other]);
  return codes.filter(code => code === own).length + " of " + codes.filter(Boolean).length + " have its label";
}

export function panel(run) {
  const box = $("panel");
  let steps = null;  // where the arrow keys go, kept while one looks at neighbours
  const shut = () => go({i: null});

  function context(row, found) {
    if (state.c === undefined && found && found.includes(row)) return [found, "found"];
    const cluster = run.clusterOf(row);
    return [run.members(cluster), title(cluster)];
  }

  function nearest(place) {
    const other = run.near()[place], value = run.score()(place), label = run.label ? told(run.label, other) : "";
    return shot(run, other, el("div", {}, el("div", {class: "score"}, value.toFixed(3), track(value)),
      el("div", {class: "name", title: shown(run.path(other))}, shown(label || run.names[other]))), false);
  }

  function ways(row) {
    const [rows, what] = steps, at = rows.indexOf(row);
    const step = by => {
      const row = rows[at + by];
      return arrow(by, "image", {"data-step": by, disabled: row === undefined, click: () => go({i: row}, true)});
    };
    return el("div", {class: "ways"}, step(-1), step(1),
      el("span", {class: "at name"}, grouped(at + 1) + " of " + grouped(rows.length) + " in " + what),
      round("M5 5l10 10M15 5 5 15", "Close", {click: shut}));
  }

  function about(row) {
    const cluster = run.clusterOf(row), home = address({c: cluster.id, p: null, q: null, i: null});
    const fact = (name, value) => [el("dt", {}, shown(name)), el("dd", {class: "wrap"}, value)];
    const facts = fact("Cluster",
      el("span", {}, el("a", {href: home}, title(cluster)), " · distance " + run.distance(row).toFixed(3)));
    for (const field of run.fields) if (field.codes[row])
      facts.push(...fact(spoken(field.name[0].toUpperCase() + field.name.slice(1)), shown(told(field, row))));
    return el("div", {}, el("div", {class: "large"}, picture(run, row)),
      el("h2", {class: "wrap", tabindex: "-1", id: "panel-h"}, shown(run.names[row])),
      run.path(row) !== run.names[row] ? el("p", {class: "quiet small wrap"}, shown(run.path(row))) : null,
      el("dl", {class: "facts"}, ...facts));
  }

  function draw(row, found) {
    if (!steps || !steps[0].includes(row)) steps = context(row, found);
    const neighbours = Array.from({length: run.m}, (_, j) => nearest(row * run.m + j));
    const focused = box.contains(document.activeElement) && document.activeElement.dataset.step;
    fill(box, ways(row), el("div", {class: "detail"}, about(row),
      el("div", {}, el("h2", {}, run.m ? "Most like it" : "There is no other image"),
        run.m ? el("p", {class: "quiet small"}, alike(run, row)) : null,
        el("div", {class: "grid", id: "near"}, ...neighbours))));
    box.setAttribute("aria-label", shown(run.path(row)));
    if (!box.open) box.showModal();
    box.scrollTop = 0;
    const again = focused && box.querySelector('[data-step="' + focused + '"]:not(:disabled)');
    (again || $("panel-h")).focus({preventScroll: true});
    say(shown(run.path(row)) + ", " + title(run.clusterOf(row)));
  }

  box.addEventListener("cancel", event => { event.preventDefault(); shut(); });
  box.addEventListener("click", event => { if (event.target === box) shut(); });
  return {
    draw,
    forget: () => { steps = null; },
    close: () => { steps = null; if (box.open) box.close(); },
  };
}
