// The map of one trip: what moves, where it goes, and what lies under both.

import { basemap } from "../map/basemap.js";
import { onSchemeChange, palette } from "../map/palette.js";

const GLIDE_MS = 1500;
const NOTHING = { type: "FeatureCollection", features: [] };

export class TripMap {
  /** Rejects where the browser has no WebGL 2. */
  static async open(element, values) {
    const library = await import(`${values.vendor}maplibre-gl/dist/maplibre-gl.mjs`);
    let ground = await basemap(values, library, element);
    const map = new library.Map({
      container: element, style: ground.style, center: [10, 25], zoom: 1.4, minZoom: 1, maxZoom: 18, maxPitch: 0,
      pitchWithRotate: false, attributionControl: false, fadeDuration: 0, maplibreLogo: false, cooperativeGestures: true,
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new library.NavigationControl({ showCompass: false }), "top-left");
    map.addControl(new library.AttributionControl({ compact: true, customAttribution: ground.credit }), "bottom-right");
    if (!(await styled(map))) {
      ground = await basemap({ ...values, style_url: "", pmtiles: "" }, library, element);
      map.setStyle(ground.style);
      await styled(map);
    }
    return new TripMap(map, ground, element);
  }

  constructor(map, ground, element) {
    this.map = map;
    this.element = element;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.places = { there: null, here: null };
    this.dress();
    ground.ready(map);
    map.on("style.load", () => this.dress());
    onSchemeChange(() => {
      if (ground.restyle) map.setStyle(ground.restyle());
      else ground.repaint?.(map);
      this.paint();
    });
  }

  dress() {
    for (const id of ["there", "here"]) {
      if (!this.map.getSource(id)) this.map.addSource(id, { type: "geojson", data: NOTHING });
    }
    const circle = (id, source, radius) => ({ id, type: "circle", source, paint: { "circle-radius": radius, "circle-stroke-width": 3 } });
    for (const layer of [circle("there", "there", 9), circle("here-halo", "here", 17), circle("here", "here", 8)]) {
      if (!this.map.getLayer(layer.id)) this.map.addLayer(layer);
    }
    this.paint();
    this.put("there", this.places.there);
    this.put("here", this.places.here);
  }

  paint() {
    const colours = palette(this.element);
    const set = (layer, paint) => Object.entries(paint).forEach(([name, value]) => this.map.setPaintProperty(layer, `circle-${name}`, value));
    set("there", { color: colours["name-halo"], "stroke-color": colours.accent });
    set("here-halo", { color: colours.active, opacity: 0.2, "stroke-width": 0 });
    set("here", { color: colours.active, "stroke-color": colours["name-halo"] });
  }

  /** Show the facts of the link; `position` and `destination` may each be absent. */
  show({ position, destination }) {
    this.put("there", destination ? [destination.longitude, destination.latitude] : null);
    const here = position ? [position.longitude, position.latitude] : null;
    this.glide(here);
    const key = `${Boolean(here)} ${Boolean(destination)}`;
    if (key !== this.fitted || (here && !this.map.getBounds().contains(here))) this.fit(here, destination);
    this.fitted = key;
    this.element.setAttribute("aria-label", here ? "Map with the place of what is on its way, and the destination" : "Map with the destination");
  }

  fit(here, destination) {
    const places = [here, destination && [destination.longitude, destination.latitude]].filter(Boolean);
    if (!places.length) return;
    // the short way round the globe
    const near = places.map(([longitude, latitude]) => [longitude - 360 * Math.round((longitude - places[0][0]) / 360), latitude]);
    const bounds = [0, 1].map((end) => [0, 1].map((axis) => Math[end ? "max" : "min"](...near.map((place) => place[axis]))));
    this.map.fitBounds(bounds, { padding: 56, maxZoom: 15, duration: this.calm.matches ? 0 : 600 });
  }

  glide(to) {
    cancelAnimationFrame(this.frame);
    const from = this.places.here;
    if (!from || !to || this.calm.matches || Math.abs(to[0] - from[0]) > 180) return this.put("here", to);
    const started = performance.now();
    const step = (now) => {
      const share = Math.min(1, (now - started) / GLIDE_MS);
      this.put("here", from.map((value, axis) => value + (to[axis] - value) * share));
      if (share < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
    return undefined;
  }

  put(id, place) {
    this.places[id] = place;
    const data = place ? { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: place } } : NOTHING;
    this.map.getSource(id)?.setData(data);
  }
}

function styled(map) {
  return new Promise((resolve) => {
    map.once("style.load", () => resolve(true));
    map.once("error", () => resolve(false));
  });
}
