// The map itself: MapLibre with its basemap, the marker layer, the track, and the camera.

import { basemap } from "./basemap.js";
import { FrameLoop } from "./frame_loop.js";
import { MarkerLayer } from "./markers.js";
import { NameSheet } from "./names.js";
import { isDark, onSchemeChange, palette } from "./palette.js";
import { boundsOf } from "./pick.js";
import { Track } from "./track.js";
import { viewOf } from "./view.js";

const NAMES_EVERY_MS = 400;

/** True once the style is there, false when it fails to load. */
function styled(map) {
  return new Promise((resolve) => {
    map.once("style.load", () => resolve(true));
    map.once("error", ({ error }) => {
      console.warn("basemap:", error);
      resolve(false);
    });
  });
}

export class Stage {
  /** Resolves when markers may be drawn. Rejects where the browser has no WebGL 2. */
  static async open(element, values, { camera, store }) {
    const library = await import(`${values.vendor}maplibre-gl/dist/maplibre-gl.mjs`);
    let ground = await basemap(values, library, element);
    const map = new library.Map({
      container: element,
      style: ground.style,
      center: camera ? [camera.longitude, camera.latitude] : [10, 25],
      zoom: camera ? camera.zoom : 1.4,
      minZoom: 0.5,
      maxZoom: 20,
      maxPitch: 0, // flat: what is near and far on a map of a fleet is told by the scale
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
      maplibreLogo: false,
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new library.NavigationControl({ visualizePitch: false }), "top-left");
    map.addControl(new library.ScaleControl({ maxWidth: 110 }), "bottom-left");
    map.addControl(new library.AttributionControl({ compact: false, customAttribution: ground.credit }), "bottom-right");
    if (!(await styled(map))) {
      // the operator's style does not answer: the fleet matters more than what lies under it
      ground = await basemap({ ...values, style_url: "", pmtiles: "" }, library, element);
      map.setStyle(ground.style);
      await styled(map);
    }
    return new Stage(map, ground, element, store);
  }

  constructor(map, ground, element, store) {
    this.map = map;
    this.ground = ground;
    this.element = element;
    this.store = store;
    this.names = new NameSheet(() => this.markers.base);
    this.markers = new MarkerLayer(this.names);
    this.loop = new FrameLoop(map, () => store.movingUntil);
    this.track = new Track(map, JSON.parse(document.getElementById("map-values").textContent).track);
    this.overlays = [];
    this.dress();
    ground.ready(map);
    map.on("style.load", () => this.dress());
    map.on("webglcontextrestored", () => this.relayer());
    map.on("move", () => this.soonNames());
    map.on("resize", () => this.soonNames());
    onSchemeChange(() => this.recolour());
    setInterval(() => store.movingUntil > performance.now() - NAMES_EVERY_MS && this.arrangeNames(), NAMES_EVERY_MS);
  }

  // A style brings its own layers and drops ours.
  dress() {
    const colours = palette(this.element);
    this.paint(colours);
    for (const overlay of this.overlays) overlay.addTo(this.map, colours);
    this.track.addTo(this.map, colours);
    if (!this.map.getLayer(this.markers.id)) this.map.addLayer(this.markers);
    this.loop.request();
  }

  /** Draw something more under track and markers: {addTo(map, colours, before), repaint(map, colours)}. */
  add(overlay) {
    this.overlays.push(overlay);
    overlay.addTo(this.map, palette(this.element), this.map.getLayer("track-halo") ? "track-halo" : undefined);
    return overlay;
  }

  relayer() {
    for (const overlay of this.overlays) overlay.relayer?.();
    if (this.map.getLayer(this.markers.id)) this.map.removeLayer(this.markers.id);
    this.map.addLayer(this.markers);
  }

  recolour() {
    if (this.ground.restyle) this.map.setStyle(this.ground.restyle());
    const colours = palette(this.element);
    this.ground.repaint?.(this.map);
    this.paint(colours);
    this.track.repaint(colours);
    for (const overlay of this.overlays) overlay.repaint(this.map, colours);
    this.arrangeNames();
  }

  paint(colours) {
    this.markers.paint(colours);
    this.names.paint(this.ink(colours));
  }

  /** Colours of names on this ground: {ink, halo}. */
  ink(colours) {
    const foreign = Boolean(this.ground.style === undefined || typeof this.ground.style === "string");
    // a style from elsewhere is as light or dark as it likes, usually light
    if (foreign && isDark()) return { ink: "#16211f", halo: "#ffffff" };
    return { ink: colours.name, halo: colours["name-halo"] };
  }

  /** Devices changed or went: bring the GPU up to date and draw. */
  update(changed, removed) {
    for (const device of removed) this.markers.drop(device);
    for (const device of changed) this.markers.put(device);
    if (removed.length) this.arrangeNames();
    this.names.refresh();
    this.loop.request();
  }

  /** Show or hide markers as their filters say now. */
  mask(devices) {
    for (const device of devices) this.markers.mask(device);
    if (devices.length) this.arrangeNames();
  }

  select(device) {
    if (this.markers.selected) this.markers.selected.selected = false;
    this.markers.selected = device;
    if (device) device.selected = true;
    this.arrangeNames();
  }

  soonNames() {
    if (this.planned) return;
    this.planned = setTimeout(() => this.arrangeNames(), 120);
  }

  arrangeNames() {
    clearTimeout(this.planned);
    this.planned = null;
    this.names.arrange(this.store.devices.values(), viewOf(this.map), performance.now());
    this.loop.request();
  }

  /** Show all these devices at once; false when none has a position. */
  fit(devices, { animate = false, covered = 0 } = {}) {
    const bounds = boundsOf(devices);
    if (bounds) this.fitBounds(bounds, { animate, covered });
    return Boolean(bounds);
  }

  /** Show [west, south, east, north]; `covered` pixels at the bottom are under something. */
  fitBounds(bounds, { animate = false, covered = 0 } = {}) {
    const phone = this.element.clientWidth < 736;
    const padding = { top: 60, bottom: Math.max(phone ? 110 : 60, covered + 40), left: 60, right: 60 };
    this.map.fitBounds(bounds, { padding, maxZoom: 15, animate: animate && !this.store.calm(), duration: 900 });
  }

  /** Bring a device to the middle of what the panel leaves free. */
  goTo(device, { zoom = this.map.getZoom(), lasts = 600 } = {}) {
    if (!device.glide) return;
    const phone = this.element.clientWidth < 736;
    const offset = phone ? [0, -this.element.clientHeight * 0.2] : [-120, 0];
    const center = [device.longitude, device.latitude];
    const pace = lasts > 900 ? { easing: (share) => share } : {}; // in step with the glide of the marker
    this.map.easeTo({ center, zoom, offset, duration: this.store.calm() ? 0 : lasts, ...pace });
  }
}
