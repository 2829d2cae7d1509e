// One device's day as it can be played: where it was at a moment, how much of the way was behind it. Pure.

import { mercator } from "../live/glide.js";
import { unwrapped } from "./earth.js";

const BRIDGE_MS = 5 * 60_000; // between fixes farther apart than this nobody knows where it was: it stays at the last

/** [start, end) of a calendar day "2026-03-29" in the reader's own time zone, epoch ms; 23 or 25 hours now and then. */
export function boundsOfDay(day) {
  const [year, month, date] = day.split("-").map(Number);
  return [new Date(year, month - 1, date).getTime(), new Date(year, month - 1, date + 1).getTime()];
}

/** "2026-03-29" of a moment, and "14:05:10", in the reader's own time zone. */
export function dayOf(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function timeOf(ms, { seconds = true } = {}) {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ""}`;
}

const two = (number) => String(number).padStart(2, "0");

export class DayTrack {
  /** `track` is a GeoJSON Feature with `properties.times`, epoch ms, one for each coordinate. */
  constructor(track) {
    const { geometry, properties } = track ?? {};
    const points = geometry?.type === "LineString" ? geometry.coordinates : geometry ? [geometry.coordinates] : [];
    this.coordinates = unwrapped(points);
    this.times = Float64Array.from(properties?.times ?? []);
    this.count = Math.min(this.times.length, this.coordinates.length);
    this.places = this.coordinates.map(([longitude, latitude]) => mercator(longitude, latitude));
    this.along = new Float64Array(this.count); // how far each point is along the drawn line
    for (let i = 1; i < this.count; i += 1) {
      const [a, b] = [this.places[i - 1], this.places[i]];
      this.along[i] = this.along[i - 1] + Math.hypot(b[0] - a[0], b[1] - a[1]);
    }
  }

  /** The newest point recorded at or before the moment; -1 before the first. */
  indexAt(ms) {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.times[middle] <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** {x, y, longitude, latitude, recordedAt, heading, share} at a moment, or null before the first point. */
  at(ms) {
    const i = this.indexAt(ms);
    if (i < 0) return null;
    const whole = this.along[this.count - 1] || 1;
    const next = i + 1 < this.count ? i + 1 : i;
    const gap = this.times[next] - this.times[i];
    const part = gap > 0 && gap <= BRIDGE_MS ? (ms - this.times[i]) / gap : 0;
    const between = (a, b) => a + (b - a) * part;
    const [from, to] = [this.coordinates[i], this.coordinates[next]];
    const [x, y] = [0, 1].map((axis) => between(this.places[i][axis], this.places[next][axis]));
    return {
      x, y, longitude: between(from[0], to[0]), latitude: between(from[1], to[1]),
      recordedAt: this.times[i], heading: this.headingAt(i, next), share: between(this.along[i], this.along[next]) / whole,
    };
  }

  // Towards the next point while it goes there, else where the last step led.
  headingAt(i, next) {
    const [a, b] = this.along[next] > this.along[i] ? [i, next] : [i - 1, i];
    if (a < 0 || this.along[b] === this.along[a]) return null;
    const [dx, dy] = [0, 1].map((axis) => this.places[b][axis] - this.places[a][axis]);
    return ((Math.atan2(dx, -dy) * 180) / Math.PI + 360) % 360;
  }
}
