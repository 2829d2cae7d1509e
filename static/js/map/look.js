// For tests and for a look under the bonnet: `window.milepostMap`. Nothing in the page reads it, and it changes nothing.

import { unmercator } from "../live/glide.js";

export function offerLook(page) {
  window.milepostMap = Object.freeze({
    get ready() {
      return Boolean(page.stage && page.whole);
    },
    get connection() {
      return page.badge.state.state;
    },
    get deviceCount() {
      return page.store.devices.size;
    },
    /** {longitude, latitude, status, recorded_at, name, shown} of a device as shown now, by our id or its own; null if unknown. */
    device(id) {
      const found = page.store.devices.get(id) ?? [...page.store.devices.values()].find((one) => one.external_id === id);
      if (!found) return null;
      const place = page.store.shown(found, performance.now());
      const [longitude, latitude] = place ? unmercator(...place) : [null, null];
      const { status, recorded_at, label: name, zones } = found;
      return { id: found.id, longitude, latitude, status, recorded_at, name, zones, shown: !found.filteredOut };
    },
    /** [{id, longitude, latitude, status, since}] of the markers of another time, while a day is played. */
    get ghosts() {
      return (page.scenery?.ghosts.devices ?? []).map(({ id, longitude, latitude, status, since }) => ({ id, longitude, latitude, status, since }));
    },
    /** Names of the zones in force, as drawn. */
    get zones() {
      return [...(page.scenery?.zones.byId.values() ?? [])].map(({ name }) => name);
    },
    /** [longitude, latitude, zoom] of the camera. */
    get camera() {
      const { lng, lat } = page.stage.map.getCenter();
      return [lng, lat, page.stage.map.getZoom()];
    },
    /** [x, y] in CSS pixels on the map of a [longitude, latitude]. */
    project(place) {
      const { x, y } = page.stage.map.project(place);
      return [x, y];
    },
    /** Script milliseconds and gaps of the last 600 frames that gliding markers asked for. */
    get frames() {
      return { scriptMs: [...(page.stage?.loop.scriptMs ?? [])], gapsMs: [...(page.stage?.loop.gapsMs ?? [])] };
    },
  });
}
