// Which names may be shown so that none covers another or a marker. Pure.

const CELL = 64;

/**
 * `candidates`: [{left, top, width, height}] in order of importance; `points`: [[x, y]] that stay visible.
 * Returns the indices of the candidates to show, at most `limit`. A candidate marked `always` is shown whatever
 * it covers.
 */
export function choose(candidates, points, { limit, clearance }) {
  const grid = new Map();
  const chosen = [];
  candidates.forEach((candidate, i) => {
    if (!candidate.always) return;
    mark(grid, candidate);
    chosen.push(i);
  });
  for (const [x, y] of points) {
    const half = clearance;
    mark(grid, { left: x - half, top: y - half, width: 2 * half, height: 2 * half });
  }
  for (let i = 0; i < candidates.length && chosen.length < limit; i += 1) {
    if (candidates[i].always || !free(grid, candidates[i])) continue;
    mark(grid, candidates[i]);
    chosen.push(i);
  }
  return chosen;
}

function cells(box, visit) {
  const right = Math.floor((box.left + box.width) / CELL);
  const bottom = Math.floor((box.top + box.height) / CELL);
  for (let x = Math.floor(box.left / CELL); x <= right; x += 1) {
    for (let y = Math.floor(box.top / CELL); y <= bottom; y += 1) {
      if (visit(x * 1_000_003 + y) === false) return false;
    }
  }
  return true;
}

function mark(grid, box) {
  cells(box, (key) => {
    const there = grid.get(key);
    if (there) there.push(box);
    else grid.set(key, [box]);
    return true;
  });
}

function free(grid, box) {
  return cells(box, (key) => !(grid.get(key) ?? []).some((other) => overlaps(box, other)));
}

function overlaps(a, b) {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}
