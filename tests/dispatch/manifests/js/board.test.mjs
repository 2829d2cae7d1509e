// The pure modules of the board: who has what, where a drop falls, what is asked of the server, what is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Plan, TRAY } from "../../../../static/js/board/plan.js";
import { clock, hoursIn, lateText, shareOf, spanOf } from "../../../../static/js/board/scale.js";
import { costSentence, signed, stopSentence, targetSentence, termsOf } from "../../../../static/js/board/words.js";

const MINUTE = 60_000;
const visit = (shipment, at, more = {}) => ({
  shipment, name: shipment.toUpperCase(), place: 1, state: "planned", open: true, at: at * MINUTE, until: (at + 10) * MINUTE, late_s: 0, ...more,
});
const a = { id: "drv_a", name: "Asha", manifest: "mft_a", revision: 4, stops: [visit("x", 0, { open: false, state: "delivered" }), visit("p", 60), visit("q", 120)] };
const b = { id: "drv_b", name: "Ravi", manifest: "mft_b", revision: 7, stops: [visit("r", 60, { late_s: 720 })] };
const idle = { id: "drv_c", name: "Meera", manifest: null, revision: 0, stops: [] };
const plan = new Plan({ hub: { id: "hub_1" }, date: "2026-05-04", timezone: "Asia/Kolkata", now: 0, drivers: [a, b, idle], tray: [{ shipment: "t", name: "T" }] });

test("what has begun stays, what is open or nobody's can be moved", () => {
  assert.deepEqual(["x", "p", "t", "gone"].map((one) => plan.movable(one)), [false, true, true, false]);
});

test("a drop falls ahead of the first open stop whose middle lies later", () => {
  assert.equal(plan.beforeAt("drv_a", 0, "r"), "p");
  assert.equal(plan.beforeAt("drv_a", 66 * MINUTE, "r"), "q");
  assert.equal(plan.beforeAt("drv_a", 500 * MINUTE, "r"), null);
  assert.equal(plan.beforeAt("drv_a", 0, "p"), "q", "the stop in the hand is not there");
  assert.equal(plan.beforeAt("drv_c", 0, "r"), null);
});

test("arrows go along a route and from driver to driver, past the last to the tray", () => {
  assert.deepEqual(plan.here("p"), { to: "drv_a", before: "q" });
  assert.deepEqual(plan.step({ to: "drv_a", before: "q" }, 1, "p"), { to: "drv_a", before: null });
  assert.deepEqual(plan.step({ to: "drv_a", before: null }, 1, "p"), { to: "drv_a", before: null });
  assert.deepEqual(plan.climb({ to: "drv_a", before: "q" }, 1, 0, "p"), { to: "drv_b", before: "r" });
  assert.deepEqual(plan.climb({ to: "drv_c", before: null }, 1, 0, "p"), { to: TRAY, before: null });
  assert.deepEqual(plan.climb({ to: "drv_a", before: null }, -1, 0, "p"), { to: "drv_a", before: "q" });
});

test("a drop where it lay is no move", () => {
  assert.ok(plan.same("p", { to: "drv_a", before: "q" }));
  assert.ok(!plan.same("p", { to: "drv_a", before: null }));
  assert.ok(plan.same("t", { to: TRAY, before: null }));
});

test("a request names the revisions of all that was looked at", () => {
  assert.deepEqual(plan.request("p", { to: "drv_b", before: "r" }), {
    hub: "hub_1", date: "2026-05-04", moves: [{ shipment: "p", to: "drv_b", before: "r" }], expected: { mft_a: 4, mft_b: 7 },
  });
  assert.deepEqual(plan.request("t", { to: "drv_c", before: null }).expected, { drv_c: 0 });
  assert.equal(plan.request("p", { to: TRAY, before: null }).moves[0].to, null);
});

test("only rows that differ are drawn again", () => {
  const later = new Plan({ ...plan.document, drivers: [a, { ...b, revision: 8 }, idle] });
  assert.deepEqual(later.changedSince(plan), ["drv_b"]);
  assert.equal(later.changedSince(null).length, 3);
});

test("times become places, and hours begin with the range", () => {
  assert.equal(shareOf([0, 200], 50), 0.25);
  assert.deepEqual(spanOf([0, 200], 50, 51, 2), { left: 25, width: 2 });
  const half = 30 * MINUTE; // Pune's hours begin half an hour off those of UTC
  assert.deepEqual(hoursIn([half, half + 3 * 60 * MINUTE]).map((ms) => clock(ms, "Asia/Kolkata")), ["06:00", "07:00", "08:00"]);
  assert.equal(hoursIn([0, 48 * 60 * MINUTE], 24).length, 24);
});

test("lateness, costs and targets are said as people say them", () => {
  assert.deepEqual([lateText(30), lateText(720)], ["", "+12 min"]);
  assert.deepEqual([signed(1.236), signed(-0.3), signed(0.001)], ["+1.24", "−0.30", "±0"]);
  assert.equal(targetSentence(plan, { to: "drv_b", before: "r" }), "to Ravi, before 1, R");
  assert.equal(targetSentence(plan, { to: TRAY, before: null }), "off the plan");
  assert.match(stopSentence(b.stops[0], b, "UTC"), /R, stop 1 of Ravi at 01:00, \+12 min late, planned/);
  const weighed = { before: { terms: { distance: 4, change: 0 }, total: 4 }, after: { terms: { distance: 5, change: 3 }, total: 8 }, violations: [{ new: true, text: "late" }, { new: false, text: "old" }] };
  assert.deepEqual(termsOf(weighed).map(({ text, delta }) => [text, delta]), [["Distance", 1], ["Change of plan", 3]]);
  assert.equal(costSentence(weighed), "cost +4.00; breaks 1: late");
});
