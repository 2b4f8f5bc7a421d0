// Light or dark: as the system has it, until one chooses.

import {$} from "./dom.js";

const KEPT_AS = "imgret-theme";

/** Let the button choose, and remember it where the browser lets us; `drawn` is called as colours change. */
export function theme(drawn) {
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  const set = name => { root.dataset.theme = name; drawn(); };
  $("theme").addEventListener("click", () => {
    const now = root.dataset.theme || (system.matches ? "dark" : "light"), name = now === "dark" ? "light" : "dark";
    set(name);
    try { localStorage.setItem(KEPT_AS, name); } catch { /* no storage: for this visit only */ }
  });
  try {
    const name = localStorage.getItem(KEPT_AS);
    if (name === "dark" || name === "light") set(name);
  } catch { /* as above */ }
  system.addEventListener("change", drawn);
}
