// What a stranger is told of a trip, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sentences } from "../../../../static/js/trip/sentences.js";

const now = new Date("2026-05-01T08:00:00Z");
const later = (minutes) => new Date(now.getTime() + minutes * 60_000).toISOString();
const say = (facts) => sentences({ state: "on_its_way", ...facts }, now, "en-GB");
const clock = (minutes) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(new Date(later(minutes)));

test("on its way: when, and by when for four in five", () => {
  const said = say({ eta_at: later(12), eta_latest_at: later(20) });
  assert.equal(said.headline, "On its way");
  assert.equal(said.when, `Expected in 12 minutes, about ${clock(12)}`);
  assert.equal(said.band, `80 % by ${clock(20)}`);
  assert.equal(said.hint, "Its place is shown from its first position on this way.");
});

test("hours, minutes and any moment", () => {
  assert.match(say({ eta_at: later(0.5) }).when, /^Expected any moment/);
  assert.match(say({ eta_at: later(1.2) }).when, /in a minute,/);
  assert.match(say({ eta_at: later(60) }).when, /in 1 h,/);
  assert.match(say({ eta_at: later(135) }).when, /in 2 h 15 min,/);
  assert.match(say({ eta_at: later(60 * 50) }).when, /in 2 days,/);
  assert.equal(say({}).when, "The time of arrival is not known yet.");
});

test("late, silent and withheld are said", () => {
  assert.match(say({ delayed: true, eta_at: later(5) }).headline, /later than planned/);
  assert.match(say({ silent: true, position: { recorded_at: later(-20) } }).hint, /Last heard of 20 minutes ago/);
  assert.equal(say({ silent: true }).hint, "Not heard of for a while.");
  assert.match(say({ withheld: true }).hint, /when it is near/);
  assert.equal(say({ eta_at: later(5), eta_latest_at: later(5), withheld: true }).band, "");
});

test("the end is said as it was", () => {
  assert.equal(sentences({ state: "arrived", arrived_at: later(-3) }, now, "en-GB").when, `Arrived at ${clock(-3)}`);
  assert.equal(sentences({ state: "cancelled" }, now).when, "It will not come.");
  assert.equal(sentences({ state: "ended" }, now).headline, "This trip has ended");
  assert.equal(sentences({ state: "something new" }, now).headline, "This trip has ended");
});
