// What the page knows of each device: frames in, changes out. Knows neither map nor document.

import { endOf, glideTo, lastsFor, mercator, shownAt, still } from "./glide.js";
import { STATUSES, statusOf } from "./status.js";
import { shortAge } from "./words.js";

// Facts that travel without a position too; a frame that does not name one leaves it as it is.
const STANDING = ["name", "external_id", "risk", "offline_after_s", "hub"];

export class DeviceStore {
  /** `calm` true: markers jump instead of gliding (the reader asked for less motion). */
  constructor({ calm = () => false } = {}) {
    this.devices = new Map();
    this.calm = calm;
    this.clockOffset = 0; // server time minus ours, ms
    this.movingUntil = 0; // performance clock
    this.naming = 0; // grows when a name or the set of devices changes: the list is sorted anew then, and only then
    this.arriving = null; // ids of the snapshot that is coming in
  }

  /** The server's present, epoch ms. */
  now() {
    return Date.now() + this.clockOffset;
  }

  /** Take in a frame; returns {changed: [device], removed: [device], whole: bool}. `clock` is performance.now(). */
  take(frame, clock) {
    const delta = { changed: [], removed: [], whole: false };
    this.clockOffset = frame.server_time - Date.now();
    for (const id of frame.removed ?? []) this.remove(id, delta);
    if (frame.type === "snapshot") this.arriving ??= new Set();
    for (const facts of frame.devices ?? []) {
      this.arriving?.add(facts.id);
      const device = this.merge(facts, clock, frame.type === "snapshot");
      if (device) delta.changed.push(device);
    }
    if (frame.type === "snapshot" && frame.complete) {
      for (const id of [...this.devices.keys()]) if (!this.arriving.has(id)) this.remove(id, delta);
      this.arriving = null;
      delta.whole = true;
    }
    return delta;
  }

  /** A new connection begins: half a snapshot from the old one counts for nothing. */
  restart() {
    this.arriving = null;
  }

  merge(facts, clock, jump) {
    let device = this.devices.get(facts.id);
    if (!device) {
      device = {
        id: facts.id, name: "", external_id: "", hub: "", risk: "", zones: [],
        recorded_at: null, slot: -1, glide: null, arrived: clock,
      };
      this.devices.set(facts.id, device);
    }
    for (const fact of STANDING) if (facts[fact] !== undefined) device[fact] = facts[fact];
    const label = device.name || device.external_id || device.id;
    if (label !== device.label) this.naming += 1;
    device.label = label;
    // a snapshot is the whole truth; a correction takes back a place that a late fix proved wrong
    const counts = jump || facts.corrected || facts.recorded_at >= (device.recorded_at ?? 0);
    if (isFix(facts) && counts) this.move(device, facts, clock, jump);
    else if (facts.zones !== undefined && !isFix(facts)) device.zones = facts.zones;
    const now = this.now();
    device.status = standing(device, now);
    device.since = sinceOf(device, now);
    return device;
  }

  move(device, facts, clock, jump) {
    const [x, y] = mercator(facts.longitude, facts.latitude);
    const first = device.glide === null;
    const lasts = jump || this.calm() ? 0 : lastsFor(clock - device.arrived);
    const same = !first && facts.recorded_at === device.recorded_at;
    // a position that names no zones lies in none
    Object.assign(device, facts, { name: device.name, external_id: device.external_id, zones: facts.zones ?? [] });
    delete device.corrected;
    if (facts.corrected) device.corrections = (device.corrections ?? 0) + 1;
    if (same && !jump && !facts.corrected) return;
    device.glide = first ? still(x, y) : glideTo(device.glide, x, y, clock, lasts);
    device.arrived = clock;
    this.movingUntil = Math.max(this.movingUntil, endOf(device.glide));
  }

  remove(id, delta) {
    const device = this.devices.get(id);
    if (!device) return;
    this.devices.delete(id);
    this.naming += 1;
    delta.removed.push(device);
  }

  /** Time alone changes statuses and ages; returns the devices of which the map says something else now. */
  age() {
    const now = this.now();
    const changed = [];
    for (const device of this.devices.values()) {
      const status = standing(device, now);
      const since = sinceOf(device, now);
      if (status === device.status && since === device.since) continue;
      device.status = status;
      device.since = since;
      changed.push(device);
    }
    return changed;
  }

  /** {active: n, idle: n, offline: n, waiting: n, risk: n} */
  counts() {
    const counts = Object.fromEntries(STATUSES.map((status) => [status, 0]));
    for (const device of this.devices.values()) counts[device.status] += 1;
    return counts;
  }

  /** Mercator place shown at `clock`, or null without a position. */
  shown(device, clock) {
    return device.glide ? shownAt(device.glide, clock) : null;
  }
}

function standing(device, now) {
  return statusOf(device.recorded_at, device.moved_at, now, device.offline_after_s, device.risk);
}

function sinceOf(device, now) {
  return device.recorded_at === null ? "" : shortAge(now - device.recorded_at);
}

function isFix(facts) {
  return Number.isFinite(facts.recorded_at) && Number.isFinite(facts.longitude) && Number.isFinite(facts.latitude);
}
