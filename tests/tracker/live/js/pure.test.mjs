// The pure modules of the map: glides, words, waiting times, the address, which names fit, lines on the globe.
import assert from "node:assert/strict";
import { test } from "node:test";
import { waitBefore } from "../../../../static/js/live/backoff.js";
import { glideTo, lastsFor, mercator, shownAt, still, unmercator } from "../../../../static/js/live/glide.js";
import { DeviceStore } from "../../../../static/js/live/store.js";
import { ageText, batteryText, headingText, shortAge, spanText, speedText } from "../../../../static/js/live/words.js";
import { readHash, writeHash } from "../../../../static/js/map/address.js";
import { flattened, graticule, unwrapped } from "../../../../static/js/map/earth.js";
import { choose } from "../../../../static/js/map/name_layout.js";
import { boundsOf } from "../../../../static/js/map/pick.js";
import { split, toScreen } from "../../../../static/js/map/view.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);
const fix = (id, at, longitude, latitude, more = {}) => ({ id, recorded_at: at, moved_at: at, longitude, latitude, ...more });
const frame = (type, devices, more = {}) => ({ type, seq: 0, server_time: Date.now(), devices, complete: true, ...more });

test("Mercator and back is where we were", () => {
  const [longitude, latitude] = unmercator(...mercator(12.4923, 41.8902));
  near(longitude, 12.4923);
  near(latitude, 41.8902);
});

test("a glide begins where the marker is shown and ends at the fix", () => {
  const halfway = glideTo(still(0.5, 0.5), 0.5001, 0.5, 1000, 2000);
  near(shownAt(halfway, 2000)[0], 0.50005);
  const turned = glideTo(halfway, 0.5, 0.5, 2000, 1000);
  near(shownAt(turned, 2000)[0], 0.50005);
  near(shownAt(turned, 9000)[0], 0.5);
});

test("a glide over the antimeridian takes the short way, and a jump does not glide", () => {
  const over = glideTo(still(0.99999, 0.5), 0.00001, 0.5, 0, 1000);
  near(over.dx, 0.00002);
  near(shownAt(glideTo(still(0.2, 0.5), 0.7, 0.5, 0, 1000), 0)[0], 0.7);
});

test("glides last as long as the fixes are apart, within bounds", () => {
  assert.equal(lastsFor(10), 200);
  assert.equal(lastsFor(900), 900);
  assert.equal(lastsFor(60_000), 2000);
});

test("an older fix never turns a marker back, a rename keeps its place", () => {
  const store = new DeviceStore();
  store.take(frame("snapshot", [fix("a", 2000, 10, 50, { name: "Anna", external_id: "x" })]), 0);
  store.take(frame("changes", [fix("a", 1000, 11, 51)]), 10);
  assert.equal(store.devices.get("a").longitude, 10);
  store.take(frame("changes", [{ id: "a", name: "Berta" }]), 20);
  assert.deepEqual([store.devices.get("a").label, store.devices.get("a").longitude], ["Berta", 10]);
  store.take(frame("changes", [fix("a", 3000, 10.001, 50)]), 30);
  assert.deepEqual([store.devices.get("a").label, store.devices.get("a").external_id], ["Berta", "x"]);
});

test("a correction takes a marker back, and a snapshot is believed whatever was shown", () => {
  const store = new DeviceStore();
  store.take(frame("snapshot", [fix("a", 2000, 10, 50)]), 0);
  store.take(frame("changes", [fix("a", 1000, 11, 51, { corrected: true })]), 10);
  assert.deepEqual([store.devices.get("a").longitude, store.devices.get("a").recorded_at], [11, 1000]);
  assert.deepEqual([store.devices.get("a").corrections, store.devices.get("a").corrected], [1, undefined]);
  store.take(frame("changes", [fix("a", 1000, 12, 51, { corrected: true })]), 20);
  near(store.shown(store.devices.get("a"), 10_000)[0], mercator(12, 51)[0]);
  store.take(frame("changes", [fix("a", 1500, 13, 51)]), 30);
  store.take(frame("snapshot", [fix("a", 500, 14, 51)]), 40);
  assert.equal(store.devices.get("a").longitude, 14);
});

test("a snapshot in two parts removes whom it leaves out, only at its end", () => {
  const store = new DeviceStore();
  store.take(frame("snapshot", [fix("a", 1, 1, 1), fix("b", 1, 1, 1), { id: "c", recorded_at: null, name: "C" }]), 0);
  assert.equal(store.counts().waiting, 1);
  const first = store.take(frame("snapshot", [fix("a", 1, 1, 1)], { complete: false }), 1);
  assert.equal(first.removed.length, 0);
  const second = store.take(frame("snapshot", [fix("d", 1, 1, 1)]), 2);
  assert.deepEqual(second.removed.map((device) => device.id), ["b", "c"]);
  assert.deepEqual([...store.devices.keys()], ["a", "d"]);
});

test("removed devices go, and removal comes before what is new in the same frame", () => {
  const store = new DeviceStore();
  store.take(frame("snapshot", [fix("a", 1, 1, 1)]), 0);
  store.take(frame("changes", [fix("a", 5, 2, 2)], { removed: ["a"] }), 1);
  assert.equal(store.devices.get("a").recorded_at, 5);
  store.take(frame("changes", [], { removed: ["a"] }), 2);
  assert.equal(store.devices.size, 0);
});

test("waiting grows to fifteen seconds and is never in step", () => {
  assert.equal(waitBefore(0, 1), 500);
  assert.equal(waitBefore(0, 0), 250);
  assert.equal(waitBefore(30, 1), 15_000);
  assert.ok(waitBefore(3, 0.1) !== waitBefore(3, 0.9));
});

test("facts read as people say them", () => {
  assert.deepEqual([ageText(12_400), ageText(-900), ageText(59 * 60_000), ageText(null)], ["12 s ago", "0 s ago", "59 min ago", "no position yet"]);
  assert.deepEqual([59_999, 60_000, 3_600_000, 49 * 3_600_000, null].map(shortAge), ["", "1 min", "1 h", "2 d", ""]);
  assert.deepEqual([ageText(47 * 3_600_000), ageText(49 * 3_600_000)], ["47 h ago", "2 days ago"]);
  assert.deepEqual([speedText(12), speedText(null), headingText(359), headingText(45)], ["43 km/h", null, "north (359°)", "north-east (45°)"]);
  assert.deepEqual([batteryText(0.64, true), batteryText(null, null), spanText(125 * 60_000)], ["64 %, charging", null, "2 h 5 min"]);
});

test("the address keeps camera and device, and nothing that is not one", () => {
  const device = `dev_${"0a".repeat(16)}`;
  const written = writeHash({ camera: { zoom: 12.5, latitude: 41.890251, longitude: 12.492373 }, device });
  const read = readHash(written);
  assert.equal(read.device, device);
  near(read.camera.latitude, 41.89025, 1e-5);
  const { camera, device: none } = readHash("#map=x/1/2&device=<img>");
  assert.deepEqual({ camera, none }, { camera: null, none: null });
  assert.equal(readHash("#map=3/95/0").camera, null);
});

test("names cover neither each other nor another marker, but the open device's name always shows", () => {
  const box = (left, top, more = {}) => ({ left, top, width: 80, height: 17, ...more });
  const options = { limit: 10, clearance: 7 };
  assert.deepEqual(choose([box(0, 0), box(40, 5), box(0, 30)], [], options), [0, 2]);
  assert.deepEqual(choose([box(0, 0), box(200, 0)], [[40, 8]], options), [1]);
  assert.deepEqual(choose([box(0, 0, { always: true }), box(10, 0)], [[40, 8]], options), [0]);
  assert.equal(choose([box(0, 0), box(100, 0), box(200, 0)], [], { limit: 2, clearance: 7 }).length, 2);
});

test("the grid fits the zoom", () => {
  assert.ok(graticule([-180, -85, 180, 85], 1).coordinates.length < 40);
  assert.ok(graticule([12.4, 41.8, 12.6, 42], 11).coordinates.length >= 3);
});

test("what reaches over the antimeridian goes on past it", () => {
  assert.deepEqual(unwrapped([[179, 1], [-179, 2], [-178, 3], [179, 4]]), [[179, 1], [181, 2], [182, 3], [179, 4]]);
  const fiji = { type: "Polygon", coordinates: [[[179, -17], [-179, -17], [-179, -18], [179, -17]]] };
  assert.deepEqual(flattened(fiji).coordinates[0], [[179, -17], [181, -17], [181, -18], [179, -17]]);
});

test("a land round the pole is closed along the edge of the sheet", () => {
  const antarctica = { type: "MultiPolygon", coordinates: [[[[-180, -75], [-60, -70], [60, -70], [180, -75], [-180, -75]]]] };
  const [[ring]] = flattened(antarctica).coordinates;
  assert.deepEqual(ring.slice(-3), [[180, -90], [-180, -90], [-180, -75]]);
});

test("the bounds of a fleet on both sides of the antimeridian do not span the world", () => {
  const at = (longitude, latitude) => ({ longitude, latitude, glide: {} });
  assert.deepEqual(boundsOf([at(179, -17), at(-179, -18)]), [179, -18, 181, -17]);
  assert.deepEqual(boundsOf([at(10, 50), at(12, 51)]), [10, 50, 12, 51]);
  assert.equal(boundsOf([{ glide: null }]), null);
});

test("pixels keep metres apart at the closest zoom", () => {
  const [x, y] = mercator(12.49, 41.89);
  const [high, low] = split(x);
  near(high + low, x, 1e-16);
  near(Math.fround(low), low, 1e-14);
  const view = { x, y, scale: 512 * 2 ** 20, cos: 1, sin: 0, width: 1000, height: 600 };
  assert.deepEqual(toScreen(view, x, y), [500, 300]);
  near(toScreen(view, x + 1 / view.scale, y)[0], 501, 1e-6);
});
