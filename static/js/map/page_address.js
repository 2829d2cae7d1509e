// Keeps the address in step with the page, so that a view can be passed on, and takes over one that was pasted in.

import { readHash, writeHash } from "./address.js";
import { Criteria } from "./criteria.js";

const SETTLED_MS = 500;

export class PageAddress {
  constructor(page) {
    this.page = page;
    window.addEventListener("hashchange", () => this.read());
  }

  /** Write it shortly: what changes many times a second needs that no more than twice. */
  soon() {
    this.planned ??= setTimeout(() => this.write(), SETTLED_MS);
  }

  write() {
    clearTimeout(this.planned);
    this.planned = null;
    const { page } = this;
    if (!page.stage) return;
    const { lng, lat } = page.stage.map.getCenter().wrap();
    const hash = writeHash({
      camera: page.fitted ? { zoom: page.stage.map.getZoom(), longitude: lng, latitude: lat } : null,
      device: page.selection.device?.id ?? page.wanted.device,
      filter: page.filter.criteria,
      zones: page.zones.visible,
      alerts: page.tabs.chosen === "tab-alerts",
      playback: page.playback.state ?? page.wanted.playback,
    });
    history.replaceState(null, "", hash || location.pathname);
  }

  read() {
    const { page } = this;
    const { camera, device, filter, zones, alerts, playback } = readHash(location.hash);
    if (camera) page.stage?.map.jumpTo({ center: [camera.longitude, camera.latitude], zoom: camera.zoom });
    if (!playback) page.playback.close();
    const wanted = page.store.devices.get(device);
    if (wanted && wanted !== page.selection.device) page.open(wanted, { still: true, quiet: true });
    if (playback) page.play(wanted ?? null, playback);
    page.filter.set(new Criteria(filter));
    page.zones.show(zones);
    const tab = alerts ? "tab-alerts" : "tab-devices";
    if (tab !== page.tabs.chosen) page.tabs.choose(tab);
    page.refilter();
  }
}
