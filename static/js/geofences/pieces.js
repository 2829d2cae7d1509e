// A polygon taken apart into rings the drawing library can hold, and put together again. Pure.
//
// The library edits rings without holes. Each ring is a piece {part, ring, given, coordinates}; `given` are the exact
// coordinates it came with, which are kept to the last digit for as long as nobody moves a vertex of it.

import { unwrapped } from "../map/earth.js";
import { digits, insideRing } from "./round.js";

/** The rings of a Polygon or MultiPolygon, each as a piece. */
export function takeApart({ type, coordinates }) {
  const parts = type === "Polygon" ? [coordinates] : coordinates;
  return parts.flatMap((rings, part) =>
    rings.map((given, ring) => ({ part, ring, given, coordinates: drawable(given, rings[0][0][0]) })),
  );
}

/** Rounded, without a jump at 180 degrees, without repeated vertices. */
function drawable(ring, near) {
  const plain = unwrapped(ring, near).map(([x, y]) => [digits(x), digits(y)]);
  const distinct = plain.filter(([x, y], i) => i === 0 || x !== plain[i - 1][0] || y !== plain[i - 1][1]);
  const [first] = distinct;
  const last = distinct.at(-1);
  if (first[0] !== last[0] || first[1] !== last[1]) distinct.push(first);
  return distinct;
}

/** The geometry of pieces: {part, ring, given | null, coordinates}, `ring` 0 an outer one. */
export function putTogether(pieces) {
  const outers = pieces.filter((piece) => piece.ring === 0);
  const parts = outers.map((outer) => {
    const holes = pieces.filter((piece) => piece.ring !== 0 && piece.part === outer.part);
    return [outer, ...holes].map((piece) => piece.given ?? piece.coordinates);
  });
  return parts.length === 1 ? { type: "Polygon", coordinates: parts[0] } : { type: "MultiPolygon", coordinates: parts };
}

/** The part in whose outer ring a new hole begins; null where there is none. */
export function partAround(place, pieces) {
  const around = pieces.find((piece) => piece.ring === 0 && insideRing(place, piece.coordinates));
  return around ? around.part : null;
}
