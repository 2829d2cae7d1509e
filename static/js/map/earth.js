// Lines on the globe: a grid that fits the zoom, and shapes that reach over the antimeridian. Pure.

const STEPS = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/** Meridians and parallels within [west, south, east, north], about four to a screen. */
export function graticule([west, south, east, north], zoom) {
  const wanted = 360 / 2 ** zoom / 2;
  const step = STEPS.find((candidate) => candidate <= wanted) ?? STEPS.at(-1);
  const lines = [];
  const bottom = Math.max(-85, south);
  const top = Math.min(85, north);
  for (let i = Math.floor(west / step); i * step <= east; i += 1) lines.push([[i * step, bottom], [i * step, top]]);
  for (let i = Math.floor(bottom / step); i * step <= top; i += 1) {
    if (Math.abs(i * step) <= 85) lines.push([[west, i * step], [east, i * step]]);
  }
  return { type: "MultiLineString", coordinates: lines };
}

/** The points of a line that goes on past 180 degrees instead of back round the world. */
export function unwrapped(points, near = null) {
  let before = near;
  return points.map(([longitude, latitude]) => {
    const shifted = before === null ? longitude : longitude - 360 * Math.round((longitude - before) / 360);
    before = shifted;
    return [shifted, latitude];
  });
}

/** A geometry of an atlas made for globes, where a step from 179 to -179 is a short one, made for a flat map. */
export function flattened({ type, coordinates }) {
  if (type === "MultiLineString") return { type, coordinates: coordinates.map((line) => unwrapped(line)) };
  if (type === "Polygon") return { type, coordinates: flatPolygon(coordinates) };
  return { type, coordinates: coordinates.map(flatPolygon) };
}

function flatPolygon([outer, ...holes]) {
  const ring = flatRing(unwrapped(outer));
  return [ring, ...holes.map((hole) => flatRing(unwrapped(hole, ring[0][0])))];
}

// A ring that ends a whole turn from where it began goes round a pole: Antarctica. It is closed along the edge.
function flatRing(ring) {
  const [first] = ring;
  const last = ring.at(-1);
  if (Math.abs(last[0] - first[0]) < 180) return ring;
  const pole = first[1] < 0 ? -90 : 90;
  return [...ring, [last[0], pole], [first[0], pole], first];
}

/** {x, y, size} of the middle of a geometry's largest piece, where its name stands; null where it has none. */
export function middleOf({ type, coordinates }) {
  const polygons = type === "MultiPolygon" ? coordinates : type === "Polygon" ? [coordinates] : [];
  let best = null;
  for (const [ring] of polygons) {
    const [x, y, size] = middle(ring);
    if (!best || size > best.size) best = { x, y, size };
  }
  return best;
}

function middle(ring) {
  let area = 0;
  let x = 0;
  let y = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const cross = ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
    area += cross;
    x += (ring[j][0] + ring[i][0]) * cross;
    y += (ring[j][1] + ring[i][1]) * cross;
  }
  return area ? [x / (3 * area), y / (3 * area), Math.abs(area / 2)] : [...ring[0], 0];
}
