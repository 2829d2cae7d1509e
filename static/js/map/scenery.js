// What the live page draws beside its markers: zones, and while a day is played the markers of that time.

import { DayLayer } from "./day_layer.js";
import { Ghosts } from "./ghosts.js";
import { ZoneLayer } from "./zone_layer.js";

export class Scenery {
  /** `covered()` is how many pixels at the bottom of the map lie under the playback bar. */
  constructor(stage, { covered }) {
    this.stage = stage;
    this.covered = covered;
    this.zones = stage.add(new ZoneLayer(stage.map));
    this.day = stage.add(new DayLayer());
    this.ghosts = stage.add(new Ghosts((colours) => stage.ink(colours)));
    stage.map.on("moveend", () => this.ghosts.devices.length && this.ghosts.arrange());
  }

  /** Take the live markers out of sight: another time is shown. */
  veil(on) {
    this.veiled = on;
    this.stage.map.setLayoutProperty("markers", "visibility", on ? "none" : "visible");
  }

  /** The devices that a pointer can meet now. */
  get inSight() {
    return this.veiled ? this.ghosts.devices : this.stage.store.devices.values();
  }

  fit(devices) {
    this.stage.fit(devices, { animate: true, covered: this.covered() });
  }

  /** Follow a played device only when it is about to leave the picture. */
  keepInSight({ longitude, latitude }) {
    const { map, element } = this.stage;
    if (map.isMoving()) return;
    const { x, y } = map.project([longitude, latitude]);
    const [width, height] = [element.clientWidth, element.clientHeight - this.covered()];
    if (x > 40 && x < width - 40 && y > 40 && y < height - 20) return;
    map.easeTo({ center: [longitude, latitude], offset: [0, -this.covered() / 2], duration: this.stage.store.calm() ? 0 : 500 });
  }
}
