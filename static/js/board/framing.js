// What the board opens on: which places its map frames, which hours its Gantt shows, how bars share a row. Pure.

const MINUTE_MS = 60_000;
const BEHIND_MS = 30 * MINUTE_MS; // what has just been done stays in sight
const LEAST_SHOWN_MS = 60 * MINUTE_MS;
const FAR_KM = 150; // of what nobody has, only this near to a hub or a route is of the day's area
const KM_PER_DEGREE = 111.2;
export const BAR_PX = 20; // two digits can be read, a finger or a mouse still hits
const LANES = 2;

/** [longitude, latitude] of what the map frames: every stop somebody has, and of the rest what is sure and near. */
export function framed({ hub, drivers, tray }) {
  const known = ({ longitude, latitude }) => Number.isFinite(longitude) && Number.isFinite(latitude);
  const planned = drivers.flatMap(({ stops }) => stops).filter(known);
  const anchors = [...planned, ...(known(hub) ? [hub] : [])];
  const waiting = tray.filter((stop) => known(stop) && !stop.doubtful);
  const near = waiting.filter((stop) => !anchors.length || anchors.some((anchor) => km(anchor, stop) <= FAR_KM));
  const places = [...planned, ...near];
  return (places.length ? places : anchors).map(({ longitude, latitude }) => [longitude, latitude]);
}

/** Kilometres between two places, near enough to say what is far. */
function km(a, b) {
  const across = Math.abs(a.longitude - b.longitude);
  const east = Math.min(across, 360 - across) * Math.cos(((a.latitude + b.latitude) / 2) * (Math.PI / 180));
  return Math.hypot(a.latitude - b.latitude, east) * KM_PER_DEGREE;
}

/**
 * [from, to] in epoch ms that a Gantt of `widthPx` opens on: half an hour ago to the last stop, or around the stops of
 * a day that is not now; less where stops follow so closely that their bars could not be told apart.
 */
export function openingOf({ range, drivers, now }, widthPx) {
  const stops = drivers.flatMap((driver) => driver.stops);
  if (!stops.length) return range;
  const last = Math.max(...stops.map(({ until }) => until));
  const today = now >= range[0] && now < last;
  const from = Math.max(range[0], (today ? now : Math.min(...stops.map(({ at }) => at))) - BEHIND_MS);
  const to = Math.max(last + (last - from) * 0.04, from + LEAST_SHOWN_MS);
  return [from, Math.min(to, from + Math.max(LEAST_SHOWN_MS, legible(drivers, widthPx)))];
}

/** How many ms `widthPx` may show so that four in five neighbours fit beside each other in two lanes. */
function legible(drivers, widthPx) {
  const gaps = drivers.flatMap(({ stops }) => {
    const open = stops.filter((stop) => stop.open);
    return open.slice(LANES).map((stop, n) => stop.at - open[n].at);
  });
  if (!gaps.length) return Infinity;
  const tight = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 5)];
  return (widthPx / BAR_PX) * Math.max(tight, 1);
}

/**
 * The lane of each stop of one row: null where its bar has the whole height, 0 or 1 where it shares it with others that
 * begin before its `BAR_PX` are over.
 */
export function lanesOf(stops, pxPerMs) {
  const least = BAR_PX / pxPerMs;
  const ends = Array(LANES).fill(-Infinity);
  const placed = stops.map((stop) => {
    const end = Math.max(stop.until, stop.at + least);
    const free = ends.findIndex((until) => until <= stop.at);
    const lane = free >= 0 ? free : ends.indexOf(Math.min(...ends));
    ends[lane] = end;
    return { lane, at: stop.at, end };
  });
  return placed.map((one, n) => {
    const meets = (other) => other && other.at < one.end && one.at < other.end;
    return [n - 2, n - 1, n + 1, n + 2].some((m) => meets(placed[m])) ? one.lane : null;
  });
}
