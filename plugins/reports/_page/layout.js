// Which pictures lie on the map: few enough to be seen, none over another.

/** Rows in the order in which pictures are laid: `first`, then the others shuffled, the same way each time. */
export function queued(first, order) {
  const seen = new Set(first), queue = [...first, ...Array.from(order).filter(row => !seen.has(row))];
  for (let i = queue.length - 1; i > first.length; i--) {
    const j = first.length + (i * 7919 + 104729) % (i - first.length + 1);
    [queue[i], queue[j]] = [queue[j], queue[i]];
  }
  return queue;
}

/** The side of a picture, in pixels, and how many there may be in a window. */
export function room({w, h, zoom}) {
  const side = Math.min(88, (w < 600 ? 40 : 52) * Math.pow(zoom, .25));
  const each = side * side * Math.max(2, 4 / Math.pow(zoom, .3));
  return {side, most: Math.max(12, Math.min(150, Math.floor(w * h / each)))};
}

/** Places of which no two are nearer than `cell` both across and down; looked up by squares of that side. */
export class Spaced {
  taken = new Map();

  constructor(cell) { this.cell = cell; }

  #square(x, y, across = 0, down = 0) {
    return (Math.floor(x / this.cell) + 1e5 + across) * 1e6 + Math.floor(y / this.cell) + 1e5 + down;
  }

  free(x, y) {
    for (let across = -1; across <= 1; across++) for (let down = -1; down <= 1; down++)
      for (const [ox, oy] of this.taken.get(this.#square(x, y, across, down)) || [])
        if (Math.abs(ox - x) < this.cell && Math.abs(oy - y) < this.cell) return false;
    return true;
  }

  take(x, y) {
    const square = this.#square(x, y);
    if (!this.taken.has(square)) this.taken.set(square, []);
    this.taken.get(square).push([x, y]);
  }
}
