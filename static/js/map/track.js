// Today's line of the open device: fetched once, then grown by what comes in live.

import { unwrapped } from "./earth.js";

export class Track {
  /** `url` holds DEVICE where the id goes. */
  constructor(map, url) {
    this.map = map;
    this.url = url;
    this.device = null;
    this.points = [];
    this.last = 0;
  }

  /** Add the (empty) line to a style; called again after each change of style. */
  addTo(map, colours) {
    if (map.getSource("track")) return;
    map.addSource("track", { type: "geojson", data: this.geometry(), tolerance: 0.3 });
    const layout = { "line-join": "round", "line-cap": "round" };
    const paint = (id, colour, width) =>
      map.addLayer({ id, type: "line", source: "track", layout, paint: { "line-color": colour, "line-width": width } });
    paint("track-halo", colours["track-halo"], 6);
    paint("track", colours.track, 3);
  }

  repaint(colours) {
    if (!this.map.getLayer("track")) return;
    this.map.setPaintProperty("track-halo", "line-color", colours["track-halo"]);
    this.map.setPaintProperty("track", "line-color", colours.track);
  }

  /** Draw the track of a device, or none. Returns how many positions it has today, or null if that is unknown. */
  async show(device) {
    this.device = device;
    this.corrections = device?.corrections;
    this.points = [];
    this.last = 0;
    this.draw();
    if (!device) return null;
    const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone);
    const answer = await fetch(`${this.url.replace("DEVICE", device.id)}?tz=${zone}`, { credentials: "same-origin" });
    if (!answer.ok || this.device !== device) return null;
    const track = await answer.json();
    if (this.device !== device) return null;
    const { geometry, properties } = track;
    const lived = this.points; // what came in live while we waited
    this.points = geometry?.type === "LineString" ? geometry.coordinates : geometry ? [geometry.coordinates] : [];
    this.last = properties.times.at(-1) ?? 0;
    for (const point of lived) if (point[2] > this.last) this.points.push(point);
    this.draw();
    return properties.positions;
  }

  /** A fix of the open device came in. */
  grow(device) {
    if (device !== this.device) return;
    if (device.corrections !== this.corrections) {
      this.show(device); // some of what we drew was proved wrong
      return;
    }
    if (device.recorded_at <= this.last) return;
    this.last = device.recorded_at;
    this.points.push([device.longitude, device.latitude, device.recorded_at]);
    this.draw();
  }

  draw() {
    this.map.getSource("track")?.setData(this.geometry());
  }

  geometry() {
    const coordinates = unwrapped(this.points);
    const geometry = coordinates.length > 1 ? { type: "LineString", coordinates } : null;
    return { type: "FeatureCollection", features: geometry ? [{ type: "Feature", properties: {}, geometry }] : [] };
  }
}
