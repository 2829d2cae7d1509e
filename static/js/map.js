// The live map page: brings line, store, list, panels and map together. Each of them lives in a file of its own.

import { LiveSocket } from "./live/socket.js";
import { DeviceStore } from "./live/store.js";
import { readHash } from "./map/address.js";
import { Alerts } from "./map/alerts.js";
import { calmness } from "./map/calm.js";
import { ConnectionBadge } from "./map/connection.js";
import { Criteria } from "./map/criteria.js";
import { DeviceList } from "./map/device_list.js";
import { FleetFilter } from "./map/fleet.js";
import { offerLook } from "./map/look.js";
import { listenToMap } from "./map/map_pointer.js";
import { PageAddress } from "./map/page_address.js";
import { Playback } from "./map/playback.js";
import { PlaybackScene } from "./map/playback_scene.js";
import { Scenery } from "./map/scenery.js";
import { Selection } from "./map/selection.js";
import { Sheet } from "./map/sheet.js";
import { Stage } from "./map/stage.js";
import { Tabs } from "./map/tabs.js";
import { Zones } from "./map/zones.js";

const LIST_EVERY_MS = 500;
const IN_FORCE_MS = 1200; // a publish is told a second before it is in force
const element = (id) => document.getElementById(id);
const elements = (names) => Object.fromEntries(Object.entries(names).map(([name, id]) => [name, element(id)]));

class LivePage {
  constructor(values) {
    this.values = values;
    const calm = calmness();
    this.store = new DeviceStore({ calm });
    this.wanted = readHash(location.hash);
    this.fitted = Boolean(this.wanted.camera);
    this.address = new PageAddress(this);
    const now = () => this.store.now();
    const filters = { search: "fleet-search", buttons: "fleet-filters", zone: "fleet-zone", hub: "fleet-hub", clear: "fleet-clear" };
    this.filter = new FleetFilter(elements(filters), { changed: () => this.refilter() });
    this.filter.set(new Criteria(this.wanted.filter));
    const listed = () => (this.playback?.fleet ? this.playback.at : now()); // the moment of which the list tells
    this.list = new DeviceList(element("fleet-list"), { open: (device) => this.open(device, { fromList: true }), now: listed });
    this.selection = new Selection(element("device"), this, {
      says: element("spoken"), play: (device) => this.play(device), dayUrl: values.day,
    });
    this.zones = new Zones(this, elements({ card: "zone", toggle: "zones-toggle" }), { url: values.geofences, page: values.geofence_page });
    const alertParts = { list: "alerts", none: "alerts-none", failed: "alerts-failed", count: "alerts-count", words: "alerts-words", says: "alerts-says" };
    this.alerts = new Alerts(elements(alertParts), {
      urls: values, token: values.csrf, may: values.may_acknowledge, now,
      open: (id) => this.openById(id),
      nameOf: ({ device }) => this.store.devices.get(device.id)?.label ?? (device.name || device.external_id),
    });
    const scene = new PlaybackScene({ urls: values, stage: () => this.scenery, relist: () => this.relist(), now });
    this.playback = new Playback(element("playback"), { scene, now, calm, changed: () => this.address.soon(), closed: () => this.live() });
    this.sheet = new Sheet(element("fleet"), element("fleet-handle"), document.querySelector(".fleet-head"));
    this.tabs = new Tabs(element("fleet-tabs"), { changed: () => this.tabChosen() });
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
    if (this.wanted.alerts) this.tabs.choose("tab-alerts");
    setInterval(() => this.second(), 1000);
    document.addEventListener("keydown", (event) => this.key(event));
    element("fleet-history").addEventListener("click", () => this.play(null));
    try {
      this.stage = await Stage.open(element("map"), this.values, { camera: this.wanted.camera, store: this.store });
    } catch (error) {
      const sorry = element("map-failed");
      const why = document.createElement("canvas").getContext("webgl2") ? error.message : "this browser offers no WebGL 2";
      sorry.textContent = `The map cannot be drawn here: ${why}. The list works all the same.`;
      sorry.hidden = false;
      throw error;
    }
    this.scenery = new Scenery(this.stage, { covered: () => (this.playback.open ? element("playback").offsetHeight : 0) });
    listenToMap(this);
    this.zones.start(this.wanted.zones);
    this.stage.update(this.store.devices.values(), []);
    if (this.whole) this.firstSight();
    if (this.selection.device) this.selection.showOnMap();
  }

  take(frame) {
    if (frame.type === "alert") return this.alerts.take(frame.alert);
    if (frame.type === "alerts_missed") return this.alerts.read();
    if (frame.type === "geofences") return setTimeout(() => this.zones.read(), IN_FORCE_MS);
    const { changed, removed, whole } = this.store.take(frame, performance.now());
    this.stage?.update(changed, removed);
    const open = this.selection.device;
    if (open && changed.includes(open)) this.selection.news(open);
    if (removed.includes(open)) this.selection.close();
    if (removed.length) this.alerts.forget(removed);
    if (whole) {
      this.whole = true;
      this.alerts.read();
      this.zones.read();
      this.firstSight();
    }
    if (changed.length || removed.length || whole) this.soon();
    return undefined;
  }

  // What is seen first: the device of the address, or the whole fleet, or what to do without one.
  firstSight() {
    if (this.wanted.device && this.store.devices.has(this.wanted.device)) {
      this.open(this.store.devices.get(this.wanted.device), { still: Boolean(this.wanted.camera), quiet: true });
      this.wanted.device = null;
    }
    if (this.stage && !this.fitted) this.fitted = this.stage.fit([...this.store.devices.values()]);
    this.stage?.arrangeNames();
    if (this.stage && this.wanted.playback) {
      const { playback } = this.wanted;
      this.wanted.playback = null;
      this.play(this.selection.device, playback);
    }
  }

  /** The list follows the data a few times a second, not with each frame. */
  soon() {
    this.listing ??= setTimeout(() => this.relist(), LIST_EVERY_MS);
  }

  refilter() {
    if (this.playback.fleet) this.playback.refilter();
    else this.relist();
    this.zones.draw();
    this.address.write();
  }

  onlyZone(zone) {
    this.filter.set(this.filter.criteria.with({ zone }));
    this.refilter();
  }

  relist() {
    clearTimeout(this.listing);
    this.listing = null;
    const then = this.playback.fleet;
    const { rows, moved } = this.filter.apply(then ?? this.store);
    const total = (then ?? this.store).devices.size;
    this.list.set(rows);
    const sum = rows.length === total ? `${total.toLocaleString()} ${total === 1 ? "device" : "devices"}` : `${rows.length.toLocaleString()} of ${total.toLocaleString()} devices`;
    if (element("fleet-total").textContent !== sum) element("fleet-total").textContent = sum;
    const none = element("fleet-none");
    none.hidden = rows.length > 0 || !this.whole;
    none.textContent = total ? "No device matches these filters. The map shows none either." : "No devices yet.";
    if (then) return;
    if (!this.placed) for (const device of this.store.devices.values()) if ((this.placed = Boolean(device.glide))) break;
    element("first").hidden = this.placed || !this.whole;
    if (this.stage && !this.fitted && this.placed) this.fitted = this.stage.fit([...this.store.devices.values()], { animate: true });
    this.stage?.mask(moved);
    if (!moved.length && this.placedCount !== total) this.stage?.arrangeNames();
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
    this.selection.panel.draw();
    this.alerts.list.draw();
    this.zones.draw();
  }

  open(device, how) {
    if (this.playback.open) return this.playInstead(device);
    this.zones.close();
    this.selection.open(device, how);
    return undefined;
  }

  /** Another device at the same moment. */
  playInstead({ id }) {
    const device = this.store.devices.get(id);
    if (device) this.play(device, { ...this.playback.state, known: this.playback.device ? this.playback.state.known : true });
  }

  openById(id) {
    const device = this.store.devices.get(id);
    if (!device) return;
    this.sheet.open(false);
    this.playback.close();
    this.open(device, { quiet: true });
    this.stage?.goTo(device, { zoom: Math.max(this.stage.map.getZoom(), 14) });
  }

  /** Play a device's day, or the fleet's with null; `how`: {day, time, known}. */
  play(device, how) {
    this.selection.follow(false);
    this.sheet.open(false);
    this.zones.close();
    element("live").dataset.playing = device ? "device" : "fleet";
    this.stage?.track.show(null);
    if (!device) this.selection.close();
    this.playback.show(device, how);
    this.address.write();
  }

  /** Playback is over. */
  live() {
    delete element("live").dataset.playing;
    this.relist();
    if (this.selection.device) this.selection.showOnMap(true);
    this.stage?.arrangeNames();
    this.address.write();
  }

  tabChosen() {
    this.sheet.open(true);
    this.address.write();
  }

  key(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (this.playback.open) this.playback.close();
    else if (this.selection.device) this.selection.close();
    else if (this.zones.open) this.zones.close();
    else if (this.sheet.isOpen) this.sheet.open(false);
  }

  /** Another thing is open, or none. */
  changed() {
    const { dataset } = element("live");
    dataset.panel = this.selection.device ? "device" : this.zones.open ? "zone" : "";
    this.address.write();
  }
}

const page = new LivePage(JSON.parse(element("map-values").textContent));
offerLook(page);
await page.start();
