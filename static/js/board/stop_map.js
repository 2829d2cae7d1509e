// The map side of the board: routes, stops, drivers; a stop can be picked up here and aimed at another route.

import { boundsOf, openChart, tint } from "../geofences/chart.js";
import { framed } from "./framing.js";

const NOTHING = { type: "FeatureCollection", features: [] };
const REACH_PX = 28; // how far from a leg a drop still means that leg
const COLOURS = 8;

export class StopMap {
  /** `on`: {choose(driverId), look(shipment), press(shipment, event)}. */
  constructor(element, values, on) {
    this.element = element;
    this.values = values;
    this.on = on;
    this.data = { routes: NOTHING, stops: NOTHING, drivers: NOTHING, trial: NOTHING };
    this.chosen = "";
    this.marked = "";
  }

  async open() {
    const { map } = await openChart(this.element, this.values, {
      dress: (made) => this.dress(made),
      recolour: (made) => this.recolour(made),
      first: Promise.resolve(),
      areas: "stops",
    });
    this.map = map;
    map.on("click", (event) => this.click(event));
    map.on("mousemove", (event) => this.hover(event));
    // before the map pans: a press on an open stop is the beginning of a move
    this.element.addEventListener("pointerdown", (event) => this.press(event), { capture: true });
    this.draw();
  }

  dress(map) {
    this.map = map;
    if (map.getSource("stops")) return;
    for (const name of Object.keys(this.data)) map.addSource(name, { type: "geojson", data: this.data[name] });
    const round = { "line-join": "round", "line-cap": "round" };
    map.addLayer({ id: "route", type: "line", source: "routes", layout: round, paint: {} });
    map.addLayer({ id: "trial", type: "line", source: "trial", layout: round, paint: { "line-width": 3.5, "line-dasharray": [1.2, 1.4] } });
    map.addLayer({ id: "stop", type: "circle", source: "stops", paint: {} });
    map.addLayer({
      id: "stop-place", type: "symbol", source: "stops", minzoom: 9,
      layout: { "text-field": ["get", "label"], "text-font": ["system-ui", "DejaVu Sans", "sans-serif"], "text-size": 10, "text-allow-overlap": true },
      paint: {},
    });
    map.addLayer({ id: "driver", type: "circle", source: "drivers", paint: { "circle-radius": 7, "circle-stroke-width": 3 } });
    this.recolour(map);
  }

  recolour(map) {
    const of = (name) => tint(this.element, name);
    const set = (layer, property, value) => map.getLayer(layer) && map.setPaintProperty(layer, property, value);
    const own = ["match", ["get", "colour"], ...Array.from({ length: COLOURS }, (_, n) => [n, of(`--route-${n}`)]).flat(), of("--route-0")];
    const chosen = ["==", ["get", "driver"], this.chosen];
    const someChosen = Boolean(this.chosen);
    set("route", "line-color", own);
    set("route", "line-width", ["case", chosen, 3.5, 1.6]);
    set("route", "line-opacity", someChosen ? ["case", chosen, 1, 0.18] : 0.6);
    set("trial", "line-color", of("--accent"));
    set("stop", "circle-color", ["case", ["get", "free"], of("--bad"), ["get", "late"], of("--idle-mark"), own]);
    set("stop", "circle-radius", ["case", ["==", ["get", "shipment"], this.marked], 11, chosen, 8, ["get", "free"], 7, 5]);
    set("stop", "circle-opacity", ["case", ["get", "over"], 0.3, someChosen ? ["case", ["any", chosen, ["get", "free"]], 1, 0.45] : 1]);
    set("stop", "circle-stroke-color", ["case", ["==", ["get", "shipment"], this.marked], of("--ink"), of("--card")]);
    set("stop", "circle-stroke-width", ["case", ["==", ["get", "shipment"], this.marked], 3, 1.2]);
    set("stop-place", "text-color", of("--on-route"));
    set("stop-place", "text-opacity", ["case", chosen, 1, 0]);
    set("driver", "circle-color", of("--card"));
    set("driver", "circle-stroke-color", own);
  }

  show(plan) {
    this.plan = plan;
    const drivers = [...plan.drivers.values()];
    const point = (longitude, latitude, properties) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: [longitude, latitude] } });
    const stops = drivers.flatMap((driver, n) =>
      driver.stops.map((stop) =>
        point(stop.longitude, stop.latitude, {
          shipment: stop.shipment, driver: driver.id, colour: n % COLOURS, label: String(stop.place),
          over: !stop.open, late: stop.open && stop.late_s >= 60, free: false,
        }),
      ),
    );
    const free = plan.document.tray.filter((stop) => stop.longitude !== null).map((stop) =>
      point(stop.longitude, stop.latitude, { shipment: stop.shipment, driver: "", colour: 0, label: "?", over: false, late: false, free: true }));
    const routes = drivers.filter((driver) => driver.stops.length).map((driver, n) => ({
      type: "Feature", properties: { driver: driver.id, colour: drivers.indexOf(driver) % COLOURS, n },
      geometry: { type: "LineString", coordinates: this.line(driver) },
    }));
    const placed = drivers.flatMap((driver, n) => (driver.position ? [point(driver.position.longitude, driver.position.latitude, { driver: driver.id, colour: n % COLOURS })] : []));
    const collection = (features) => ({ type: "FeatureCollection", features });
    this.data = { ...this.data, stops: collection([...stops, ...free]), routes: collection(routes), drivers: collection(placed) };
    this.draw();
    if (!this.fitted) this.fit();
  }

  line(driver) {
    const { hub } = this.plan.document;
    const start = driver.position ?? (hub.longitude === null ? null : hub);
    const ahead = driver.stops.filter((stop) => stop.open || !driver.position);
    return [...(start ? [[start.longitude, start.latitude]] : []), ...ahead.map((stop) => [stop.longitude, stop.latitude])];
  }

  draw() {
    for (const [name, data] of Object.entries(this.data)) this.map?.getSource(name)?.setData(data);
  }

  fit() {
    const bounds = boundsOf([{ coordinates: framed(this.plan.document) }]);
    if (!bounds || !this.map) return;
    this.fitted = true;
    this.map.fitBounds(bounds, { padding: 40, maxZoom: 15, duration: 0 });
  }

  choose(driverId) {
    this.chosen = driverId ?? "";
    if (this.map) this.recolour(this.map);
  }

  mark(shipment) {
    this.marked = shipment ?? "";
    if (this.map) this.recolour(this.map);
  }

  /** The route a driver would go if a preview came true. */
  trial(driverId, shipments) {
    const driver = this.plan?.drivers.get(driverId);
    const stops = driver ? shipments.map((shipment) => this.plan.get(shipment)?.stop).filter(Boolean) : [];
    const { hub } = this.plan.document;
    const start = driver?.position ?? (hub.longitude === null ? null : hub);
    const coordinates = [...(start ? [start] : []), ...stops].map(({ longitude, latitude }) => [longitude, latitude]);
    const feature = { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } };
    this.data.trial = coordinates.length > 1 ? { type: "FeatureCollection", features: [feature] } : NOTHING;
    this.map?.getSource("trial")?.setData(this.data.trial);
  }

  at({ x, y }) {
    if (!this.map?.getLayer("stop")) return null;
    const found = this.map.queryRenderedFeatures([[x - 4, y - 4], [x + 4, y + 4]], { layers: ["stop"] });
    return found[0]?.properties ?? null;
  }

  local(event) {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  press(event) {
    const found = this.at(this.local(event));
    if (!found || !this.plan?.movable(found.shipment)) return;
    this.on.press(found.shipment, event);
    if (event.pointerType !== "touch") this.map.dragPan.disable();
    window.addEventListener("pointerup", () => this.map.dragPan.enable(), { once: true });
  }

  hover(event) {
    const found = this.at(event.point);
    this.map.getCanvas().style.cursor = found ? (this.plan.movable(found.shipment) ? "grab" : "pointer") : "";
  }

  click(event) {
    const found = this.at(event.point);
    if (found) this.on.look(found.shipment);
    this.on.choose(found?.driver || null);
  }

  /** The leg of a route nearest to a point of the window, as a target; undefined where the point is not on the map. */
  under(x, y, shipment) {
    const box = this.element.getBoundingClientRect();
    if (!this.map || x < box.left || x > box.right || y < box.top || y > box.bottom) return undefined;
    const here = { x: x - box.left, y: y - box.top };
    let best = null;
    for (const driver of this.plan.drivers.values()) {
      const open = this.plan.open(driver.id, shipment);
      const start = driver.position ?? (this.plan.document.hub.longitude === null ? open[0] : this.plan.document.hub);
      const points = [start, ...open].filter(Boolean).map((one) => this.map.project([one.longitude, one.latitude]));
      for (let n = 0; n + 1 < points.length; n += 1) {
        const away = distanceTo(here, points[n], points[n + 1]);
        if (away <= REACH_PX && (!best || away < best.away)) best = { away, to: driver.id, before: open[n].shipment };
      }
      const last = points.at(-1);
      const beyond = last ? Math.hypot(here.x - last.x, here.y - last.y) : Infinity;
      if (open.length && beyond <= REACH_PX / 2 && (!best || beyond < best.away)) best = { away: beyond, to: driver.id, before: null };
    }
    return best ? { to: best.to, before: best.before } : null;
  }
}

function distanceTo(p, a, b) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length ? Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length)) : 0;
  return Math.hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}
