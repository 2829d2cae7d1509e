// The day on the phone: what the server said, with what was done since laid over it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { merged, news, nextStop, progress, stopOfLabel, takers } from "../../../../static/js/driver/day.js";
import { kilometres, minorOf, money, navigation, size, slotText } from "../../../../static/js/driver/telling.js";

const stop = (place, state = "planned") => ({ stop: `stp_${place}`, place, state, external_id: `MP-100${place}`, shipment: `shp_${place}` });
const day = (state = "acknowledged") => ({ acknowledged_version: 1, manifest: { manifest: "mft_1", version: 1, state, stops: [stop(1), stop(2), stop(3)] } });

test("what was done without a network shows at once and changes nothing that was heard", () => {
  const heard = day();
  const now = merged(heard, [{ kind: "begin" }, { kind: "arrive", stop: "stp_1", id: "a" }, { kind: "deliver", stop: "stp_1", id: "b" }, { kind: "fail", stop: "stp_2", id: "c" }]);
  assert.deepEqual(now.stops.map((one) => one.state), ["delivered", "failed", "planned"]);
  assert.equal(now.state, "in_progress");
  assert.equal(nextStop(now).place, 3);
  assert.deepEqual(progress(now), { total: 3, delivered: 1, failed: 1, left: 1 });
  assert.deepEqual(heard, day());
});

test("a stop where the driver stands comes before those ahead in the list", () => {
  assert.equal(nextStop(merged(day("in_progress"), [{ kind: "arrive", stop: "stp_3" }])).place, 3);
});

test("what the server says is over stays over, whatever waits to be told", () => {
  const heard = day("in_progress");
  heard.manifest.stops[0].state = "delivered";
  assert.equal(merged(heard, [{ kind: "arrive", stop: "stp_1" }]).stops[0].state, "delivered");
});

test("the last stop ends the day, and actions for stops that are gone do nothing", () => {
  const done = merged(day("in_progress"), [1, 2, 3].map((n) => ({ kind: "deliver", stop: `stp_${n}` })));
  assert.equal(done.state, "done");
  assert.equal(nextStop(done), null);
  assert.equal(merged(day(), [{ kind: "deliver", stop: "stp_9" }]).stops.length, 3);
  assert.equal(merged({ manifest: null }, [{ kind: "begin" }]), null);
  assert.equal(merged(undefined, []), null);
});

test("a label names its stop by number, by id, or inside a longer text; the longest number wins", () => {
  const manifest = { stops: [{ ...stop(1), external_id: "SHOP-12" }, { ...stop(2), external_id: "SHOP-123" }, { ...stop(3), external_id: "7" }] };
  assert.equal(stopOfLabel(manifest, " shop-12 ").place, 1);
  assert.equal(stopOfLabel(manifest, "https://example.com/p/SHOP-123?x=7").place, 2);
  assert.equal(stopOfLabel(manifest, "shp_3").place, 3);
  assert.equal(stopOfLabel(manifest, "7").place, 3);
  assert.equal(stopOfLabel(manifest, "a 7 in a text"), null);
  assert.equal(stopOfLabel(manifest, "  "), null);
});

test("a new version is news until it is confirmed, on the phone already", () => {
  const heard = { ...day("released"), acknowledged_version: 1, difference: { added: [{}, {}], moved: [{}] }, reason: "van broke down" };
  heard.manifest.version = 2;
  assert.deepEqual(news(heard, merged(heard, [])), { first: false, added: 2, removed: 0, moved: 1 });
  assert.equal(news(heard, merged(heard, [{ kind: "acknowledge", version: 2 }])), null);
  assert.equal(news({ ...heard, acknowledged_version: 0 }, merged({ ...heard, acknowledged_version: 0 }, [])).first, true);
});

test("a parcel may go to its recipient, who is named first, or to others; nobody twice", () => {
  assert.deepEqual(takers({ recipient: "Asha" }).slice(0, 2), ["Asha", "Family"]);
  assert.equal(takers({ recipient: "Reception" }).filter((name) => name === "Reception").length, 1);
  assert.ok(takers({}).every(Boolean));
});

test("amounts are read as they are written, and nothing else is an amount", () => {
  assert.equal(minorOf("12,5", "INR"), 1250);
  assert.equal(minorOf(" 900 ", "JPY"), 900);
  assert.equal(minorOf("0.001", "KWD"), 1);
  for (const text of ["", "abc", "-5", "1e3", "1,2,3", "१२"]) assert.equal(minorOf(text, "INR"), null);
  assert.equal(money(125050, "INR"), "1250.50 INR");
  assert.equal(minorOf(money(29, ""), ""), 29);
});

test("texts are short and in the hub's own time", () => {
  assert.equal(slotText(["2026-05-04T03:30:00Z", "2026-05-04T06:30:00Z"], "Asia/Kolkata"), "09:00 – 12:00");
  assert.equal(slotText(null, "Asia/Kolkata"), "any time");
  assert.equal(size({ parcels: 1, kg: 2.5 }), "1 parcel, 2.5 kg");
  assert.equal(kilometres(9_940), "9.9 km");
  assert.equal(navigation({ longitude: 73.8, latitude: 18.5, address: "A & B (gate)" }, "Android"), "geo:18.5,73.8?q=18.5,73.8(A%20%26%20B%20(gate))");
  assert.match(navigation({ longitude: 73.8, latitude: 18.5 }, "iPhone"), /^https:\/\/maps\.apple\.com\/\?daddr=18\.5,73\.8/);
});
