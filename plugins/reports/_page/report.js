// The page: its parts, and the way from the address to what is seen.

import {cards} from "./cards.js";
import {clusterPage} from "./cluster.js";
import {opened, title} from "./data.js";
import {$, say} from "./dom.js";
import {drawFigures} from "./figures.js";
import {finder} from "./find.js";
import {paged} from "./grid.js";
import {drawHead} from "./head.js";
import {keys} from "./keys.js";
import {chart} from "./map.js";
import {panel} from "./panel.js";
import {address, go, read, state, whole} from "./state.js";
import {theme} from "./theme.js";
import {counted, shown} from "./words.js";

const run = opened(JSON.parse($("data").textContent));
document.documentElement.style.setProperty("--shape", run.aspect);
drawHead(run);
drawFigures(run);
const map = chart(run);
const image = panel(run);
const drawCluster = clusterPage(run, map);
const drawCards = cards(run);
const find = finder(run);
const drawn = {};  // what the page shows: query, rows found, cluster, page
let found = null;
let scrolled = 0;  // how far down the clusters were when one was opened

function route() {
  const before = state, {q = "", f = null, ...asked} = read(), page = whole(asked.p, 1e6) ?? 0;
  const id = whole(asked.c, run.real.length), cluster = id !== null && id >= -1 ? run.clusters[id + 1] : null;
  if (!cluster?.size) delete state.c;
  if (q !== drawn.q || f !== drawn.f) look(q, f);
  if (found && (drawn.found !== found || drawn.p !== page)) drawFound(page);
  $("found").hidden = !found;
  $("mosaic").hidden = !!found;
  turn(before.c, cluster, page);
  drawn.p = page;
  $("back").href = address({c: null, p: null, i: null});
  $("found-off").href = address({q: null, f: null, p: null, i: null});
  const row = whole(asked.i, run.n), open = row !== null && row >= 0;
  if (open) {
    if (before.i === undefined) image.forget();
    image.draw(row, found);
  } else {
    delete state.i;
    image.close();
  }
  const about = open ? shown(run.names[row]) : state.c !== undefined ? title(cluster) : "";
  document.title = (about && about + " – ") + shown(run.title);
}

function look(text, which) {
  const finding = run.found[whole(which, run.found.length) ?? -1];
  drawn.q = text;
  drawn.f = which;
  found = find(text) ?? (finding?.rows.length ? finding.rows : null);
  $("found-said").textContent = text || !finding ? "" : shown(finding.about);
  $("found-h").textContent = text || !finding ? "" : shown(finding.title);
  if (document.activeElement !== $("find")) $("find").value = text;
  drawCards(found);
}

function drawFound(page) {
  drawn.found = found;
  if (drawn.q) $("found-h").textContent = found.length ? counted(found.length, "image") + " found" : "Nothing found";
  paged(run, found, page, "found", at => { go({p: at || null}); $("found").scrollIntoView(); }, null);
  say($("found-h").textContent);
}

/** From the clusters to one of them, to another, or back to all. */
function turn(before, cluster, page) {
  const inside = state.c !== undefined;
  if (inside && (drawn.c !== state.c || drawn.p !== page)) drawCluster(cluster, page);
  if (inside && before === undefined) scrolled = scrollY;
  $("home").hidden = inside;
  $("cluster").hidden = !inside;
  if (inside && before !== state.c) {
    scrollTo({top: 0, behavior: "instant"});
    if (!state.i) $("cluster-h").focus({preventScroll: true});
    say(title(cluster) + ", " + counted(cluster.size, "image"));
  }
  if (!inside && before !== undefined) {
    scrollTo({top: scrolled, behavior: "instant"});
    const card = document.querySelector('.card[href="#c=' + Number(before) + '"]');
    card?.focus({preventScroll: true, focusVisible: false});
    map.resize();
  }
  drawn.c = state.c;
}

let typed = 0;
$("find").addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => {
    go({q: $("find").value.trim() || null, f: null, p: null, c: null, i: null}, true);
    if (found) scrollTo({top: Math.min(scrollY, $("found").offsetTop - 90)});
  }, 120);
});
addEventListener("scroll", () => $("bar").classList.toggle("lifted", scrollY > 8), {passive: true});
for (const link of document.querySelectorAll(".bar nav a, .skip, [data-place]")) link.addEventListener("click", event => {
  event.preventDefault();
  if (state.c !== undefined || state.i !== undefined) go({c: null, p: null, i: null});
  const section = $(link.getAttribute("href").slice(1));
  section.scrollIntoView();
  section.setAttribute("tabindex", "-1");
  section.focus({preventScroll: true, focusVisible: false});
});
$("found-off").addEventListener("click", event => { event.preventDefault(); go({q: null, f: null, p: null, i: null}); });
$("back").addEventListener("click", event => { event.preventDefault(); go({c: null, p: null, i: null}); });
keys();
theme(map.draw);
addEventListener("hashchange", route);
addEventListener("popstate", route);
history.scrollRestoration = "auto";
route();
