// What a pointer, a wheel and keys do to the map.

import {$} from "./dom.js";

/** The factor of a turn of the wheel: 80 pixels of it, or 4 lines, count at most. */
export function turned({deltaY, deltaMode, ctrlKey}) {
  const turn = Math.max(-80, Math.min(80, deltaY * (deltaMode ? 20 : 1)));
  return Math.exp(-turn * (ctrlKey ? .012 : .004));
}

/** Let the canvas be dragged, pinched, scrolled and typed at; `map` does it. */
export function gestures(canvas, map) {
  const plot = $("plot"), held = new Map();
  let moved = 0, pinch = 0, active = false, hinting = 0;
  const place = event => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", event => {
    held.set(event.pointerId, place(event));
    if (held.size === 1) moved = 0;
    pinch = 0;
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("held");
    active = true;
  });
  document.addEventListener("pointerdown", event => { if (!plot.contains(event.target)) active = false; });
  canvas.addEventListener("pointermove", event => {
    const [x, y] = place(event), from = held.get(event.pointerId);
    if (!from) { if (event.pointerType === "mouse") map.look(x, y); return; }
    held.set(event.pointerId, [x, y]);
    moved += Math.abs(x - from[0]) + Math.abs(y - from[1]);
    if (moved > 4) map.unpeek();
    if (held.size === 1) { if (moved > 4) map.move(x - from[0], y - from[1]); return; }
    const [a, b] = [...held.values()], apart = Math.hypot(a[0] - b[0], a[1] - b[1]);
    if (pinch) map.scale(apart / pinch, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
    pinch = apart;
    moved += 9;
  });
  const release = event => {
    const click = event.type === "pointerup" && held.size === 1 && moved <= 4;
    held.delete(event.pointerId);
    pinch = 0;
    if (!held.size) canvas.classList.remove("held");
    if (click) map.open(...place(event), event.pointerType === "mouse" ? 14 : 24);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => { if (!held.size) map.unpeek(); });
  canvas.addEventListener("touchmove", event => {
    if (event.touches.length > 1) event.preventDefault();
  }, {passive: false});

  canvas.addEventListener("wheel", event => {
    if (!(event.ctrlKey || event.metaKey || active || plot.classList.contains("wide"))) {
      $("hint").classList.add("on");
      clearTimeout(hinting);
      hinting = setTimeout(() => $("hint").classList.remove("on"), 1200);
      return;
    }
    event.preventDefault();
    map.scale(turned(event), ...place(event));
  }, {passive: false});

  canvas.addEventListener("keydown", event => {
    const far = 60, ways = {ArrowLeft: [far, 0], ArrowRight: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far]};
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (ways[event.key]) map.move(...ways[event.key]);
    else if (event.key === "+" || event.key === "=") map.scale(1.4);
    else if (event.key === "-") map.scale(1 / 1.4);
    else if (event.key === "0") map.reset();
    else if (event.key === "Enter") map.open();
    else return;
    event.preventDefault();
  });

  $("nearer").addEventListener("click", () => map.scale(1.6));
  $("farther").addEventListener("click", () => map.scale(1 / 1.6));
  $("whole").addEventListener("click", map.reset);
  const widen = on => {
    plot.classList.toggle("wide", on);
    $("wide").setAttribute("aria-pressed", on);
    document.body.style.overflow = on ? "hidden" : "";
    map.resize();
  };
  $("wide").addEventListener("click", () => widen(!plot.classList.contains("wide")));
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && plot.classList.contains("wide") && !$("panel").open) widen(false);
  });
  new ResizeObserver(map.resize).observe(plot);
}
