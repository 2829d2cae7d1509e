// The pure modules of the board: who has what, where a drop falls, what is asked of the server, what is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Plan, TRAY } from "../../../../static/js/board/plan.js";
import { BAR_PX, framed, lanesOf, openingOf } from "../../../../static/js/board/framing.js";
import { clock, lateText, shareOf, spanOf, ticksIn } from "../../../../static/js/board/scale.js";
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
  assert.deepEqual(ticksIn([half, half + 3 * 60 * MINUTE], 60 / (60 * MINUTE)).map((ms) => clock(ms, "Asia/Kolkata")), ["06:00", "07:00", "08:00"]);
  assert.equal(ticksIn([0, 48 * 60 * MINUTE], 600 / (48 * 60 * MINUTE)).length, 8, "each name has its room");
  assert.equal(ticksIn([0, 60 * MINUTE], 240 / (60 * MINUTE)).length, 4, "closer, quarters of an hour are named");
});

test("lateness, costs and targets are said as people say them", () => {
  assert.deepEqual([lateText(30), lateText(720)], ["", "+12 min"]);
  assert.deepEqual([signed(1.236), signed(-0.3), signed(0.001)], ["+1.24", "−0.30", "±0"]);
  assert.equal(targetSentence(plan, { to: "drv_b", before: "r" }), "to Ravi, before 1, R");
  assert.equal(targetSentence(plan, { to: TRAY, before: null }), "off the plan");
  assert.match(stopSentence(b.stops[0], b, "UTC"), /R, stop 1 of Ravi at 01:00, \+12 min late, planned/);
  const weighed = { before: { terms: { distance: 4, change: 0 }, total: 4 }, after: { terms: { distance: 5, change: 3 }, total: 8 }, violations: [{ new: true, text: "late" }, { new: false, text: "old" }] };
  assert.deepEqual(termsOf(weighed).map(({ text, delta }) => [text, delta]), [["Distance", 1], ["Change of plan", 3]]);
  assert.equal(costSentence(weighed), "+4.00 cost units; breaks 1: late");
});

const pune = { longitude: 73.86, latitude: 18.52 };
const lying = (shipment, longitude, latitude, more = {}) => ({ shipment, longitude, latitude, doubtful: false, ...more });

test("the map frames what is planned, and of what nobody has only what is sure and near", () => {
  const spitsbergen = lying("far", 15.6, 78.2);
  const doubtful = lying("guessed", 73.9, 18.6, { doubtful: true });
  const near = lying("near", 73.8, 18.4);
  const nowhere = lying("nowhere", null, null);
  const tray = [spitsbergen, doubtful, near, nowhere];
  assert.deepEqual(framed({ hub: pune, drivers: [], tray }), [[73.8, 18.4]]);
  const planned = lying("planned", 72.8, 19.0);
  assert.deepEqual(framed({ hub: pune, drivers: [{ stops: [planned] }], tray }), [[72.8, 19.0], [73.8, 18.4]]);
  assert.deepEqual(framed({ hub: { longitude: null, latitude: null }, drivers: [{ stops: [planned] }], tray: [spitsbergen] }), [[72.8, 19.0]]);
  assert.deepEqual(framed({ hub: pune, drivers: [], tray: [spitsbergen] }), [[73.86, 18.52]], "the hub where nothing else is left");
  assert.deepEqual(framed({ hub: pune, drivers: [], tray: [lying("east", 179.9, 0)] }), [[73.86, 18.52]]);
  assert.equal(framed({ hub: { longitude: 179.9, latitude: 0 }, drivers: [], tray: [lying("over", -179.9, 0)] }).length, 1, "over the date line is near");
});

const HOUR = 60 * MINUTE;
const route = (first, count, apart) => ({ stops: Array.from({ length: count }, (_, n) => visit(`s${n}`, first + n * apart, { until: (first + n * apart + 3) * MINUTE })) });

test("the Gantt opens half an hour ago and shows the last stop, however early the shift began", () => {
  const range = [0, 10 * HOUR];
  const [from, to] = openingOf({ range, now: 4 * HOUR, drivers: [route(245, 5, 30)] }, 600);
  assert.equal(from, 3.5 * HOUR);
  assert.ok(to >= 368 * MINUTE && to < 7 * HOUR);
  assert.deepEqual(openingOf({ range, now: 0, drivers: [{ stops: [] }] }, 600), range, "without stops all of it");
  assert.equal(openingOf({ range, now: -50 * HOUR, drivers: [route(245, 5, 30)] }, 600)[0], 215 * MINUTE, "another day opens at its stops");
  assert.equal(openingOf({ range, now: 9.9 * HOUR, drivers: [route(245, 5, 30)] }, 600)[0], 215 * MINUTE, "and so does a day whose stops are over");
});

test("stops in quick succession are opened so close that their bars stand apart", () => {
  const quick = [route(245, 16, 4), route(500, 1, 1)];
  const [from, to] = openingOf({ range: [0, 10 * HOUR], now: 4 * HOUR, drivers: quick }, 600);
  const pxPerMs = 600 / (to - from);
  const lanes = lanesOf(quick[0].stops, pxPerMs);
  const ends = { null: -Infinity, 0: -Infinity, 1: -Infinity };
  quick[0].stops.forEach((stop, n) => {
    assert.ok(stop.at >= ends[lanes[n]], `bar ${n} lies on another`);
    ends[lanes[n]] = stop.at + BAR_PX / pxPerMs;
  });
  assert.ok(to - from >= HOUR, "and never less than an hour");
});

test("bars share a row's height only where they would lie on each other", () => {
  const stops = [visit("a", 0), visit("b", 10), visit("c", 12), visit("d", 60)];
  assert.deepEqual(lanesOf(stops, BAR_PX / (5 * MINUTE)), [null, 0, 1, null]);
  assert.deepEqual(lanesOf([], 1), []);
});
