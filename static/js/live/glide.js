// Where a marker is shown between two fixes. Pure; the marker shader computes the same on the GPU.

export const SHORTEST_MS = 200;
export const LONGEST_MS = 2000; // longer would be smoother, and a lie about where the device is now
const JUMP = 0.00025; // of the world's width, 10 km: a device that far away did not drive there

const MAX_LATITUDE = 85.051129;

/** Web Mercator, the whole world being 0..1 in both directions, y downwards. */
export function mercator(longitude, latitude) {
  const phi = (Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude)) * Math.PI) / 180;
  return [longitude / 360 + 0.5, 0.5 - Math.log(Math.tan(Math.PI / 4 + phi / 2)) / (2 * Math.PI)];
}

/** The inverse: [longitude, latitude] in degrees. */
export function unmercator(x, y) {
  const turns = x - Math.floor(x);
  return [turns * 360 - 180, (Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) * 360) / Math.PI - 90];
}

/** A marker that stands still at (x, y). */
export function still(x, y) {
  return { x, y, dx: 0, dy: 0, began: 0, lasts: 1 };
}

/** A glide from where `before` is shown at `now` to (x, y), the short way round the world. */
export function glideTo(before, x, y, now, lasts) {
  const [fromX, fromY] = shownAt(before, now);
  let dx = x - fromX;
  dx -= Math.round(dx);
  const dy = y - fromY;
  if (lasts <= 0 || Math.hypot(dx, dy) > JUMP) return still(x, y);
  return { x: fromX, y: fromY, dx, dy, began: now, lasts };
}

/** [x, y] shown at `now`. */
export function shownAt(glide, now) {
  const share = Math.max(0, Math.min(1, (now - glide.began) / glide.lasts));
  return [glide.x + glide.dx * share, glide.y + glide.dy * share];
}

/** When the marker will stand still, on the same clock as `now`. */
export function endOf(glide) {
  return glide.dx === 0 && glide.dy === 0 ? 0 : glide.began + glide.lasts;
}

/** How long to glide to a fix that arrived `sinceLastMs` after the one before. */
export function lastsFor(sinceLastMs) {
  return Math.max(SHORTEST_MS, Math.min(LONGEST_MS, sinceLastMs));
}
