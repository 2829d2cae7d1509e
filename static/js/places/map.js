// The map on which a place is pointed at: one pin that is dragged, clicked to, or moved with the arrow keys.

import { basemap } from "../map/basemap.js";
import { onSchemeChange } from "../map/palette.js";

const STEP_PX = 4;
const LARGE = 10; // times the step, with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class PlaceMap {
  /** `moved({longitude, latitude})` is called when a person moves the pin. Rejects without WebGL. */
  static async open(element, values, moved) {
    const library = await import(`${values.vendor}maplibre-gl/dist/maplibre-gl.mjs`);
    let ground = await basemap(values, library, element);
    const map = new library.Map({
      container: element, style: ground.style, center: [10, 25], zoom: 1.4, minZoom: 1, maxZoom: 20, maxPitch: 0,
      pitchWithRotate: false, attributionControl: false, fadeDuration: 0, maplibreLogo: false, dragRotate: false,
    });
    map.touchZoomRotate.disableRotation();
    map.addControl(new library.NavigationControl({ showCompass: false }), "top-left");
    map.addControl(new library.ScaleControl(), "bottom-left");
    map.addControl(new library.AttributionControl({ compact: true, customAttribution: ground.credit }), "bottom-right");
    const styled = await new Promise((resolve) => {
      map.once("style.load", () => resolve(true));
      map.once("error", () => resolve(false));
    });
    if (!styled) {
      ground = await basemap({ ...values, style_url: "", pmtiles: "" }, library, element);
      map.setStyle(ground.style);
    }
    ground.ready(map);
    onSchemeChange(() => (ground.restyle ? map.setStyle(ground.restyle()) : ground.repaint?.(map)));
    return new PlaceMap(library, map, values, moved);
  }

  constructor(library, map, values, moved) {
    this.map = map;
    this.moved = moved;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.hub = new library.Marker({ element: mark("hub-mark", "Hub") });
    this.pin = new library.Marker({ element: mark("pin", "Pin"), draggable: values.may_act, anchor: "bottom" });
    const pin = this.pin.getElement();
    pin.setAttribute("role", "slider");
    pin.setAttribute("aria-label", "Place of the parcel: move with the arrow keys");
    if (values.may_act) {
      pin.tabIndex = 0;
      this.pin.on("dragend", () => this.tell());
      pin.addEventListener("keydown", (event) => this.key(event));
      map.on("click", (event) => {
        this.put(event.lngLat.wrap());
        this.tell();
      });
    }
  }

  /** Show a place: {longitude, latitude, near}; each may be null. */
  show({ longitude, latitude, near }) {
    this.map.resize();
    if (near) this.hub.setLngLat(near).addTo(this.map);
    else this.hub.remove();
    const known = longitude !== null && latitude !== null;
    if (known) this.put({ lng: longitude, lat: latitude });
    else this.pin.remove();
    const target = known ? [longitude, latitude] : near;
    if (!target) return this.map.jumpTo({ center: [10, 25], zoom: 1.4 });
    const duration = this.calm.matches ? 0 : 500;
    if (!known || !near) return this.map.easeTo({ center: target, zoom: known ? 15 : 11, duration });
    // with the hub in view one sees at once how far off it is
    const [west, east] = [longitude, near[0]].sort((a, b) => a - b);
    const [south, north] = [latitude, near[1]].sort((a, b) => a - b);
    return this.map.fitBounds([[west, south], [east, north]], { padding: 56, maxZoom: 15, duration });
  }

  put(place) {
    this.pin.setLngLat(place);
    // put on the map anew it would lose the focus, and with it the arrow keys
    if (!this.pin.getElement().isConnected) this.pin.addTo(this.map);
    this.pin.getElement().setAttribute("aria-valuetext", `${place.lat.toFixed(5)}, ${place.lng.toFixed(5)}`);
    this.pin.getElement().setAttribute("aria-valuenow", place.lat.toFixed(5));
  }

  /** The pin where a person typed it. */
  typed(longitude, latitude) {
    this.put({ lng: longitude, lat: latitude });
    if (!this.map.getBounds().contains([longitude, latitude])) this.map.easeTo({ center: [longitude, latitude], duration: this.calm.matches ? 0 : 300 });
  }

  key(event) {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation(); // the map would move too
    const at = this.map.project(this.pin.getLngLat());
    const step = STEP_PX * (event.shiftKey ? LARGE : 1);
    this.put(this.map.unproject([at.x + way[0] * step, at.y + way[1] * step]).wrap());
    this.tell();
  }

  tell() {
    const { lng, lat } = this.pin.getLngLat();
    this.moved({ longitude: Number(lng.toFixed(6)), latitude: Number(lat.toFixed(6)) });
  }
}

function mark(name, title) {
  const element = document.createElement("div");
  element.className = name;
  element.title = title;
  return element;
}
