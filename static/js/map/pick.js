// Which marker is under the pointer.

import { shownAt } from "../live/glide.js";
import { toScreen, viewOf } from "./view.js";

/** The nearest device within `reach` CSS pixels of (x, y) on the canvas, or null. */
export function pick(map, devices, { x, y }, reach) {
  const view = viewOf(map);
  const now = performance.now();
  let best = null;
  let nearest = reach * reach;
  for (const device of devices) {
    if (!device.glide || device.filteredOut) continue;
    const [left, top] = toScreen(view, ...shownAt(device.glide, now));
    const distance = (left - x) ** 2 + (top - y) ** 2;
    if (distance <= nearest) {
      nearest = distance;
      best = device;
    }
  }
  return best;
}

/** [west, south, east, north] of all positions the short way round the world, or null without any. */
export function boundsOf(devices) {
  const placed = devices.filter((device) => device.glide);
  if (!placed.length) return null;
  const latitudes = placed.map((device) => device.latitude);
  const longitudes = placed.map((device) => device.longitude).sort((a, b) => a - b);
  // the widest empty gap between neighbours is where the bounds do not go
  let gap = longitudes[0] + 360 - longitudes.at(-1);
  let west = longitudes[0];
  let east = longitudes.at(-1);
  for (let i = 1; i < longitudes.length; i += 1) {
    if (longitudes[i] - longitudes[i - 1] > gap) {
      gap = longitudes[i] - longitudes[i - 1];
      west = longitudes[i];
      east = longitudes[i - 1] + 360;
    }
  }
  const least = (a, b) => Math.min(a, b);
  const most = (a, b) => Math.max(a, b);
  return [west, latitudes.reduce(least), east, latitudes.reduce(most)];
}
