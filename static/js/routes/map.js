// Routes on a map: a line and a dot for each stop, a colour for each driver, and a list of who is who.

import { basemap } from "../map/basemap.js";
import { onSchemeChange, palette } from "../map/palette.js";
import { colourOf, isBroken, Numbers } from "./colours.js";

const NOTHING = { type: "FeatureCollection", features: [] };

export class RouteMap {
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
    map.addControl(new library.ScaleControl({ maxWidth: 110 }), "bottom-left");
    map.addControl(new library.AttributionControl({ compact: true, customAttribution: ground.credit }), "bottom-right");
    if (!(await styled(map))) {
      ground = await basemap({ ...values, style_url: "", pmtiles: "" }, library, element);
      map.setStyle(ground.style);
      await styled(map);
    }
    return new RouteMap(map, ground, element, new Numbers(window.sessionStorage, `colours:${values.state_url ?? location.pathname}`));
  }

  constructor(map, ground, element, numbers) {
    Object.assign(this, { map, element, numbers, routes: [], colours: [], fitted: "" });
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.legend = element.appendChild(document.createElement("ul"));
    this.legend.className = "legend";
    this.legend.hidden = true;
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
    for (const id of ["ways", "halts"]) if (!this.map.getSource(id)) this.map.addSource(id, { type: "geojson", data: NOTHING });
    const line = (id, broken) => ({
      id, type: "line", source: "ways", filter: ["==", ["get", "broken"], broken], layout: { "line-join": "round", "line-cap": "round" },
      paint: { "line-color": ["get", "colour"], "line-width": 3, ...(broken ? { "line-dasharray": [2, 1.5] } : {}) },
    });
    const halts = {
      id: "halts", type: "circle", source: "halts",
      paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 2.5, 13, 5], "circle-color": ["get", "colour"], "circle-stroke-width": 1.5 },
    };
    for (const layer of [line("ways", false), line("ways-broken", true), halts]) if (!this.map.getLayer(layer.id)) this.map.addLayer(layer);
    this.paint();
    this.draw();
  }

  paint() {
    this.map.setPaintProperty("halts", "circle-stroke-color", palette(this.element)["name-halo"]);
  }

  /** Draw these routes: [{driver, name, stops, line: [[longitude, latitude], …]}]. */
  show(routes) {
    this.routes = routes;
    this.colours = this.numbers.number(routes);
    this.draw();
    this.list();
    const places = routes.flatMap((route) => route.line);
    const key = places.length ? String([0, 1].flatMap((axis) => [Math.min, Math.max].map((of) => of(...places.map((place) => place[axis])).toFixed(2)))) : "";
    if (key && key !== this.fitted) this.fit(places);
    this.fitted = key || this.fitted;
    const stops = routes.reduce((sum, route) => sum + route.stops, 0);
    this.element.setAttribute("aria-label", `Map with ${routes.length} routes and ${stops} stops`);
  }

  draw() {
    const features = (make) => ({ type: "FeatureCollection", features: this.routes.flatMap(make) });
    const properties = (at) => ({ colour: colourOf(this.colours[at]), broken: isBroken(this.colours[at]) });
    this.map.getSource("ways")?.setData(features((route, number) => ({ type: "Feature", properties: properties(number), geometry: { type: "LineString", coordinates: route.line } })));
    this.map.getSource("halts")?.setData(features((route, number) => route.line.slice(-route.stops || undefined).map((place) => ({ type: "Feature", properties: properties(number), geometry: { type: "Point", coordinates: place } }))));
  }

  list() {
    this.legend.hidden = this.routes.length < 2;
    this.legend.replaceChildren(...this.routes.map((route, at) => {
      const item = document.createElement("li");
      const name = document.createElement("span");
      name.textContent = `${route.name} · ${route.stops}`;
      item.append(swatch(this.colours[at]), name);
      return item;
    }));
  }

  fit(places) {
    const bounds = [Math.min, Math.max].map((of) => [0, 1].map((axis) => of(...places.map((place) => place[axis]))));
    this.map.fitBounds(bounds, { padding: { top: 50, bottom: 50, left: 40, right: this.legend.hidden || this.element.clientWidth < 600 ? 40 : 190 }, maxZoom: 15, duration: this.calm.matches ? 0 : 500 });
  }
}

function swatch(number) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 10 10");
  svg.setAttribute("aria-hidden", "true");
  const mark = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", isBroken(number) ? "rect" : "circle"));
  for (const [name, value] of Object.entries(isBroken(number) ? { x: 0, y: 3, width: 10, height: 4 } : { cx: 5, cy: 5, r: 5 })) mark.setAttribute(name, value);
  mark.setAttribute("fill", colourOf(number));
  return svg;
}

function styled(map) {
  return new Promise((resolve) => {
    map.once("style.load", () => resolve(true));
    map.once("error", () => resolve(false));
  });
}
