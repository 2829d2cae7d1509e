// The JavaScript half of the status rule, over the boundaries that Python is asked too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { offlineAfterS, statusOf } from "../../../../static/js/live/status.js";

const cases = JSON.parse(readFileSync(new URL("../status_boundaries.json", import.meta.url)));
const now = 1_800_000_000_000;

for (const { recorded_ago_ms, moved_ago_ms, cadence_s = null, risk = "", status } of cases) {
  test(`recorded ${recorded_ago_ms} ms ago, moved ${moved_ago_ms} ms ago, every ${cadence_s} s, risk "${risk}": ${status}`, () => {
    const at = (ago) => (ago === null ? null : now - ago);
    assert.equal(statusOf(at(recorded_ago_ms), at(moved_ago_ms), now, offlineAfterS(cadence_s), risk), status);
  });
}

test("a device of which no bound was told is offline after a quarter of an hour", () => {
  assert.equal(statusOf(now - 900_000, now, now), "active");
  assert.equal(statusOf(now - 900_001, now, now, undefined), "offline");
  assert.equal(statusOf(now - 900_001, now, now, null, null), "offline");
});
