// Which devices are meant: words, statuses, a zone and a hub, combined; and how many each further choice would leave. Pure.

import { STATUSES } from "../live/status.js";

export const OUTSIDE = "outside"; // the zone filter's word for devices in no zone at all

const [TEXT, STATUS, ZONE, HUB] = [1, 2, 4, 8];

/** What the reader asked for; an empty one accepts every device. */
export class Criteria {
  constructor({ text = "", statuses = [], zone = "", hub = "" } = {}) {
    this.text = text.trim();
    this.sought = this.text.toLocaleLowerCase();
    this.statuses = new Set(statuses.filter((status) => STATUSES.includes(status)));
    this.zone = zone;
    this.hub = hub;
  }

  get empty() {
    return !this.text && !this.statuses.size && !this.zone && !this.hub;
  }

  /** The same with some parts changed. */
  with(parts) {
    return new Criteria({ text: this.text, statuses: [...this.statuses], zone: this.zone, hub: this.hub, ...parts });
  }

  /** Bits of the criteria that the device fails; 0 accepts it. */
  fails(device) {
    let bits = 0;
    if (this.sought && !wordsOf(device).includes(this.sought)) bits |= TEXT;
    if (this.statuses.size && !this.statuses.has(device.status)) bits |= STATUS;
    if (this.zone && !inZone(device, this.zone)) bits |= ZONE;
    if (this.hub && device.hub !== this.hub) bits |= HUB;
    return bits;
  }
}

/**
 * The accepted ones of `devices`, in their order; those whose acceptance changed; and the counts beside each choice:
 * of a status, a zone or a hub, how many devices pass all the *other* criteria.
 */
export function sift(devices, criteria) {
  const rows = [];
  const moved = [];
  const counts = { all: 0, statuses: Object.fromEntries(STATUSES.map((status) => [status, 0])), zones: new Map(), hubs: new Map() };
  for (const device of devices) {
    const fails = criteria.fails(device);
    if ((fails & ~STATUS) === 0) {
      counts.all += 1;
      counts.statuses[device.status] += 1;
    }
    if ((fails & ~ZONE) === 0) countZones(counts.zones, device.zones);
    if ((fails & ~HUB) === 0 && device.hub) counts.hubs.set(device.hub, (counts.hubs.get(device.hub) ?? 0) + 1);
    if (fails === 0) rows.push(device);
    if ((fails !== 0) !== Boolean(device.filteredOut)) {
      device.filteredOut = fails !== 0;
      moved.push(device);
    }
  }
  return { rows, moved, counts };
}

function countZones(counts, zones) {
  if (!zones?.length) counts.set(OUTSIDE, (counts.get(OUTSIDE) ?? 0) + 1);
  else for (const zone of zones) counts.set(zone, (counts.get(zone) ?? 0) + 1);
}

function inZone(device, zone) {
  return zone === OUTSIDE ? !device.zones?.length : Boolean(device.zones?.includes(zone));
}

// Lower case costs, and names hardly ever change: kept with the device until they do.
function wordsOf(device) {
  if (device.soughtIn !== device.label || device.soughtId !== device.external_id) {
    device.soughtIn = device.label;
    device.soughtId = device.external_id;
    device.sought = `${device.label}\n${device.external_id}`.toLocaleLowerCase();
  }
  return device.sought;
}
