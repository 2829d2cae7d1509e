import assert from "node:assert/strict";
import test from "node:test";

import { partAround, putTogether, takeApart } from "../../../../static/js/geofences/pieces.js";
import { circleOf, circleRing } from "../../../../static/js/geofences/round.js";

const OUTER = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]];
const HOLE = [[4, 4], [4, 6], [6, 6], [6, 4], [4, 4]];
const FAR = [[20, 0], [30, 0], [30, 10], [20, 0]];

test("a polygon taken apart and put together again is the same to the last digit", () => {
  const exact = { type: "Polygon", coordinates: [[[0.12345678901234, 0], [10, 0], [10, 10], [0.12345678901234, 0]], HOLE] };
  assert.deepEqual(putTogether(takeApart(exact)), exact);
  const many = { type: "MultiPolygon", coordinates: [[OUTER, HOLE], [FAR]] };
  assert.deepEqual(putTogether(takeApart(many)), many);
});

test("a ring that was moved gives its new vertices, the others their exact ones", () => {
  const pieces = takeApart({ type: "Polygon", coordinates: [OUTER, HOLE] });
  pieces[1].given = null;
  pieces[1].coordinates = [[5, 5], [5, 6], [6, 6], [5, 5]];
  assert.deepEqual(putTogether(pieces).coordinates, [OUTER, [[5, 5], [5, 6], [6, 6], [5, 5]]]);
});

test("what the drawing gets has nine digits, no repeated vertex and no jump at 180 degrees", () => {
  const ring = [[179.5, 1], [179.5, 1], [-179.5, 1.0000000000001], [-179.5, 2], [179.5, 1]];
  const [piece] = takeApart({ type: "Polygon", coordinates: [ring] });
  assert.deepEqual(piece.coordinates, [[179.5, 1], [180.5, 1], [180.5, 2], [179.5, 1]]);
});

test("a hole belongs to the part around it, and to none where there is none", () => {
  const pieces = takeApart({ type: "MultiPolygon", coordinates: [[OUTER], [FAR]] });
  assert.equal(partAround([5, 5], pieces), 0);
  assert.equal(partAround([28, 4], pieces), 1);
  assert.equal(partAround([50, 50], pieces), null);
});

test("a circle's outline gives its centre and radius back", () => {
  for (const centre of [[73.85, 18.52], [4.9, 60]]) {
    const { centre: found, radius } = circleOf(circleRing(centre, 1500, 48));
    assert.ok(Math.abs(found[0] - centre[0]) < 1e-6 && Math.abs(found[1] - centre[1]) < 1e-6);
    assert.ok(Math.abs(radius - 1500) < 1);
  }
});
