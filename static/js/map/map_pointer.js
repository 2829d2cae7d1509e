// What pointer and keys do on the map itself: open a marker or a zone, end the following of a device.

import { pick } from "./pick.js";

const ARROWS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

export function listenToMap(page) {
  const { map } = page.stage;
  const reach = matchMedia("(pointer: coarse)").matches ? 24 : 14;
  const meet = (point) => pick(map, page.scenery.inSight, point, reach);
  let pointer = null;
  let hover = null;
  map.on("click", ({ point }) => {
    const device = meet(point);
    if (device) return page.open(device);
    return page.playback.open ? undefined : page.zones.click(point);
  });
  map.on("mousemove", ({ point }) => {
    pointer = point;
    hover ??= requestAnimationFrame(() => {
      hover = null;
      map.getCanvas().style.cursor = meet(pointer) ? "pointer" : "";
    });
  });
  map.on("dragstart", () => page.selection.follow(false));
  map.getCanvas().addEventListener("keydown", ({ key }) => ARROWS.has(key) && page.selection.follow(false));
  map.on("moveend", () => page.address.write());
}
