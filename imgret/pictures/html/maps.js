/* Two maps of the same images: what one points at is marked on both, and named. */

/** What the two dots of an image say, one after the other. */
export const both = dots => dots.map((dot, at) => "AB"[at] + " " + dot.firstChild.textContent).join(" · ");

export function linked(maps, named) {
  maps.addEventListener("pointerover", ({target}) => {
    if (!target.dataset.i) return;
    for (const on of maps.querySelectorAll(".on")) on.classList.remove("on");
    const dots = [...maps.querySelectorAll(`[data-i="${target.dataset.i}"]`)];
    for (const dot of dots) {
      dot.classList.add("on");
      dot.parentNode.append(dot);
    }
    named.textContent = both(dots);
  });
}
