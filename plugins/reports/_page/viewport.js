// Where the map is looked at from: a window, in pixels, on points around (0, 0).

import {measured} from "./data.js";

const NEAREST = 400, FREE = .6;  // how far in, and how far the middle may leave the points'
const between = (low, value, high) => Math.min(high, Math.max(low, value));

/** The points of the map around (0, 0), y downwards, in units of their wider span; and their extent, never 0. */
export function placed(run) {
  const {x, y, n} = run, span = Math.max(x.high - x.low, y.high - y.low) || 1, gx = measured(x), gy = measured(y);
  return {
    X: Float32Array.from({length: n}, (_, row) => (gx(row) - (x.low + x.high) / 2) / span),
    Y: Float32Array.from({length: n}, (_, row) => ((y.low + y.high) / 2 - gy(row)) / span),
    wide: (x.high - x.low) / span || .2, high: (y.high - y.low) / span || .2,
  };
}

export class Viewport {
  w = 0; h = 0; base = 1; zoom = 1; cx = 0; cy = 0;

  constructor({wide, high}) { this.wide = wide; this.high = high; }

  /** Pixels a unit. */
  get unit() { return this.base * this.zoom; }

  x(at) { return this.w / 2 + (at - this.cx) * this.unit; }
  y(at) { return this.h / 2 + (at - this.cy) * this.unit; }

  resize(w, h) {
    const room = Math.min(w, h) < 500 ? 48 : 96;
    this.w = w; this.h = h;
    this.base = Math.min((w - room) / this.wide, (h - room) / this.high);
  }

  /** Nearer by a factor; what is at (x, y) stays there. */
  scale(factor, x = this.w / 2, y = this.h / 2) {
    const before = this.unit;
    this.zoom = between(1, this.zoom * factor, NEAREST);
    if (this.zoom === 1) return this.reset();
    const moved = 1 / before - 1 / this.unit;
    this.#middle(this.cx + (x - this.w / 2) * moved, this.cy + (y - this.h / 2) * moved);
  }

  move(dx, dy) { this.#middle(this.cx - dx / this.unit, this.cy - dy / this.unit); }
  reset() { this.zoom = 1; this.cx = this.cy = 0; }
  #middle(x, y) { this.cx = between(-FREE, x, FREE); this.cy = between(-FREE, y, FREE); }
}
