/* A table, sorted by the column whose head is clicked, and the other way by a second click. */

/** Which of two values comes first, as sort() asks: numbers by size, texts by letters, undefined last either way. */
export function ordered(x, y, way) {
  if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
  return way * (isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y);
}

export function sortable(table) {
  const body = table.tBodies[0];
  table.tHead.addEventListener("click", ({target}) => {
    const head = target.closest("button")?.parentNode;
    if (!head) return;
    const way = head.ariaSort === "ascending" ? -1 : 1, value = row => row.cells[head.cellIndex]?.dataset.v;
    for (const other of head.parentNode.cells) other.ariaSort = null;
    head.ariaSort = way > 0 ? "ascending" : "descending";
    body.append(...[...body.rows].sort((a, b) => ordered(value(a), value(b), way)));
  });
}
