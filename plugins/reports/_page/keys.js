// Keys that work anywhere on the page.

import {$} from "./dom.js";
import {go, state} from "./state.js";

/** How many of the items stand side by side: those as far down as the first. */
export function across(items) {
  const next = items.findIndex(item => item.offsetTop !== items[0].offsetTop);
  return next < 0 ? items.length : next;
}

const COLUMNS = {ArrowLeft: -1, ArrowRight: 1}, LINES = {ArrowUp: -1, ArrowDown: 1};

/** How many items on the one is that an arrow leads to. */
export const stepped = (key, items) => COLUMNS[key] ?? LINES[key] * across(items);

export function keys() {
  const box = $("panel"), find = $("find");

  function leave(typing) {
    if (typing && find.value) {
      find.value = "";
      go({q: null, p: null}, true);
    } else if (state.c !== undefined) go({c: null, p: null});
    else if (state.f !== undefined) go({f: null, p: null});
  }

  function move(event) {
    const grid = event.target.closest(".grid, .cards");
    if (grid) {
      const items = [...grid.children], at = items.indexOf(event.target.closest(".grid > *, .cards > *"));
      const next = items[at + stepped(event.key, items)];
      if (next) { next.focus(); next.scrollIntoView({block: "nearest"}); event.preventDefault(); }
    } else if (box.open && event.key in COLUMNS) {
      const button = box.querySelector('[data-step="' + COLUMNS[event.key] + '"]');
      if (button && !button.disabled) { button.click(); event.preventDefault(); }
    }
  }

  document.addEventListener("keydown", event => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const typing = event.target.matches("input, select");
    if (event.key === "/" && !typing && !box.open) {
      find.focus();
      find.select();
      event.preventDefault();
    } else if (event.key === "Escape" && !box.open) leave(typing);
    else if (!typing && (event.key in COLUMNS || event.key in LINES)) move(event);
  });
}
