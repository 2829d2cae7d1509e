// Markers of another moment, drawn instead of the live ones while a day is played.

import { MarkerLayer } from "./markers.js";
import { NameSheet } from "./names.js";
import { viewOf } from "./view.js";

export class Ghosts {
  /** `ink(colours)` gives the colours of the names, as the stage has them for its own. */
  constructor(ink) {
    this.ink = ink;
    this.devices = [];
    this.names = new NameSheet(() => this.markers.base);
    this.markers = new MarkerLayer(this.names, "ghosts");
  }

  addTo(map, colours, before) {
    this.map = map;
    this.repaint(map, colours);
    if (!map.getLayer("ghosts")) map.addLayer(this.markers, before);
  }

  repaint(map, colours) {
    this.markers.paint(colours);
    this.names.paint(this.ink(colours));
  }

  /** The GPU forgot everything: hand it over anew. */
  relayer() {
    if (this.map.getLayer("ghosts")) this.map.removeLayer("ghosts");
    this.map.addLayer(this.markers);
  }

  /** Show exactly these: {id, label, since, status, glide, heading_deg, longitude, latitude, slot: -1}. */
  set(devices) {
    this.markers.clear();
    this.devices = devices;
    for (const device of devices) this.markers.put(device);
    this.arrange();
  }

  /** The one that is shown alone went on. */
  move(device) {
    if (this.devices.length === 1 && this.devices[0] === device) this.markers.put(device);
    else this.set([device]);
    this.names.refresh();
  }

  select(device) {
    for (const one of this.devices) one.selected = one === device;
    this.markers.selected = device;
    this.arrange();
  }

  arrange() {
    this.names.arrange(this.devices, viewOf(this.map), performance.now());
    this.map.triggerRepaint();
  }
}
