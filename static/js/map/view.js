// The flat camera: from the world to pixels. The map never tilts, so this is exact, and far cheaper than asking it.

import { mercator } from "../live/glide.js";

/** What the screen shows now; lengths in CSS pixels. */
export function viewOf(map) {
  const { lng, lat } = map.getCenter();
  const [x, y] = mercator(lng, lat);
  const turn = (-map.getBearing() * Math.PI) / 180;
  const canvas = map.getCanvas();
  return {
    x,
    y,
    scale: 512 * 2 ** map.getZoom(),
    cos: Math.cos(turn),
    sin: Math.sin(turn),
    bearing: -turn,
    width: canvas.clientWidth,
    height: canvas.clientHeight,
  };
}

/** [left, top] in CSS pixels of a Mercator place, on the copy of the world nearest to the centre. */
export function toScreen(view, x, y) {
  let dx = x - view.x;
  dx = (dx - Math.round(dx)) * view.scale;
  const dy = (y - view.y) * view.scale;
  return [
    view.width / 2 + dx * view.cos - dy * view.sin,
    view.height / 2 + dx * view.sin + dy * view.cos,
  ];
}

/** A double as two floats whose sum keeps metres apart at any zoom. */
export function split(value) {
  const high = Math.fround(value);
  return [high, value - high];
}

/** The second of them alone. */
export function low(value) {
  return value - Math.fround(value);
}
