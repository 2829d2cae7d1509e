// The open device: its panel, its line of today, and the camera that may follow it.

import { dayOf } from "./day.js";
import { DevicePanel } from "./device_panel.js";

export class Selection {
  /**
   * `page` gives what the panel touches: stage, store, list, and changed(), which says that another thing is open.
   * `says` is a polite live region.
   */
  constructor(root, page, { says, play, dayUrl }) {
    this.page = page;
    this.says = says;
    this.dayUrl = dayUrl;
    this.device = null;
    this.followed = null;
    this.panel = new DevicePanel(root, {
      close: () => this.close(), follow: (on) => this.follow(on), zoom: () => this.zoom(),
      play: () => play(this.device), zonesOf: (device) => page.zones.names(device.zones), now: () => page.store.now(),
    });
  }

  open(device, { fromList = false, still = false, quiet = false } = {}) {
    if (device !== this.device) this.follow(false);
    this.device = device;
    this.fromList = fromList;
    this.page.list.select(device, { reveal: !fromList });
    this.panel.show(device, { focus: !quiet });
    this.page.changed();
    if (this.page.stage) this.showOnMap(still || !fromList);
  }

  close() {
    const { device, page } = this;
    if (!device) return;
    this.follow(false);
    this.device = null;
    this.panel.show(null);
    page.list.select(null);
    if (this.fromList && page.store.devices.has(device.id)) page.list.focus(device);
    page.stage?.select(null);
    page.stage?.track.show(null);
    page.changed();
  }

  async showOnMap(still = false) {
    const { device, panel, page } = this;
    page.stage.select(device);
    if (!still) page.stage.goTo(device, { zoom: Math.max(page.stage.map.getZoom(), 11) });
    panel.track("Loading today's track…");
    this.readTrips(device);
    const positions = await page.stage.track.show(device).catch(() => null);
    if (device !== this.device) return;
    const words = { 0: "No positions today.", 1: "One position today." };
    panel.track(positions === null ? "Today's track could not be loaded." : (words[positions] ?? `${positions.toLocaleString()} positions today.`));
  }

  // Trip and estimate stand in the day's answer; without one the panel goes without.
  async readTrips(device) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const answer = await fetch(`${this.dayUrl.replace("DEVICE", device.id)}?${new URLSearchParams({ date: dayOf(this.page.store.now()), tz: zone })}`, { credentials: "same-origin" }).catch(() => null);
    const day = answer?.ok ? await answer.json() : null;
    if (device === this.device && day) this.panel.trips(day.trips ?? []);
  }

  /** A fix of the open device came in. */
  news(device) {
    this.panel.draw();
    this.page.stage?.track.grow(device);
    if (this.followed === device) this.page.stage?.goTo(device, { lasts: Math.max(1, device.glide.lasts) });
  }

  /** Keep the camera on the open device, or let it go; either is said aloud. */
  follow(on) {
    const before = this.followed;
    this.followed = on ? this.device : null;
    this.panel.following(on && Boolean(this.device));
    if (on && this.device) this.page.stage?.goTo(this.device, { zoom: Math.max(this.page.stage.map.getZoom(), 13) });
    if (this.followed && this.followed !== before) this.says.textContent = `Following ${this.followed.label}. Dragging the map ends it.`;
    else if (before && !this.followed) this.says.textContent = `Not following ${before.label} any more.`;
  }

  zoom() {
    if (this.device) this.page.stage?.goTo(this.device, { zoom: Math.max(this.page.stage.map.getZoom() + 1, 15) });
  }
}
