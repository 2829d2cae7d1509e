// The pure modules behind filters, alerts and playback.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readHash, writeHash } from "../../../../static/js/map/address.js";
import { AlertBook } from "../../../../static/js/map/alert_book.js";
import { Criteria, OUTSIDE, sift } from "../../../../static/js/map/criteria.js";
import { boundsOfDay, dayOf, DayTrack, timeOf } from "../../../../static/js/map/day.js";
import { during, entriesOf, lanesOf } from "../../../../static/js/map/day_story.js";
import { tripLines } from "../../../../static/js/map/trip_words.js";
import { boxOf } from "../../../../static/js/map/zone_layer.js";

const device = (id, more = {}) => ({ id, label: id, external_id: `x-${id}`, status: "active", hub: "", zones: [], ...more });
const fleet = () => [
  device("Anna", { hub: "North", zones: ["gf_1"] }),
  device("Bert", { hub: "North", status: "risk" }),
  device("Cora", { hub: "South", status: "offline", zones: ["gf_1", "gf_2"] }),
  device("Dora", { hub: "South", status: "risk", zones: ["gf_2"] }),
];
const names = ({ rows }) => rows.map(({ id }) => id);

test("filters combine, and each choice's count is what it would leave", () => {
  const found = sift(fleet(), new Criteria({ statuses: ["risk", "offline"], hub: "South" }));
  assert.deepEqual(names(found), ["Cora", "Dora"]);
  assert.deepEqual(found.counts.statuses, { active: 0, idle: 0, offline: 1, waiting: 0, risk: 1 });
  assert.deepEqual([...found.counts.hubs], [["North", 1], ["South", 2]]);
  assert.deepEqual([...found.counts.zones].sort(), [["gf_1", 1], ["gf_2", 2]]);
});

test("a zone, no zone at all, and words of name or device id each find theirs", () => {
  assert.deepEqual(names(sift(fleet(), new Criteria({ zone: "gf_1" }))), ["Anna", "Cora"]);
  assert.deepEqual(names(sift(fleet(), new Criteria({ zone: OUTSIDE }))), ["Bert"]);
  assert.deepEqual(names(sift(fleet(), new Criteria({ text: " BER" }))), ["Bert"]);
  assert.deepEqual(names(sift(fleet(), new Criteria({ text: "x-d" }))), ["Dora"]);
});

test("only devices whose acceptance changed are told to the map", () => {
  const devices = fleet();
  assert.equal(sift(devices, new Criteria({ hub: "North" })).moved.length, 2);
  assert.equal(sift(devices, new Criteria({ hub: "North" })).moved.length, 0);
  devices[0].label = "Zoe";
  assert.deepEqual(sift(devices, new Criteria({ text: "zoe" })).moved.map(({ id }) => id), ["Bert"]);
});

test("an address says filters, list and playback, and what is not sound is left out", () => {
  const filter = { text: "van & co", statuses: ["risk", "idle"], zone: "gf_1", hub: "Køge" };
  const playback = { day: "2026-03-29", time: "14:05:10", known: true };
  const hash = writeHash({ filter, zones: false, alerts: true, playback });
  assert.deepEqual(readHash(hash), { camera: null, device: null, filter, zones: false, alerts: true, playback });
  assert.equal(writeHash({ filter: new Criteria() }), "");
  assert.equal(readHash("#day=2026-3-1").playback, null);
  assert.equal(readHash("#day=2026-03-01&at=25:00:00").playback.time, "");
  assert.deepEqual([...new Criteria(readHash("#status=risk,gone").filter).statuses], ["risk"]);
});

const alert = (id, at, more = {}) => ({ id, raised_at: at, resolved_at: null, acknowledged_at: null, device: { id: `dev_${id}` }, ...more });

test("alerts are raised once, acknowledged once, and gone when their cause has ended", () => {
  const book = new AlertBook();
  assert.equal(book.put(alert("a", 1)), "raised");
  assert.equal(book.put(alert("a", 1)), "");
  assert.equal(book.put(alert("a", 1, { acknowledged_at: 5 })), "acknowledged");
  assert.equal(book.unacknowledged, 0);
  assert.equal(book.put(alert("a", 1, { resolved_at: 9 })), "ended");
  assert.equal(book.put(alert("a", 1, { resolved_at: 9 })), "");
  assert.equal(book.inOrder.length, 0);
});

test("what nobody has taken on stands first, then the newest", () => {
  const book = new AlertBook();
  book.replace([alert("old", 1), alert("taken", 9, { acknowledged_at: 10 }), alert("new", 5)]);
  assert.deepEqual(book.inOrder.map(({ id }) => id), ["new", "old", "taken"]);
  book.forget("dev_new");
  assert.equal(book.unacknowledged, 1);
});

const HOUR = 3_600_000;
const track = (...points) => new DayTrack({
  geometry: points.length > 1 ? { type: "LineString", coordinates: points.map(([, x, y]) => [x, y]) } : points.length ? { type: "Point", coordinates: points[0].slice(1) } : null,
  properties: { times: points.map(([at]) => at) },
});

test("between two fixes the played marker goes along, over a gap it stays at what was known", () => {
  const played = track([60_000, 10, 50], [120_000, 10.01, 50], [120_000 + HOUR, 10.02, 50]);
  assert.equal(played.at(59_999), null);
  const half = played.at(90_000);
  assert.ok(Math.abs(half.longitude - 10.005) < 1e-9);
  assert.ok(Math.abs(half.share - 0.25) < 1e-6);
  assert.ok(Math.abs(half.heading - 90) < 1e-6);
  assert.equal(played.at(120_000 + HOUR / 2).longitude, 10.01);
  assert.equal(played.at(9e12).share, 1);
  assert.equal(track().at(5), null);
  assert.equal(track([5, 10, 50]).at(6).share, 0);
});

test("a day begins and ends at the reader's midnights", () => {
  const [from, to] = boundsOfDay("2026-03-29");
  assert.equal(dayOf(from), "2026-03-29");
  assert.equal(timeOf(from), "00:00:00");
  assert.equal(dayOf(to), "2026-03-30");
});

const DAY = {
  segments: [
    { kind: "moving", from: 1 * HOUR, to: 2 * HOUR, distance_m: 12_400 },
    { kind: "stopped", from: 2 * HOUR, to: 3 * HOUR, longitude: 10, latitude: 50 },
  ],
  trips: [{ destination_name: "Harbour", state: "active", started_at: 1 * HOUR, ended_at: null }],
  visits: [{ name: "Depot", from: 2 * HOUR, to: null }, { name: "Yesterday", from: -5 * HOUR, to: -4 * HOUR }],
};

test("what goes on ends at the present, and what lies outside the day is left out", () => {
  const entries = entriesOf(DAY, [0, 24 * HOUR], 4 * HOUR);
  assert.deepEqual(entries.map(({ title, detail, to }) => [title, detail, to / HOUR]), [
    ["Moving", "12.4 km", 2],
    ["Trip to Harbour", "on its way", 4],
    ["Stopped", "1 h 0 min", 3],
    ["Depot", "still inside", 4],
  ]);
  assert.deepEqual(during(entries, 2.5 * HOUR), ["Stopped", "in Depot", "trip to Harbour"]);
});

test("bars that overlap get a lane each, and an empty lane is left out", () => {
  const overlapping = { visits: [{ name: "a", from: 0, to: HOUR }, { name: "b", from: HOUR / 2, to: 2 * HOUR }, { name: "c", from: HOUR, to: 3 * HOUR }] };
  const lanes = lanesOf(entriesOf(overlapping, [0, 10 * HOUR], 10 * HOUR), [0, 10 * HOUR]);
  assert.deepEqual(lanes.map(({ name, first, bars }) => [name, first, bars.map(({ entry }) => entry.title).join("")]), [["Zones", true, "ac"], ["Zones", false, "b"]]);
  assert.deepEqual([lanes[0].bars[0].left, lanes[0].bars[0].width], [0, 0.1]);
});

test("a trip says where to, when, and how late", () => {
  const trip = { state: "active", destination_name: "Harbour", eta_at: 20 * 60_000, scheduled_at: 5 * 60_000, remaining_m: 5300 };
  const [first, second] = tripLines([trip, { state: "completed" }], 0);
  assert.equal(first, "On its way to Harbour.");
  assert.match(second, /^There in 20 min at .*, 15 min late, 5.3 km to go\.$/);
  assert.match(tripLines([{ state: "arrived", destination_name: "Harbour", arrived_at: 0 }], 0)[0], /^Arrived at Harbour at /);
});

test("the box of a zone holds all its pieces", () => {
  const square = (x) => [[[x, 1], [x + 1, 1], [x + 1, 2], [x, 2], [x, 1]]];
  assert.deepEqual(boxOf({ type: "MultiPolygon", coordinates: [square(1), square(5)] }), [1, 1, 6, 2]);
});
