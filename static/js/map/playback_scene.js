// What playback shows: asks the server for the day or for what was known, and puts it on the map.

import { mercator, still } from "../live/glide.js";
import { statusOf } from "../live/status.js";
import { shortAge } from "../live/words.js";
import { moment } from "./alert_book.js";
import { DayTrack, dayOf } from "./day.js";
import { during, entriesOf } from "./day_story.js";

const ON_ITS_WAY_MS = 60_000; // a position that arrives within a minute is not late

export class PlaybackScene {
  /** `urls`: {day (with DEVICE), as_known}. `stage()` is the scenery, undefined while it is not there; `relist()` lists `fleet`. */
  constructor({ urls, stage, relist, now }) {
    Object.assign(this, { urls, stage, relist, now });
    this.track = null;
    this.fleet = null; // {devices, naming} like the live store, of a moment
  }

  begin(device) {
    this.device = device;
    this.track = this.fleet = this.whole = this.known = null;
    this.fitted = false;
    const stage = this.stage();
    stage?.veil(true);
    stage?.ghosts.set([]);
    stage?.day.draw(null, []);
    this.ghost = device && { id: device.id, label: device.label, slot: -1, glide: null, status: "active", since: "" };
  }

  end() {
    const stage = this.stage();
    this.track = this.fleet = null;
    stage?.day.draw(null, []);
    stage?.ghosts.set([]);
    stage?.veil(false);
  }

  /** {entries, first}: what the timeline says, and when the first position was recorded. Raises what to tell the reader. */
  async load({ device, bounds, known }) {
    return device ? this.loadDay(device, bounds, known) : this.loadFleet(known);
  }

  async loadDay(device, bounds, known) {
    const day = await read(dayAddress(this.urls.day, device, bounds, known));
    if (known !== null && this.whole?.from !== bounds[0]) await this.loadWhole(device, bounds);
    if (device !== this.device) return { entries: [], first: null };
    this.track = new DayTrack(day.track);
    if (known === null) this.whole = { from: bounds[0], track: this.track };
    this.known = known;
    const entries = entriesOf(day, bounds, known ?? this.now());
    const stage = this.stage();
    stage?.day.draw(this.track, entries.filter((entry) => entry.kind === "stopped"));
    if (stage && !this.fitted && this.track.count) {
      this.fitted = true;
      const places = this.track.coordinates.map(([longitude, latitude]) => ({ glide: true, longitude, latitude }));
      stage.fit(places);
    }
    return { entries, first: this.track.count ? this.track.times[0] : null };
  }

  // What is known today, beside what was known then: the difference had not arrived yet.
  async loadWhole(device, bounds) {
    const { track } = await read(dayAddress(this.urls.day, device, bounds));
    if (device === this.device) this.whole = { from: bounds[0], track: new DayTrack(track) };
  }

  /** How many positions of before the moment arrived after it; 0 where nobody asks for what was known. */
  lateBy(ms) {
    if (this.known === null || !this.whole || !this.track) return 0;
    const before = Math.min(ms, this.known) - ON_ITS_WAY_MS;
    return Math.max(0, this.whole.track.indexAt(before) - this.track.indexAt(before));
  }

  async loadFleet(at) {
    const answer = await read(`${this.urls.as_known}?${new URLSearchParams({ at: new Date(at).toISOString() })}`);
    if (this.device !== null) return { entries: [], first: null };
    const devices = (answer.devices ?? []).map((facts) => ghostOf(facts, at));
    this.readings = (this.readings ?? 0) + 1;
    this.fleet = { devices: new Map(devices.map((device) => [device.id, device])), naming: `then ${this.readings}`, zoneless: true };
    this.placeFleet();
    return { entries: [], first: null };
  }

  /** List the fleet of that time as the filters say, and show what is listed. */
  placeFleet() {
    if (!this.fleet) return;
    this.relist();
    this.stage()?.ghosts.set([...this.fleet.devices.values()]);
  }

  /** Show a moment: {place, doing}: where the device was, and what went on in words. */
  show(ms, entries) {
    if (!this.device) return { place: null, doing: this.fleetWords() };
    const place = this.track?.at(ms) ?? null;
    const stage = this.stage();
    const late = this.lateBy(ms);
    const unknown = late ? `${late} ${late === 1 ? "position" : "positions"} had not arrived yet.` : "";
    if (!place) {
      stage?.ghosts.set([]);
      stage?.day.travelled(0);
      const nothing = this.track?.count || late ? "No position was known at this time." : "No positions on this day.";
      return { place, doing: this.track ? `${nothing} ${unknown}`.trim() : "Loading…" };
    }
    const said = during(entries, ms).join(", ");
    const stop = entries.find((entry) => entry.kind === "stopped" && entry.from <= ms && ms < entry.to);
    const { ghost } = this;
    Object.assign(ghost, { longitude: place.longitude, latitude: place.latitude, heading_deg: place.heading, recorded_at: place.recordedAt });
    ghost.status = statusOf(place.recordedAt, stop?.from, ms);
    ghost.since = shortAge(ms - place.recordedAt);
    ghost.glide = still(place.x, place.y);
    stage?.ghosts.move(ghost);
    stage?.ghosts.select(ghost);
    stage?.day.travelled(place.share);
    stage?.keepInSight(ghost);
    return { place, doing: `${said ? `${said}.` : ""} ${unknown}`.trim() };
  }

  fleetWords() {
    if (!this.fleet) return "Loading…";
    const { size } = this.fleet.devices;
    if (!size) return "No device was known then.";
    let [shown, risky] = [0, 0];
    for (const device of this.fleet.devices.values()) {
      if (device.filteredOut) continue;
      shown += 1;
      if (device.status === "risk") risky += 1;
    }
    return `${shown} of ${size} devices as they were known then${risky ? `, ${risky} at risk` : ""}.`;
  }
}

function dayAddress(url, device, bounds, known = null) {
  const query = new URLSearchParams({ date: dayOf(bounds[0]), tz: Intl.DateTimeFormat().resolvedOptions().timeZone });
  if (known !== null) query.set("known_at", new Date(known).toISOString());
  return `${url.replace("DEVICE", device.id)}?${query}`;
}

// A device as it was known at a moment, in the shape that list and markers take.
function ghostOf(facts, at) {
  const label = facts.name || facts.external_id || facts.id;
  const [recorded_at, moved_at] = [moment(facts.recorded_at), moment(facts.moved_at)];
  const placed = recorded_at !== null && Number.isFinite(facts.longitude) && Number.isFinite(facts.latitude);
  return {
    zones: [], hub: "", ...facts, recorded_at, moved_at, label, slot: -1,
    status: statusOf(recorded_at, moved_at, at, facts.offline_after_s, facts.risk),
    since: recorded_at === null ? "" : shortAge(at - recorded_at),
    glide: placed ? still(...mercator(facts.longitude, facts.latitude)) : null,
  };
}

async function read(url) {
  const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  if (answer.status === 404) throw new Error("There is no such device any more.");
  throw new Error(`This could not be loaded (${answer.status}). Move the slider to try again.`);
}
