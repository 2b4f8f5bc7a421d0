// The run as its data say it: packed arrays laid open, rows by cluster, and what is known of a row.

/** Whole numbers from 0 in 1, 2 or 4 bytes each, as `packed` in page.py writes them. */
export function unpack(pack) {
  const text = atob(pack.data), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return pack.width === 1 ? bytes : pack.width === 2 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
}

/** A function of the place: numbers as `quantised` in page.py writes them. */
export function measured(pack) {
  const steps = unpack(pack), unit = (pack.high - pack.low) / 65535;
  return i => pack.low + steps[i] * unit;
}

/** What `make` gives, made when it is first asked for. */
export const later = make => { let made; return () => made === undefined ? made = make() : made; };

/** The data laid open: `clusters` are noise, then the `real` ones, each with its `id` and its place in `order`. */
export function opened(data) {
  const labels = unpack(data.labels), order = unpack(data.order), folders = unpack(data.folder);
  const clusters = data.clusters.map((facts, i) => ({id: i - 1, ...facts}));
  clusters.reduce((from, cluster) => (cluster.from = from) + cluster.size, 0);
  const fields = data.fields.map(field => ({...field, codes: unpack(field.codes)}));
  return {
    ...data, labels, order, clusters, fields, found: data.found.map(each => ({...each, rows: unpack(each.rows)})),
    missing: new Set(data.missing), noise: clusters[0], real: clusters.slice(1),
    distance: measured(data.distances),
    near: later(() => unpack(data.neighbours)), score: later(() => measured(data.scores)),
    label: fields.find(field => field.name === "label"),
    path: row => data.folders[folders[row]] + data.names[row],
    thumb: row => "thumbs/" + Math.floor(row / data.shard) + "/" + row + ".jpg",
    members: cluster => order.subarray(cluster.from, cluster.from + cluster.size),
    clusterOf: row => clusters[labels[row]],
  };
}

/** What a field says of a row; empty where it says nothing. */
export const told = (field, row) => field.codes[row] ? field.values[field.codes[row] - 1] : "";
export const title = cluster => cluster.id < 0 ? "Noise" : "Cluster " + String(cluster.id).padStart(3, "0");
