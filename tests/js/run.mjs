// The data of a run of six images, as the page's writer makes them: row 3 is noise, 0 1 2 are cluster 0, 4 5 cluster 1.

export function bytes(width, numbers) {
  const buffer = Buffer.alloc(width * numbers.length);
  numbers.forEach((number, at) => buffer.writeUIntLE(number, at * width, width));
  return {width, data: buffer.toString("base64")};
}

/** Steps of 65535 between low and high. */
const steps = (low, high, numbers) => ({low, high, ...bytes(2, numbers)});

export const DATA = {
  n: 6, files: 8, m: 2, shard: 2, aspect: 1, title: "six", view: "pca", missing: [],
  outcomes: {ok: 6, decode_error: 2}, skipped: {"hidden file": 1}, failed: [], failures: 0, versions: {}, metrics: {}, baseline: null,
  folders: ["", "a/"], folder: bytes(1, [1, 1, 1, 0, 0, 0]),
  names: ["one.jpg", "two.jpg", "three.jpg", "four.jpg", "five.jpg", "six.jpg"],
  labels: bytes(1, [1, 1, 1, 0, 2, 2]), order: bytes(1, [3, 2, 0, 1, 5, 4]),
  distances: steps(0, 1, [0, 0, 0, 0, 0, 0]),
  x: steps(0, 4, [0, 65535, 0, 0, 0, 0]), y: steps(0, 2, [0, 65535, 0, 0, 0, 0]),
  neighbours: bytes(1, [1, 2, 0, 2, 0, 1, 0, 4, 5, 3, 4, 3]), scores: steps(0, 1, Array(12).fill(0)),
  clusters: [{size: 1, spread: 0}, {size: 3, spread: .25, medoid: 2, label: "hat", count: 2, known: 3, name: "mostly hat"},
    {size: 2, spread: .5, medoid: 5, label: "shoe", count: 1, known: 1}],
  found: [{title: "2 odd", about: "far out", rows: bytes(1, [4, 1]), place: ""}, {title: "2 failed", about: "see", rows: bytes(1, []), place: "files"}],
  fields: [{name: "label", values: ["hat", "shoe"], codes: bytes(1, [1, 1, 2, 0, 0, 2])}],
  made: [
    {slot: "backbone", name: "resnet50", options: {side: 8}, model: "resnet50.a1", licence: "Apache-2.0", asked: "dinov2_s", engine: "torch"},
    {slot: "reducer", name: "none", options: {}}, {slot: "clusterer", name: "kmeans", options: {k: 2}}, {slot: "seed", name: "7", options: {}}],
};
