// The live map page: brings line, store, list, panel and map together. Each of them lives in a file of its own.

import { unmercator } from "./live/glide.js";
import { LiveSocket } from "./live/socket.js";
import { DeviceStore } from "./live/store.js";
import { readHash, writeHash } from "./map/address.js";
import { ConnectionBadge } from "./map/connection.js";
import { DeviceList } from "./map/device_list.js";
import { DevicePanel } from "./map/device_panel.js";
import { FleetFilter } from "./map/fleet.js";
import { pick } from "./map/pick.js";
import { Sheet } from "./map/sheet.js";
import { Stage } from "./map/stage.js";

const LIST_EVERY_MS = 500;
const element = (id) => document.getElementById(id);

class LivePage {
  constructor(values) {
    this.values = values;
    this.calmQuery = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.store = new DeviceStore({ calm: () => this.calmQuery.matches || document.hidden });
    this.wanted = readHash(location.hash);
    this.selected = null;
    this.followed = null;
    this.fitted = Boolean(this.wanted.camera);
    const now = () => this.store.now();
    this.filter = new FleetFilter({
      search: element("fleet-search"), buttons: element("fleet-filters"), changed: () => this.relist(),
    });
    this.list = new DeviceList(element("fleet-list"), { open: (device) => this.open(device, { fromList: true }), now });
    this.panel = new DevicePanel(element("device"), {
      close: () => this.close(), follow: (on) => this.follow(on), zoom: () => this.zoom(), now,
    });
    this.sheet = new Sheet(element("fleet"), element("fleet-handle"), document.querySelector(".fleet-head"));
    this.badge = new ConnectionBadge(element("line"), element("spoken"), { retry: () => this.socket.connect() });
  }

  async start() {
    const url = new URL(this.values.socket, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    this.socket = new LiveSocket(url.href, {
      onFrame: (frame) => this.take(frame),
      onState: (state) => {
        if (state.state === "connecting") this.store.restart();
        this.badge.show(state);
      },
    });
    this.socket.connect();
    setInterval(() => this.second(), 1000);
    document.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("hashchange", () => this.readAddress());
    try {
      this.stage = await Stage.open(element("map"), this.values, { camera: this.wanted.camera, store: this.store });
    } catch (error) {
      const sorry = element("map-failed");
      const why = document.createElement("canvas").getContext("webgl2") ? error.message : "this browser offers no WebGL 2";
      sorry.textContent = `The map cannot be drawn here: ${why}. The list works all the same.`;
      sorry.hidden = false;
      throw error;
    }
    this.listenToMap();
    this.stage.update(this.store.devices.values(), []);
    if (this.whole) this.firstSight();
    if (this.selected) this.showOnMap(this.selected);
  }

  listenToMap() {
    const { map } = this.stage;
    const reach = matchMedia("(pointer: coarse)").matches ? 24 : 14;
    map.on("click", ({ point }) => {
      const device = pick(map, this.store.devices.values(), point, reach);
      if (device) this.open(device);
    });
    map.on("mousemove", ({ point }) => {
      this.pointer = point;
      this.hover ??= requestAnimationFrame(() => {
        this.hover = null;
        map.getCanvas().style.cursor = pick(map, this.store.devices.values(), this.pointer, reach) ? "pointer" : "";
      });
    });
    map.on("dragstart", () => this.follow(false));
    map.on("moveend", () => this.writeAddress());
  }

  take(frame) {
    const { changed, removed, whole } = this.store.take(frame, performance.now());
    this.stage?.update(changed, removed);
    for (const device of changed) if (device === this.selected) this.news(device);
    if (removed.includes(this.selected)) this.close();
    if (whole) {
      this.whole = true;
      this.firstSight();
    }
    if (changed.length || removed.length || whole) this.soon();
  }

  // What is seen first: the device of the address, or the whole fleet, or what to do without one.
  firstSight() {
    if (this.wanted.device && this.store.devices.has(this.wanted.device)) {
      this.open(this.store.devices.get(this.wanted.device), { still: Boolean(this.wanted.camera), quiet: true });
      this.wanted.device = null;
    }
    if (this.stage && !this.fitted) this.fitted = this.stage.fit([...this.store.devices.values()]);
    this.stage?.arrangeNames();
  }

  /** The list follows the data a few times a second, not with each frame. */
  soon() {
    this.listing ??= setTimeout(() => this.relist(), LIST_EVERY_MS);
  }

  relist() {
    clearTimeout(this.listing);
    this.listing = null;
    const { rows, moved } = this.filter.apply(this.store);
    const total = this.store.devices.size;
    this.filter.count(this.store.counts());
    this.list.set(rows);
    element("fleet-total").textContent = rows.length === total ? "" : `${rows.length} found`;
    const none = element("fleet-none");
    none.hidden = rows.length > 0 || !this.whole;
    none.textContent = total ? "No device matches." : "No devices yet.";
    const placed = [...this.store.devices.values()].some((device) => device.glide);
    element("first").hidden = placed || !this.whole;
    if (this.stage && !this.fitted && placed) this.fitted = this.stage.fit([...this.store.devices.values()], { animate: true });
    this.stage?.update(moved, []);
    if (moved.length) this.stage?.arrangeNames();
    else if (this.placedCount !== total) this.stage?.arrangeNames();
    this.placedCount = total;
  }

  second() {
    const changed = this.store.age();
    this.stage?.update(changed, []);
    if (changed.length) {
      this.stage?.arrangeNames();
      this.soon();
    }
    this.list.draw();
    this.panel.draw();
  }

  open(device, { fromList = false, still = false, quiet = false } = {}) {
    if (device !== this.selected) this.follow(false);
    this.selected = device;
    this.fromList = fromList;
    element("live").dataset.device = "true";
    this.list.select(device, { reveal: !fromList });
    this.panel.show(device, { focus: !quiet });
    if (this.stage) this.showOnMap(device, still || !fromList);
    this.writeAddress();
  }

  async showOnMap(device, still = false) {
    this.stage.select(device);
    if (!still) this.stage.goTo(device, { zoom: Math.max(this.stage.map.getZoom(), 11) });
    this.panel.track("Loading today's track…");
    const positions = await this.stage.track.show(device).catch(() => null);
    if (device !== this.selected) return;
    const words = { 0: "No positions today.", 1: "One position today." };
    this.panel.track(positions === null ? "Today's track could not be loaded." : (words[positions] ?? `${positions.toLocaleString()} positions today.`));
  }

  news(device) {
    this.panel.draw();
    this.stage?.track.grow(device);
    if (this.followed === device) this.stage?.goTo(device, { lasts: 1000 });
  }

  close() {
    const device = this.selected;
    if (!device) return;
    this.follow(false);
    this.selected = null;
    delete element("live").dataset.device;
    this.panel.show(null);
    this.list.select(null);
    if (this.fromList && this.store.devices.has(device.id)) this.list.focus(device);
    this.stage?.select(null);
    this.stage?.track.show(null);
    this.writeAddress();
  }

  follow(on) {
    this.followed = on ? this.selected : null;
    this.panel.following(on && Boolean(this.selected));
    if (on && this.selected) this.stage?.goTo(this.selected, { zoom: Math.max(this.stage.map.getZoom(), 13) });
  }

  zoom() {
    if (this.selected) this.stage?.goTo(this.selected, { zoom: Math.max(this.stage.map.getZoom() + 1, 15) });
  }

  key(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (this.selected) this.close();
    else if (this.sheet.isOpen) this.sheet.open(false);
  }

  writeAddress() {
    if (!this.stage) return;
    const { lng, lat } = this.stage.map.getCenter().wrap();
    const camera = this.fitted ? { zoom: this.stage.map.getZoom(), longitude: lng, latitude: lat } : null;
    const device = this.selected?.id ?? this.wanted.device;
    history.replaceState(null, "", writeHash({ camera, device }) || location.pathname);
  }

  readAddress() {
    const { camera, device } = readHash(location.hash);
    if (camera) this.stage?.map.jumpTo({ center: [camera.longitude, camera.latitude], zoom: camera.zoom });
    const wanted = this.store.devices.get(device);
    if (wanted && wanted !== this.selected) this.open(wanted, { still: true, quiet: true });
  }
}

const page = new LivePage(JSON.parse(element("map-values").textContent));

// For tests and for a look under the bonnet; nothing in the page reads it, and it changes nothing.
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
  /** {longitude, latitude, status, recorded_at, name} of a device as shown now, by our id or its own; null if unknown. */
  device(id) {
    const found = page.store.devices.get(id) ?? [...page.store.devices.values()].find((one) => one.external_id === id);
    if (!found) return null;
    const place = page.store.shown(found, performance.now());
    const [longitude, latitude] = place ? unmercator(...place) : [null, null];
    return { id: found.id, longitude, latitude, status: found.status, recorded_at: found.recorded_at, name: found.label };
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

await page.start();
