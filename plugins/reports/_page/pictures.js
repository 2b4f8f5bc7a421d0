// Pictures for the map's canvas, fetched when they are wanted.

const AT_ONCE = 24, KEPT = 1500;

/** A function of a row: its picture, or null as long as it is not there; `ready` is called as one comes. */
export function pictures(run, ready) {
  const cache = new Map();
  let loading = 0;
  return row => {
    const known = cache.get(row);
    if (known) return known.complete && known.naturalWidth ? known : null;
    if (run.missing.has(row) || loading >= AT_ONCE) return null;
    const img = new Image();
    loading++;
    img.addEventListener("load", () => { loading--; ready(); });
    img.addEventListener("error", () => { loading--; run.missing.add(row); ready(); });
    img.src = run.thumb(row);
    cache.set(row, img);
    if (cache.size > KEPT) cache.delete(cache.keys().next().value);
    return null;
  };
}
